"""``gitops-runbook demo``: its folder, its keys, and the whole of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from gitops_runbook.errors import OutputRefused
from gitops_runbook.gitops.age_recipient import check_recipient
from gitops_runbook.runbooks.demo_workspace import prepare_demo
from tests.cli.conftest import Cli


def test_the_workspace_names_a_recipient_for_each_environment_and_keeps_the_rest(tmp_path: Path) -> None:
    place = prepare_demo(tmp_path / "demo")
    environments = place.workspace.configuration.environments
    for name, environment in environments.items():
        assert environment.age_recipient is not None
        check_recipient(name, environment.age_recipient)
    assert len({environment.age_recipient for environment in environments.values()}) == len(environments) == 2
    assert place.key_file.read_text().count("AGE-SECRET-KEY-") == 2


def test_private_keys_are_private(tmp_path: Path) -> None:
    keys = prepare_demo(tmp_path / "demo").key_file.parent
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} == {0o600}


def test_a_second_demo_keeps_keys_and_what_was_changed(tmp_path: Path) -> None:
    first = prepare_demo(tmp_path / "demo")
    (first.workspace.root / "site.yml").write_text("# mine\n")
    keys = first.key_file.read_text()
    second = prepare_demo(tmp_path / "demo")
    assert second.key_file.read_text() == keys
    assert second.workspace.configuration == first.workspace.configuration
    assert (second.workspace.root / "site.yml").read_text() == "# mine\n"


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n")
    with pytest.raises(OutputRefused, match="is no demo"):
        prepare_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.long
@pytest.mark.usefixtures("kustomize", "helm", "sops")
def test_the_demo_runs_twice_and_gives_the_same_tree(cli: Cli, tmp_path: Path) -> None:
    trees = []
    for _ in range(2):
        result = cli(["demo"])
        assert result.returncode == 0, result.stderr
        root = tmp_path / "demo" / "mlops-platform" / "repository"
        trees.append({path.relative_to(root): path.read_bytes() for path in root.rglob("*.yaml")})
    assert f"Open first: {tmp_path / 'demo' / 'convert.html'}" in result.stdout
    assert trees[0] == trees[1]
    assert any(b"ENC[AES256_GCM" in text for text in trees[0].values())
    report = json.loads((root / ".gitops-runbook" / "report.json").read_text())
    assert (report["proof"]["exact"], report["proof"]["not_decrypted"]) == (True, 0)
