"""The table of contents of a folder of notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitops_runbook.errors import UnreadableInput, UsageError
from gitops_runbook.execution import list_notebooks


def write(folder: Path, name: str, *cells: tuple[str, str, list[str]]) -> None:
    content = [
        {"cell_type": kind, "source": text.splitlines(keepends=True), "metadata": {"tags": tags}}
        for kind, text, tags in cells
    ]
    (folder / name).write_text(json.dumps({"cells": content}))


def test_number_title_purpose_and_parameters_are_read(tmp_path: Path) -> None:
    write(tmp_path, "30-status.ipynb", ("markdown", "# Status\n\nWhat runs,\nand how.\n\nMore.", []),
          ("code", '# cluster\nenvironment: str = "staging"  # which = where\nwait = 3\n', ["parameters"]))  # fmt: skip
    write(tmp_path, "10-validate.ipynb", ("markdown", "# Validate", []), ("code", "x = 1", []))
    write(tmp_path, "scratch.ipynb", ("markdown", "# Mine", []))
    first, second = list_notebooks(tmp_path)
    assert (first.number, first.id, first.title, first.purpose, first.parameters) == (
        "10",
        "validate",
        "Validate",
        "",
        {},
    )
    assert (second.title, second.purpose) == ("Status", "What runs, and how.")
    assert second.parameters == {"environment": '"staging"', "wait": "3"}


def test_an_empty_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no notebooks"):
        list_notebooks(tmp_path)


def test_a_broken_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "10-a.ipynb").write_text("{}")
    with pytest.raises(UnreadableInput, match=r"10-a\.ipynb: is no notebook"):
        list_notebooks(tmp_path)
