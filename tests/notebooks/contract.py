"""The anatomy of a notebook (README, Architecture): what every notebook of ours keeps to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

MOST_CODE_CELLS = 12
MOST_LINES = 15
NAME = re.compile(r"\d\d-([a-z0-9-]+)\.ipynb")
CLIENT_LIBRARIES = {"subprocess", "kubernetes", "git", "httpx", "yaml", "requests", "papermill"}
_LINK = re.compile(r"\]\((?!https?://|#)([^)]+)\)")


def violations(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Say what is wrong with a notebook, one sentence each."""
    cells = notebook.cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    yield from _frame(notebook, path, code)
    if len(code) > MOST_CODE_CELLS:
        yield f"{len(code)} code cells"
    for before, cell in zip([None, *cells], cells, strict=False):
        if cell.cell_type == "code":
            yield from _code_cell(cell, is_step=cell not in code[:2], above=before)
        for link in _LINK.findall(cell.source) if cell.cell_type == "markdown" else ():
            if not (path.parent / link).exists():
                yield f"the link {link} leads nowhere"


def _frame(notebook: NotebookNode, path: Path, code: list[NotebookNode]) -> Iterator[str]:
    name = NAME.fullmatch(path.name)
    if not name:
        yield "it is not named NN-name.ipynb"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernelspec is not python3"
    if not notebook.cells[0].source.startswith("# ") or notebook.cells[0].cell_type != "markdown":
        yield "it does not begin with a title"
    elif missing := [
        word for word in ("Open it when", "Needs", "Changes", "Takes", "Undo") if word not in notebook.cells[0].source
    ]:
        yield f"its first cell does not say: {', '.join(missing)}"
    if code[0].metadata.get("tags") != ["parameters"]:
        yield "its first code cell is not tagged parameters"
    if name and f'start("{name.group(1)}"' not in code[1].source:
        yield "its second code cell does not start the run"
    if not code[-1].source.rstrip().endswith("run.finish()"):
        yield "it does not end with run.finish()"
    ids = [cell.id for cell in notebook.cells]
    if len(ids) != len(set(ids)):
        yield "cell ids are not unique"


def _code_cell(cell: NotebookNode, *, is_step: bool, above: NotebookNode | None) -> Iterator[str]:
    where = f"cell {cell.id}"
    if cell.outputs or cell.execution_count is not None:
        yield f"{where} has stored outputs"
    if len(cell.source.splitlines()) > MOST_LINES:
        yield f"{where} has more than {MOST_LINES} lines"
    if re.search(r"^\s*[!%]", cell.source, re.MULTILINE):
        yield f"{where} uses a shell command or magic"
        return
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield f"{where} defines {node.name}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (f"{where} imports {name}" for name in names if name.split(".")[0] in CLIENT_LIBRARIES)
    if is_step and f'run.step("{cell.id}")' not in cell.source:
        yield f"{where} is not the step of that name"
    if is_step and (above is None or not re.match(r"## .+\n\n.+", above.source)):
        yield f"{where} has no heading and sentence above it"
