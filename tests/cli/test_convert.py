"""``gitops-runbook convert``: exit codes, what is printed where, and ending in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gitops_runbook.cli.app import app
from gitops_runbook.errors import RecordingFailed
from gitops_runbook.gitops.proof_difference import ProofDifference
from gitops_runbook.runbooks.conversion import Conversion
from tests.cli.conftest import CHECKOUT, Cli, command

DIFFERENCE = ProofDifference("staging", "ConfigMap/a/b", "/data/x", "1", "2")


def invoke(monkeypatch: pytest.MonkeyPatch, outcome: Conversion | Exception, *more: str) -> Result:
    """Call ``convert`` with the conversion itself replaced by its outcome."""

    def converted(*_: object) -> Conversion:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr("gitops_runbook.runbooks.convert.convert", converted)
    base = ["convert", "project", "--playbook", "site.yml", "--out", "out", "--environment", "staging=all"]
    return CliRunner().invoke(app, [*base, *more])


def test_an_exact_conversion_ends_with_0_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, conversion: Conversion
) -> None:
    result = invoke(monkeypatch, conversion)
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "production staging" in lines
    assert "tasks for Kubernetes 4 4" in lines
    assert "withheld (Secrets) 1 1" in lines
    assert any(line.startswith("✔ exact 7 objects and 0 Helm releases") for line in lines)
    assert any("secret-withheld ×2" in line for line in lines)
    assert any(line.startswith("Next: ") and "--vault-password-file" in line for line in lines)
    assert f"Tree: {conversion.options.out}" in lines
    assert f"Report: {conversion.report}" in lines


def test_a_conversion_that_is_not_exact_ends_with_3_and_shows_the_difference(
    monkeypatch: pytest.MonkeyPatch, conversion: Conversion
) -> None:
    inexact = replace(conversion, proof=replace(conversion.proof, differences=(DIFFERENCE,)))
    result = invoke(monkeypatch, inexact)
    assert result.exit_code == 3
    assert "✖ not exact" in result.stdout
    assert "staging: ConfigMap/a/b /data/x" in result.stdout


def test_json_prints_the_report_and_nothing_else(monkeypatch: pytest.MonkeyPatch, conversion: Conversion) -> None:
    result = invoke(monkeypatch, conversion, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads(conversion.report.read_text())


def test_an_error_of_ours_says_what_happened_and_what_next_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke(monkeypatch, RecordingFailed("site.yml", "ansible\x1b[31m was killed", "convert again"))
    assert result.exit_code == 3
    assert result.stderr == "site.yml\n  ansible\\x1b[31m was killed\nNext: convert again\n"
    assert result.stdout == ""


def test_a_defect_ends_with_1_and_a_traceback_and_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke(monkeypatch, ZeroDivisionError("oops"))
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "this is a defect of gitops-runbook" in result.stderr
    assert "Next: report it" in result.stderr


@pytest.mark.usefixtures("kustomize")
def test_a_real_project_is_converted_and_progress_stays_off_standard_output(
    cli: Cli, project: Path, tmp_path: Path
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    result = cli([
        "convert", project, "--playbook", "site.yml", "--inventory", "hosts.ini", "--environment", "staging=staging",
        "--out", out, "--report", report, "-e", "staging:notebook_tag=7", "--path-prefix", "gitops", "--json",
    ])  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == json.loads(report.read_text())
    assert json.loads(result.stdout)["proof"]["exact"] is True
    assert "record: recording the playbook" in result.stderr
    assert "staging: pass first, 3 tasks" in result.stderr
    assert (out / "gitops" / "clusters" / "staging" / "applications.yaml").is_file()
    assert not (out / ".gitops-runbook" / "report.json").exists()


@pytest.mark.usefixtures("kustomize")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_what_was_started_and_writes_nothing(
    project: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    base = [
        "convert",
        str(project),
        "--playbook",
        "site.yml",
        "--environment",
        "staging=staging@hosts.ini",
        "--out=out",
    ]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command(base), cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "pass first" in line:  # the other passes are on their way
                process.send_signal(number)
                break
        rest = process.stderr.read()
    assert process.returncode == code, rest
    assert "interrupted; what was started has ended" in rest
    assert "Traceback" not in rest
    assert not any(path.is_file() for path in (tmp_path / "out").rglob("*"))
    assert recorders_of(project) == []


def recorders_of(project: Path) -> list[str]:
    """Running recorders that work on a project."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "cmdline").read_bytes().decode(errors="replace")
            if (
                "record.py" in text
                and (path / "cwd").resolve() == project.resolve()
                and "(zombie)" not in (path / "status").read_text()
            ):
                found.append(text)
        except OSError:
            continue
    return found
