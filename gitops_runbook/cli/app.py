"""The commands together. What a command needs beyond typer it imports when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import gitops_runbook
from gitops_runbook.cli.convert import convert
from gitops_runbook.cli.demo import demo
from gitops_runbook.cli.doctor import doctor
from gitops_runbook.cli.init import init
from gitops_runbook.cli.list import list_notebooks

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich is slow to import, and what it draws is hard to read in a log
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's signature
    if asked:
        sys.stdout.write(f"gitops-runbook {gitops_runbook.__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Move a platform from Ansible push to Flux pull, with proof."""


app.command("convert")(convert)
app.command("init")(init)
app.command("demo")(demo)
app.command("list")(list_notebooks)
app.command("doctor")(doctor)
