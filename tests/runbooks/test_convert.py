"""The conversion as a whole, on a small project with two environments: real ansible, kustomize, helm, sops and git."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyrage  # type: ignore[import-untyped] # it ships no types
import pytest

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.errors import ConfigurationError, OutputRefused, ProjectCodeNotAllowed, UsageError
from gitops_runbook.model.placeholders import holds_placeholder
from gitops_runbook.runbooks.conversion import Conversion, ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import Programs, convert

DATA = Path(__file__).parents[1] / "data" / "single-inventory"
ANSIBLE = str(Path(sys.executable).parent / "ansible-playbook")


@pytest.fixture
def programs(kubectl: Path, helm_path: Path, sops_path: Path) -> Programs:
    return Programs(kubectl, helm_path, sops_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "project"))


@pytest.fixture
def options(project: Path, tmp_path: Path) -> ConversionOptions:
    environments = {name: EnvironmentOptions(name, ("hosts.ini",)) for name in ("staging", "production")}
    return ConversionOptions(project, "site.yml", environments, tmp_path / "out", ansible_playbook=ANSIBLE)


@pytest.fixture
def with_secrets(options: ConversionOptions, project: Path, tmp_path: Path) -> ConversionOptions:
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "age.agekey").write_text(f"{key}\n")
    recipients = (str(key.to_public()),)
    environments = {name: replace(item, recipients=recipients) for name, item in options.environments.items()}
    return replace(options, environments=environments, vault_password_file=project / "vault-password.example")


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and path.name not in ("report.json", "sops.json")
    }


def codes(conversion: Conversion) -> set[str]:
    return {finding.kind.code for finding in conversion.findings}


def commit(folder: Path) -> None:
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "state")):
        subprocess.run([shutil.which("git") or "git", "-C", str(folder), *arguments], check=True)


def test_without_a_password_the_secret_is_withheld_and_everything_else_is_exact(
    options: ConversionOptions, programs: Programs
) -> None:
    conversion = convert(options, programs=programs)
    assert conversion.proof.exact
    production, staging = conversion.environments["production"], conversion.environments["staging"]
    assert (production.tasks, production.recorded, production.skipped_by_when) == (4, 4, 0)
    assert (staging.tasks, staging.recorded, staging.skipped_by_when) == (4, 3, 1)
    assert (production.withheld, staging.withheld) == (1, 1)
    assert {"secret-withheld"} == {finding.kind.code for finding in conversion.open_findings}
    assert not conversion.is_ready
    texts = tree(options.out)
    assert not any(holds_placeholder(text) for path, text in texts.items())
    assert not any("kind: Secret" in text for text in texts.values())
    assert "notebook-token" in texts["apps/base/notebook.yaml"] or any(
        "notebook-token" in text for text in texts.values()
    )


def test_the_tree_has_the_layout_of_the_contract_and_current_api_versions(
    options: ConversionOptions, programs: Programs
) -> None:
    convert(options, programs=programs)
    texts = tree(options.out)
    folders = {path.rpartition("/")[0] for path in texts}
    assert {"apps/base", "apps/staging", "apps/production", "clusters/staging", "clusters/production"} <= folders
    assert {f"infrastructure/{layer}/controllers" for layer in ("base", "staging", "production")} <= folders
    documents = load_all(texts["clusters/staging/applications.yaml"])
    assert [item["metadata"]["name"] for item in documents] == ["applications"]
    assert documents[0]["apiVersion"] == "kustomize.toolkit.fluxcd.io/v1"
    assert documents[0]["spec"]["path"] == "./apps/staging"
    assert documents[0]["spec"]["dependsOn"] == [{"name": "infrastructure-controllers"}]
    assert "suspend" not in documents[0]["spec"]
    assert "postBuild" not in documents[0]["spec"]


def test_the_same_input_gives_a_byte_identical_tree(
    options: ConversionOptions, programs: Programs, tmp_path: Path
) -> None:
    convert(options, programs=programs)
    convert(replace(options, out=tmp_path / "again"), programs=programs)
    assert tree(options.out) == tree(tmp_path / "again")


def test_below_a_prefix_every_path_of_flux_exists(options: ConversionOptions, programs: Programs) -> None:
    conversion = convert(replace(options, path_prefix="gitops"), programs=programs)
    assert conversion.proof.exact
    for file in (options.out / "gitops" / "clusters").rglob("*.yaml"):
        for document in load_all(file.read_text()):
            assert (options.out / document["spec"]["path"] / "kustomization.yaml").is_file()


def test_with_password_and_recipient_secrets_are_sealed_per_environment_and_come_back_exactly(
    with_secrets: ConversionOptions, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(tmp_path / "age.agekey"))
    conversion = convert(with_secrets, programs=programs)
    assert conversion.proof.exact
    assert conversion.proof.not_decrypted == 0
    assert conversion.is_ready
    sealed = [path for path in tree(with_secrets.out) if "/secrets/" in path]
    assert len(sealed) == 2
    assert not any(path.split("/")[1] == "base" for path in sealed)


def test_sealed_files_stay_byte_for_byte_until_their_content_changes(
    with_secrets: ConversionOptions, programs: Programs, project: Path
) -> None:
    conversion = convert(with_secrets, programs=programs)
    assert conversion.proof.exact
    assert conversion.proof.not_decrypted == 2
    before = tree(with_secrets.out)
    convert(with_secrets, programs=programs)
    assert tree(with_secrets.out) == before
    variables = project / "group_vars" / "production" / "main.yml"
    text = variables.read_text()
    variables.write_text(text[: text.index("notebook_token:")] + "notebook_token: another-token\n")
    after = convert(with_secrets, programs=programs)
    now = tree(with_secrets.out)
    changed = {path for path in before if now.get(path) != before[path] and not path.startswith(".gitops-runbook")}
    assert changed == {path for path in before if "production" in path and "/secrets/" in path}
    assert "secret-in-clear" in codes(after)


def test_no_secret_reaches_any_file(with_secrets: ConversionOptions, programs: Programs) -> None:
    convert(with_secrets, programs=programs)
    secrets = _secrets(with_secrets)
    assert len(secrets) == 2
    for path in with_secrets.out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def _secrets(options: ConversionOptions) -> list[str]:
    """The real values, by ansible itself: the positive control of the test above."""
    command = [ANSIBLE.replace("ansible-playbook", "ansible"), "k8s", "-i", "hosts.ini", "-m", "debug", "-a",
               "var=notebook_token", "--vault-password-file", "vault-password.example"]  # fmt: skip
    output = subprocess.run(command, cwd=options.project, capture_output=True, text=True, check=True).stdout
    return sorted({line.partition(": ")[2].strip('" ') for line in output.splitlines() if '"notebook_token"' in line})


def test_hand_edits_survive_and_conflicts_are_findings(
    options: ConversionOptions, programs: Programs, project: Path
) -> None:
    convert(options, programs=programs)
    file = next(path for path in options.out.glob("apps/base/*.yaml") if "kind: Service" in path.read_text())
    file.write_text("# ours, kept\n" + file.read_text())
    commit(options.out)
    variables = project / "group_vars" / "all" / "main.yml"
    variables.write_text(variables.read_text() + "unused: 1\n")
    kept = convert(options, programs=programs)
    assert file.read_text().startswith("# ours, kept\n")
    assert "hand-edited" in codes(kept)
    assert kept.proof.exact


def test_a_hand_edit_that_changes_an_object_makes_the_proof_inexact(
    options: ConversionOptions, programs: Programs
) -> None:
    convert(options, programs=programs)
    file = next(path for path in options.out.glob("apps/base/*.yaml") if "registry.example.org" in path.read_text())
    file.write_text(file.read_text().replace("registry.example.org", "mirror.example.org"))
    commit(options.out)
    edited = convert(options, programs=programs)
    assert not edited.proof.exact
    assert any("mirror.example.org" in str(item.actual) for item in edited.proof.differences)


def test_foreign_files_and_uncommitted_edits_are_refused_before_anything_changes(
    options: ConversionOptions, programs: Programs
) -> None:
    options.out.mkdir()
    (options.out / "notes.txt").write_text("mine")
    with pytest.raises(OutputRefused, match=r"notes\.txt"):
        convert(options, programs=programs)
    assert sorted(path.name for path in options.out.iterdir()) == ["notes.txt"]


def test_decisions_answer_findings_and_stale_ones_are_reported(options: ConversionOptions, programs: Programs) -> None:
    first = convert(options, programs=programs)
    withheld = next(item for item in first.findings if item.kind.code == "secret-withheld")
    decision = f"- {{id: {withheld.id}, choice: keep-live, who: ada, why: rotated by hand}}\n"
    (options.out / "decisions.yaml").write_text(decision + "- {id: 0123456789ab, choice: accept, who: ada, why: x}\n")
    second = convert(options, programs=programs)
    assert next(item for item in second.findings if item.id == withheld.id).decision == "keep-live"
    assert "decision-stale" in codes(second)
    (options.out / "decisions.yaml").write_text(decision.replace("keep-live", "keep-life"))
    with pytest.raises(ConfigurationError, match="keep-live"):
        convert(options, programs=programs)


def test_a_placement_can_be_overridden(options: ConversionOptions, programs: Programs) -> None:
    first = convert(options, programs=programs)
    placement = next(item for item in first.findings if item.kind.code == "placement" and "notebook" in item.subject)
    choice = "infrastructure/configs"
    (options.out / "decisions.yaml").write_text(f"- {{id: {placement.id}, choice: {choice}, who: ada, why: shared}}\n")
    second = convert(options, programs=programs)
    assert second.proof.exact
    assert any(path.startswith("infrastructure/base/configs/") for path in tree(options.out))


def test_an_old_flux_version_is_accepted_with_a_loud_finding(options: ConversionOptions, programs: Programs) -> None:
    conversion = convert(replace(options, flux_version="2.4.0"), programs=programs)
    assert "flux-end-of-life" in codes(conversion)
    with pytest.raises(UsageError, match=r"1\.0\.0"):
        convert(replace(options, flux_version="1.0.0"), programs=programs)


def test_project_code_is_listed_and_does_not_run_unasked(
    options: ConversionOptions, programs: Programs, project: Path, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    (project / "filter_plugins").mkdir()
    (project / "filter_plugins" / "own.py").write_text(
        f"open({str(canary)!r}, 'w').close()\nclass FilterModule:\n    def filters(self):\n        return {{}}\n"
    )
    with pytest.raises(ProjectCodeNotAllowed, match=r"filter_plugins/own\.py"):
        convert(options, programs=programs)
    assert not canary.exists()
    allowed = convert(replace(options, allow_project_code=True), programs=programs)
    assert "project-code" in codes(allowed)
    assert allowed.proof.exact


def test_the_report_has_the_keys_of_the_contract(options: ConversionOptions, programs: Programs) -> None:
    conversion = convert(options, programs=programs)
    report = json.loads(conversion.report.read_text())
    assert conversion.report == options.out / ".gitops-runbook" / "report.json"
    keys = {"tasks", "objects", "releases", "unresolved", "skipped_by_when", "withheld"}
    assert all(keys <= set(found) for found in report["environments"].values())
    assert {"exact", "objects", "differences", "not_decrypted"} <= set(report["proof"])
    expected = {"id", "code", "severity", "environment", "where", "message", "remedy", "decision"}
    assert all(expected <= set(finding) for finding in report["findings"])
    assert report["schema_version"] == 1


def test_a_playbook_that_does_not_exist_is_named_with_what_is_near(
    options: ConversionOptions, programs: Programs
) -> None:
    with pytest.raises(UsageError, match=r"no such playbook") as caught:
        convert(replace(options, playbook="sites.yml"), programs=programs)
    assert "site.yml" in caught.value.remedy
    assert not options.out.exists()
