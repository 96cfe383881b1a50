"""The notebooks under the runners people have besides ours: papermill's own command, and nbval."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from .test_convert import NOTEBOOK, workspace_folder

SECONDS = 300


pytestmark = pytest.mark.usefixtures("kubectl", "helm_path", "sops_path")


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """The notebook in a small workspace."""
    folder = workspace_folder(tmp_path / "workspace")
    return Path(shutil.copy(NOTEBOOK, folder))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def read(notebook: Path) -> NotebookNode:
    found: NotebookNode = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    return found


def test_bare_papermill_reaches_the_last_cell(notebook: Path) -> None:
    done = run(notebook.parent, "papermill", notebook.name, "out.ipynb", "-p", "sort_findings_by", "code")
    assert done.returncode == 0, done.stderr
    cells = [cell for cell in read(notebook.parent / "out.ipynb").cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert any("proof" in str(cell.outputs) for cell in cells)


def test_nbval_finds_no_failing_cell(notebook: Path) -> None:
    done = run(notebook.parent, "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", notebook.name)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    broken = read(notebook)
    del broken.cells[:]
    cell = nbformat.v4.new_code_cell("raise SystemError")  # type: ignore[no-untyped-call]
    broken.cells.append(cell)  # the control: it does see a failing cell
    nbformat.write(broken, notebook)  # type: ignore[no-untyped-call]
    assert run(notebook.parent, "pytest", "--nbval-lax", "--nbval-current-env", notebook.name).returncode == 1
