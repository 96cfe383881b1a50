"""The notebook 21-convert, executed headless on a tiny workspace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from gitops_runbook.audit import RunRecord, read_run
from gitops_runbook.execution import run_notebook, write_html
from gitops_runbook.model.checks import RunStatus

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOK = CHECKOUT / "notebooks" / "21-convert.ipynb"
PROJECT = CHECKOUT / "tests" / "data" / "single-inventory"
CONFIGURATION = """
platform: tiny
ansible: {project: project, playbook: site.yml, vault_password: "file:project/vault-password.example"}
environments:
  staging: {limit: staging, inventory: [hosts.ini]}
  production: {limit: production, inventory: [hosts.ini]}
"""

pytestmark = pytest.mark.usefixtures("kustomize", "helm")


def workspace_folder(root: Path) -> Path:
    """A workspace with a tiny project in it."""
    shutil.copytree(PROJECT, root / "project")
    (root / "gitops-runbook.yaml").write_text(CONFIGURATION, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook, executed once; the workspace is the folder it lies in."""
    root = workspace_folder(tmp_path_factory.mktemp("ws"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(CHECKOUT))
        return run_notebook(NOTEBOOK, {"sort_findings_by": "code", "with_secrets": False}, root / "out.ipynb", root)


def record(executed: Path) -> RunRecord:
    [folder] = (executed.parent / "runs").iterdir()
    return read_run(folder)


def outputs(executed: Path) -> list[tuple[str, dict[str, Any]]]:
    """Cell id and MIME bundle of everything shown."""
    notebook: NotebookNode = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    return [(cell.id, output.get("data", output)) for cell in notebook.cells for output in cell.get("outputs", ())]


def test_every_step_is_recorded_and_the_run_ends(executed: Path) -> None:
    steps = {step["name"]: step["status"] for step in record(executed).result["steps"]}
    assert list(steps) == [
        "precondition", "convert", "findings", "objects", "differences", "tree", "proof", "forecast", "next",
    ]  # fmt: skip
    assert steps["proof"] == "passed"
    assert steps["forecast"] == "warned", "a Secret is withheld"
    assert record(executed).status is RunStatus.WARNED


def test_the_tree_is_in_the_repository_of_the_workspace(executed: Path) -> None:
    report = json.loads((executed.parent / "repository" / ".gitops-runbook" / "report.json").read_text())
    assert report["proof"]["exact"] is True
    assert (executed.parent / "repository" / "clusters" / "production" / "applications.yaml").is_file()


def test_every_output_says_the_same_as_text_and_as_html_and_nothing_went_to_stderr(executed: Path) -> None:
    found = outputs(executed)
    assert len(found) > 10
    for cell, data in found:
        assert "text/plain" in data, (cell, data)
        assert "text/html" in data, cell


def test_the_findings_are_sorted_as_asked(executed: Path) -> None:
    text = next(data["text/plain"] for cell, data in outputs(executed) if cell == "findings")
    codes = [line.split("  ")[1].strip() for line in text.splitlines()[3:]]
    assert codes == sorted(codes)
    assert len(set(codes)) > 1


def test_the_picture_has_a_text_that_counts(executed: Path) -> None:
    data = next(data for cell, data in outputs(executed) if cell == "differences" and "<img" in data["text/html"])
    assert "Objects of production, staging by workload: " in data["text/plain"]
    assert "only in some" in data["text/plain"]


def test_the_html_page_needs_nothing_from_elsewhere(executed: Path, tmp_path: Path) -> None:
    page = write_html(executed, tmp_path / "out.html").read_text(encoding="utf-8")
    assert "warned" in page
    assert "What became of the tasks" in page
    for attribute in ('src="http', "src='http", '<link rel="stylesheet" href="http', 'src=""'):
        assert attribute not in page
