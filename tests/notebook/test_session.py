"""``start``, ``step``, ``show``, ``finish``: as a script, and in a real kernel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from gitops_runbook.audit import read_run
from gitops_runbook.errors import ConfigurationError, ParameterError, RunStopped, UnreadableInput
from gitops_runbook.model.checks import RunStatus, Status
from gitops_runbook.notebook import start

CHECKOUT = Path(__file__).resolve().parents[2]
SET_UP = 'from gitops_runbook.notebook import start\nrun = start("convert", environment="staging")'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "gitops-runbook.yaml").write_text("platform: a\nenvironments:\n  staging: {}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- as a script ---


def test_a_script_gets_text_with_the_board_first_and_last(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = start("convert", environment="staging")
    with run.step("record") as step:
        step.check("playbook exists", status=True)
        step.show([{"object": "Deployment", "count": 3}], "Objects")
    run.finish()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "▶ running  convert"
    assert "Objects" in lines
    assert "✔ passed  record" in lines
    board = lines[lines.index("✔ succeeded  convert") :]
    assert board[1:] == ["  target: staging", "  steps: 1 passed", f"  record: {run.record.folder.path}"]
    assert run.record.folder.path.parent == folder / "runs"


def test_a_plain_script_is_not_made_to_load_ipython(folder: Path) -> None:
    code = SET_UP + "\nrun.finish()\nimport sys\nassert 'IPython' not in sys.modules, 'loaded'"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr.decode()


def test_a_failure_says_on_the_board_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    run = start("convert")
    with run.step("record"):
        raise UnreadableInput("site.yml:3", "a tab stands in the indentation", "indent with spaces")
    with run.step("look") as step:
        step.check("pinned", Status.WARNED, observed="no version", why="upgrades come unasked", remedy="set one")
    run.finish()
    board = capsys.readouterr().out.split("✖ failed  convert")[1]
    assert "target: no cluster, no environment" in board
    assert "record: site.yml:3: a tab stands in the indentation\n    Next: indent with spaces" in board
    assert board.index("Next: indent") < board.index("pinned: no version") < board.index("Next: set one")


def test_an_unknown_environment_is_a_parameter_error_and_leaves_no_record(folder: Path) -> None:
    with pytest.raises(ParameterError, match='write "staging"'):
        start("convert", environment="stging")
    assert not (folder / "runs").exists()


def test_a_wrong_configuration_is_an_error_and_not_the_sample(folder: Path) -> None:
    (folder / "gitops-runbook.yaml").write_text("plattform: a\n")
    with pytest.raises(ConfigurationError, match='write "platform"'):
        start("convert")


def test_without_a_workspace_the_sample_is_used_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = start("convert", environment="production")
    assert run.workspace.is_sample
    assert tmp_path in run.record.folder.path.parents
    assert "production (sample" in capsys.readouterr().out


def test_stopping_shows_the_last_board(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    run = start("convert")
    with pytest.raises(RunStopped):
        run.stop("nothing to do")
    assert run.status is RunStatus.STOPPED
    assert "– stopped  convert" in capsys.readouterr().out


def test_stopping_within_a_step_shows_the_last_board(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    run = start("convert")
    with pytest.raises(RunStopped), run.step("plan"):
        run.stop("nothing to do")
    assert "– stopped  convert" in capsys.readouterr().out


# --- in a kernel ---


def execute(folder: Path, *cells: str, allow_errors: bool = False) -> Any:  # noqa: ANN401 - nbformat has no types
    made: Any = nbformat.v4  # has no types
    notebook = made.new_notebook(cells=[made.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=60, allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    return client.execute(env=kernel_environment(folder))


def kernel_environment(folder: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(CHECKOUT), "PATH": str(Path(sys.executable).parent), "HOME": str(folder / "home"),
        "TMPDIR": str(folder),
    }  # fmt: skip


def displays(cell: Any) -> list[str]:  # noqa: ANN401
    return [output["data"]["text/plain"] for output in cell.outputs if output.output_type == "display_data"]


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_an_executed_notebook_begins_with_its_verdict(folder: Path) -> None:
    notebook = execute(
        folder,
        SET_UP,
        'with run.step("record") as step:\n'
        '    step.check("exists", True)\n'
        '    step.show({"<script>alert(1)</script>": 1}, "Objects")',
        'with run.step("prove") as step:\n    step.check("exact", False, observed="1 differs", why="w", remedy="look")',
        "run.finish()",
    )
    (board,) = displays(notebook.cells[0])
    assert board.startswith("✖ failed  convert")
    assert "steps: 1 failed, 1 passed" in board
    assert "Next: look" in board
    assert displays(notebook.cells[1])[-1] == "✔ passed  record"
    assert notebook.cells[3].outputs == []
    (record,) = (folder / "runs").iterdir()
    assert read_run(record).status is RunStatus.FAILED

    exporter: Any = HTMLExporter
    page, _ = exporter().from_notebook_node(notebook)
    assert page.index("failed</span> <strong>convert</strong>") < page.index("Objects")
    assert "<script>alert(1)" not in page


def test_an_error_in_a_step_stops_the_notebook_and_the_board_says_where(folder: Path) -> None:
    cells = (SET_UP, 'with run.step("record"):\n    1 / 0', 'with run.step("prove"):\n    pass')
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(folder, *cells)
    (record,) = (folder / "runs").iterdir()
    assert read_run(record).status is RunStatus.INCOMPLETE
    notebook = execute(folder, *cells, allow_errors=True)
    (board,) = displays(notebook.cells[0])
    assert board.startswith("▶ running  convert")
    assert "✖ error  record: ZeroDivisionError: division by zero" in board
    assert "never reaches finish() is incomplete" in board


def test_a_failure_of_ours_lets_the_notebook_reach_its_end(folder: Path) -> None:
    notebook = execute(
        folder,
        SET_UP,
        "from gitops_runbook.errors import UnreadableInput\n"
        'with run.step("record"):\n    raise UnreadableInput("a", "b", "c")\n    recording = 1',
        'with run.step("replay"):\n    recording',
        "run.finish()",
    )
    assert displays(notebook.cells[1]) == ["✖ failed  record\n  a: b\n  Next: c"]
    assert displays(notebook.cells[2])[0].startswith("■ blocked  replay")
    (record,) = (folder / "runs").iterdir()
    assert [step["status"] for step in read_run(record).result["steps"]] == ["failed", "blocked"]


def test_stopping_ends_run_all_without_a_traceback(folder: Path) -> None:
    notebook = execute(folder, SET_UP, 'run.stop("nothing to change")', allow_errors=True)
    assert [output.output_type for output in notebook.cells[1].outputs] == ["display_data"]
    assert "nothing to change" in displays(notebook.cells[1])[0]
    assert displays(notebook.cells[0])[0].startswith("– stopped  convert")
    with pytest.raises(CellExecutionError):
        execute(folder, SET_UP, 'run.stop("nothing to change")', "1")


def test_the_sample_runs_in_a_kernel_far_from_any_workspace(tmp_path: Path) -> None:
    notebook = execute(tmp_path, SET_UP, 'with run.step("look"):\n    pass', "run.finish()")
    (board,) = displays(notebook.cells[0])
    assert board.startswith("✔ succeeded  convert")
    assert "sample" in board
