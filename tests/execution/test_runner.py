"""Headless runs: parameters reach the notebook, a failure says where to look."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.execution import run_notebook, write_html


def notebook(folder: Path, *sources: str) -> Path:
    cells = [new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    cells[0].metadata["tags"] = ["parameters"]
    content = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})  # type: ignore[no-untyped-call]
    nbformat.write(content, folder / "tiny.ipynb")  # type: ignore[no-untyped-call]
    return folder / "tiny.ipynb"


def test_parameters_and_folder_reach_the_notebook(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    source = notebook(tmp_path, 'name = "none"', "import pathlib; print(name, pathlib.Path.cwd().name)")
    out = run_notebook(source, {"name": "1.10"}, tmp_path / "deep" / "out.ipynb", tmp_path / "elsewhere")
    assert "1.10 elsewhere" in out.read_text()
    assert '"outputs": []' in source.read_text(), "the source stays as it is"


def test_a_cell_that_fails_is_an_error_that_names_the_executed_notebook(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "a / 0", "print('after')")
    with pytest.raises(CommandFailed, match="ZeroDivisionError") as caught:
        run_notebook(source, {}, tmp_path / "out.ipynb")
    assert str(tmp_path / "out.ipynb") in caught.value.remedy
    assert "after\\n" not in (tmp_path / "out.ipynb").read_text().replace("print('after')", "")


def test_a_dead_kernel_is_an_error(tmp_path: Path) -> None:
    source = notebook(tmp_path, "import os", "os._exit(3)")
    with pytest.raises(CommandFailed, match="died"):
        run_notebook(source, {}, tmp_path / "out.ipynb")


def test_what_is_no_notebook_cannot_become_html(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("no json")
    with pytest.raises(UnreadableInput, match="is no notebook"):
        write_html(tmp_path / "a.ipynb", tmp_path / "a.html")
