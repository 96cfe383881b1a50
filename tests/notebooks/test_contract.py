"""Every notebook keeps to the anatomy, and each rule can be broken."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebooks.contract import violations

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
GOOD = FOLDER / "21-convert.ipynb"


def read(path: Path) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def code(notebook: NotebookNode, number: int) -> NotebookNode:
    cells: list[NotebookNode] = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return cells[number]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_to_the_anatomy(path: Path) -> None:
    assert list(violations(read(path), path)) == []


def test_there_are_notebooks() -> None:
    assert GOOD in NOTEBOOKS


def change(number: int, **values: object) -> Callable[[NotebookNode], None]:
    return lambda notebook: dict.update(code(notebook, number), values)


def add(number: int, text: str) -> Callable[[NotebookNode], None]:
    def apply(notebook: NotebookNode) -> None:
        code(notebook, number).source += text

    return apply


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda notebook: notebook.metadata.pop("kernelspec"), "its kernelspec is not python3"),
        (lambda notebook: notebook.cells.pop(0), "it does not begin with a title"),
        (lambda notebook: notebook.cells[0].update(source="# Title"),
         "its first cell does not say: Open it when, Needs, Changes, Takes, Undo"),
        (change(0, metadata={}), "its first code cell is not tagged parameters"),
        (change(1, source="x = 1"), "its second code cell does not start the run"),
        (lambda notebook: notebook.cells.pop(), "it does not end with run.finish()"),
        (change(2, id="parameters"), "cell ids are not unique"),
        (change(2, execution_count=1), "cell precondition has stored outputs"),
        (add(2, "\n" * 20 + "x = 1"), "cell precondition has more than 15 lines"),
        (add(2, "\n!ls"), "cell precondition uses a shell command or magic"),
        (add(2, "\ndef f():\n    pass"), "cell precondition defines f"),
        (add(2, "\nfrom kubernetes import client"), "cell precondition imports kubernetes"),
        (change(2, id="other"), "cell other is not the step of that name"),
        (lambda notebook: notebook.cells.pop(5), "cell convert has no heading and sentence above it"),
        (lambda notebook: notebook.cells[5].update(source="## a\n\n[b](nowhere.ipynb)"),
         "the link nowhere.ipynb leads nowhere"),
        (lambda notebook: notebook.cells.extend([copy.deepcopy(code(notebook, 2)) for _ in range(5)]), "16 code cells"),
    ],
)  # fmt: skip
def test_the_check_sees_a_violation(damage: Callable[[NotebookNode], None], complaint: str) -> None:
    notebook = read(GOOD)
    damage(notebook)
    assert complaint in list(violations(notebook, GOOD))


def test_the_check_sees_a_wrong_name() -> None:
    assert "it is not named NN-name.ipynb" in list(violations(read(GOOD), FOLDER / "convert.ipynb"))
