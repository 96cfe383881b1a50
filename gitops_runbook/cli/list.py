"""``gitops-runbook list``: the notebooks of the workspace, or those of the package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gitops_runbook.cli.ending import ends_in_order


@ends_in_order
def list_notebooks(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002
) -> None:
    """List the notebooks: what each is for, its parameters."""
    from gitops_runbook.execution.catalogue import list_notebooks as read_catalogue  # noqa: PLC0415
    from gitops_runbook.workspace import locate_workspace, packaged_folder  # noqa: PLC0415

    root = locate_workspace(Path.cwd())
    own = root / "notebooks" if root else None
    entries = read_catalogue(own if own and own.is_dir() else packaged_folder("notebooks"))
    if as_json:
        sys.stdout.write(json.dumps([entry.as_json() for entry in entries], indent=2, ensure_ascii=False) + "\n")
        return
    width = max(len(entry.id) for entry in entries)
    for entry in entries:
        sys.stdout.write(f"{entry.number} {entry.id:{width}}  {entry.title}\n")
        sys.stdout.write(f"   {'':{width}}  {entry.purpose}\n" if entry.purpose else "")
        given = ", ".join(f"{name}={default}" for name, default in entry.parameters.items())
        sys.stdout.write(f"   {'':{width}}  parameters: {given}\n" if given else "")
    sys.stdout.write(f"\nNext: jupyter lab {entries[0].path.parent}\n")
