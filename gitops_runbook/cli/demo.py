"""``gitops-runbook demo``: the story on the sample platform, from the Ansible project to the notebook."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_runbook.cli.ending import ends_in_order, interruption

if TYPE_CHECKING:
    from gitops_runbook.runbooks.demo_workspace import DemoWorkspace

_KEY_VARIABLE = "SOPS_AGE_KEY_FILE"


@ends_in_order
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where everything goes.")] = Path("demo"),
) -> int:
    """Show the whole story on the sample platform.

    Converts it twice, without and with its vault password, the second time in the notebook, which is executed and
    written as HTML.
    """
    from gitops_runbook.execution import run_notebook, write_html  # noqa: PLC0415
    from gitops_runbook.runbooks.demo_workspace import prepare_demo  # noqa: PLC0415
    from gitops_runbook.workspace import packaged_folder  # noqa: PLC0415

    started = time.monotonic()
    place = prepare_demo(folder)
    _say(f"1 of 2: what anybody can convert, without the vault password → {place.without_password}")
    exact = _convert_without_password(place)
    _say(f"\n2 of 2: the notebook 21-convert, with vault password and age keys → {place.workspace.repository_folder}")
    _say("   it runs headless, as in CI; about as long as the first part")
    with _environment(_KEY_VARIABLE, str(place.key_file)):
        notebook = packaged_folder("notebooks") / "21-convert.ipynb"
        executed = run_notebook(notebook, {}, place.workspace.root / notebook.name, place.workspace.root)
    page = write_html(executed, place.folder / "convert.html")
    _print_where(place, page, time.monotonic() - started)
    return 0 if exact and _notebook_exact(place) else 3


def _convert_without_password(place: DemoWorkspace) -> bool:
    from dataclasses import replace  # noqa: PLC0415

    from gitops_runbook.cli.convert_progress import conversion_progress  # noqa: PLC0415
    from gitops_runbook.cli.convert_summary import print_summary  # noqa: PLC0415
    from gitops_runbook.runbooks.convert import convert  # noqa: PLC0415
    from gitops_runbook.runbooks.convert_workspace import options_from_workspace  # noqa: PLC0415

    options = options_from_workspace(place.workspace)
    nobody = {name: replace(item, recipients=()) for name, item in options.environments.items()}
    with interruption() as wish, conversion_progress(wish.check) as progress:
        conversion = convert(replace(options, out=place.without_password, environments=nobody), progress)
    _say("")
    print_summary(conversion)
    return conversion.proof.exact


def _notebook_exact(place: DemoWorkspace) -> bool:
    import json  # noqa: PLC0415

    report = place.workspace.repository_folder / ".gitops-runbook" / "report.json"
    return bool(json.loads(report.read_text(encoding="utf-8"))["proof"]["exact"])


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable for what is started in the block; papermill's kernel inherits ours."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def _print_where(place: DemoWorkspace, page: Path, seconds: float) -> None:
    _say(f"\nDone in {seconds:.0f} s. Everything is in {place.folder}; its README.md says what is what.")
    _say(f"Open first: {page}")
    _say(f"Then compare {place.workspace.root} (Ansible) with {place.workspace.repository_folder} (Flux).")
    _say(f"The Secrets in it open with {_KEY_VARIABLE}={place.key_file} (throw-away keys, made for this demo).")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
