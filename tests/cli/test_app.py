"""The command line as a whole: quick help, version, list, doctor, init."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gitops_runbook
from gitops_runbook.cli.app import app
from gitops_runbook.cli.ending import Interrupted, Interruption
from tests.cli.conftest import CHECKOUT, Cli
from tests.test_architecture import HOMES

HEAVY = sorted({*HOMES, "pydantic", "matplotlib", "pyrage", "jupyterlab"} - {"typer"})


@pytest.mark.parametrize("arguments", [["--help"], ["convert", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    heavy = (
        HEAVY if arguments[0] != "convert" else [name for name in HEAVY if name != "pydantic"]
    )  # newer typer loads it
    probe = (
        "import sys\nfrom gitops_runbook.cli import main\n"
        f"sys.argv = ['gitops-runbook', *{arguments}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        f"print('LOADED', [name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.check_output([sys.executable, "-c", probe], cwd=CHECKOUT, text=True)
    assert said.splitlines()[-1] == "LOADED []"


def test_help_names_every_option_of_the_contract() -> None:
    said = CliRunner().invoke(app, ["convert", "--help"]).stdout
    for option in (
        "--playbook", "--inventory", "--environment", "--out", "--path-prefix", "-e", "--tags", "--skip-tags",
        "--flux-version", "--vault-password-file", "--age-recipient", "--allow-project-code", "--ansible-playbook",
        "--report", "--json",
    ):  # fmt: skip
        assert option in said


@pytest.mark.parametrize(
    ("arguments", "words"), [(["convrt"], "convert"), (["convert", "p", "--enviroment", "a=b"], "--environment")]
)
def test_a_mistyped_command_or_option_ends_with_2_and_names_the_near_one(
    cli: Cli, arguments: list[str], words: str
) -> None:
    result = cli(arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_the_version_is_the_package_s(cli: Cli) -> None:
    assert cli(["--version"]).stdout == f"gitops-runbook {gitops_runbook.__version__}\n"


def test_list_shows_the_packaged_notebooks_where_there_is_no_workspace(cli: Cli) -> None:
    entries = json.loads(cli(["list", "--json"]).stdout)
    convert = next(entry for entry in entries if entry["id"] == "convert")
    assert convert["number"] == "21"
    assert list(convert["parameters"]) == ["out", "with_secrets", "sort_findings_by"]
    assert "21 convert" in cli(["list"]).stdout


def test_doctor_names_what_is_missing_and_ends_with_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gitops-runbook.yaml").write_text("platform: a\nenvirnments: {}\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 3
    assert checks["workspace"]["status"] == "failed"
    assert 'write "environments"' in checks["workspace"]["remedy"]
    assert checks["python"]["status"] == "passed"


def test_init_writes_a_workspace_and_says_what_it_guessed(cli: Cli, project: Path, tmp_path: Path) -> None:
    result = cli(["init", tmp_path / "ws", "--from-ansible", project])
    assert result.returncode == 0, result.stderr
    assert "Guessed" in result.stdout
    assert f"Next: read {tmp_path / 'ws' / 'gitops-runbook.yaml'}" in result.stdout
    assert (tmp_path / "ws" / "notebooks" / "21-convert.ipynb").is_file()
    again = cli(["init", tmp_path / "ws", "--from-ansible", project])
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_a_second_signal_does_not_disturb_ending_in_order() -> None:
    wish = Interruption()
    wish.check()
    with pytest.raises(Interrupted):
        wish.ask(2, None)
    wish.ask(15, None)
    with pytest.raises(Interrupted) as caught:
        wish.check()
    assert caught.value.exit_code == 130
