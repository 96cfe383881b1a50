"""``gitops-runbook init``: a workspace, its configuration filled from the Ansible project with every guess marked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gitops_runbook.cli.ending import ends_in_order


@ends_in_order
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the workspace goes; made when it does not exist.")
    ],
    from_ansible: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Folder of the Ansible project; default: DIR itself.")
    ] = None,
) -> None:
    """Make a workspace from an Ansible project.

    Writes gitops-runbook.yaml, with every guess marked, and the notebooks; nothing is overwritten.
    """
    from gitops_runbook.runbooks.init import initialize  # noqa: PLC0415

    result = initialize(folder, from_ansible)
    configuration, *notebooks = result.written
    lines = [f"Wrote {configuration} and {len(notebooks)} notebook{'s' if len(notebooks) != 1 else ''}."]
    if result.guesses:
        lines += ["", "Guessed; look at each in the file:", *(f"  {guess}" for guess in result.guesses)]
    first = next((path for path in notebooks if path.name == "21-convert.ipynb"), None)
    lines += ["", f"Next: read {configuration}, then open a notebook: jupyter lab {first or configuration.parent}"]
    sys.stdout.write("\n".join(lines) + "\n")
