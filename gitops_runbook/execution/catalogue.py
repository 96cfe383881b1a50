"""The notebooks of a folder, as a table of contents: number, name, title, what each is for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_runbook.errors import UnreadableInput, UsageError

_NAME = re.compile(r"(\d\d)-([a-z0-9-]+)\.ipynb")


@dataclass(frozen=True)
class NotebookEntry:
    """One runbook.

    Attributes:
        number: two digits, fixed for ever.
        id: the name without number, e.g. ``convert``.
        title: its first heading.
        purpose: the first paragraph below it, as one line.
        parameters: name → default, as Python writes it.
    """

    number: str
    id: str
    path: Path
    title: str
    purpose: str
    parameters: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """The entry for machines."""
        return {**vars(self), "path": str(self.path), "parameters": dict(self.parameters)}


def list_notebooks(folder: Path) -> list[NotebookEntry]:
    """Read the notebooks of a folder, by number; files that are named otherwise are no runbooks.

    Raises:
        UsageError: the folder has none.
        UnreadableInput: one is no notebook.
    """
    matches = [(path, _NAME.fullmatch(path.name)) for path in sorted(folder.glob("*.ipynb"))]
    found = [_entry(path, match.group(1), match.group(2)) for path, match in matches if match]
    if not found:
        raise UsageError(str(folder), "holds no notebooks", "name the folder they are in, e.g. notebooks")
    return found


def _entry(path: Path, number: str, name: str) -> NotebookEntry:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"]), cell["metadata"]) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableInput(
            str(path), "is no notebook", "take it from the package: gitops-runbook init DIR"
        ) from error
    prose = next((text for kind, text, _ in texts if kind == "markdown"), "")
    title, _, rest = prose.strip().partition("\n")
    given = next((text for _, text, metadata in texts if "parameters" in metadata.get("tags", ())), "")
    pairs = (line.partition("#")[0].partition("=") for line in given.splitlines() if "=" in line.partition("#")[0])
    parameters = {left.partition(":")[0].strip(): right.strip() for left, _, right in pairs}
    return NotebookEntry(
        number, name, path, title.lstrip("# "), " ".join(rest.strip().partition("\n\n")[0].split()), parameters
    )
