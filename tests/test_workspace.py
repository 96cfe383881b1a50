"""The workspace: configuration, where it is found, secrets that are refused, decisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gitops_runbook.errors import ConfigurationError, UnreadableInput, UsageError
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.workspace import (
    SecretReference,
    Workspace,
    apply_decisions,
    find_workspace,
    packaged_folder,
    read_decisions,
)

SMALLEST = "platform: mlops\nenvironments:\n  staging: {}\n"

WHOLE = """\
platform: mlops
ansible: {project: ., playbook: site.yml, extra_vars: {replicas: 2, list: [a, {b: 1}]}, tags: [], executable: null,
          vault_password: "file:PATH", allow_project_code: false}
environments:
  staging: {limit: all, inventory: [inventories/staging], context: lab-staging, cluster_uid: null,
            path: clusters/staging, age_recipient: null, approval: none}
repository: {url: "", provider: github, branch: main, folder: repository, path_prefix: ""}
flux: {version: "2.9.5", namespace: flux-system, components: []}
services: {grafana: {namespace: observability, service: kube-prometheus-stack-grafana, port: 80, local_port: 3000,
                     path: /, login: "k8s:NS/NAME#KEY"}}
runs: {folder: runs, retention: null, signing_key: null, allowed_signers: null}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "gitops-runbook.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> ConfigurationError:
    write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        find_workspace(folder)
    return caught.value


def test_the_example_of_the_contract_is_accepted(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    workspace = find_workspace(tmp_path)
    configuration = workspace.configuration
    assert configuration.environments["staging"].inventory == ("inventories/staging",)
    assert configuration.ansible.extra_vars == {"replicas": 2, "list": ["a", {"b": 1}]}
    assert configuration.services["grafana"].local_port == 3000
    assert workspace.vault_password == SecretReference("file", "PATH")
    assert not workspace.is_sample


def test_everything_but_platform_and_environments_has_the_default_of_the_contract(tmp_path: Path) -> None:
    write(tmp_path, SMALLEST)
    workspace = find_workspace(tmp_path)
    assert workspace.configuration.flux.version == "2.9.5"
    assert workspace.configuration.ansible.vault_password is None
    assert workspace.runs_folder == tmp_path / "runs"
    assert workspace.repository_folder == tmp_path / "repository"
    assert workspace.ansible_project == tmp_path
    assert workspace.cluster_path("staging") == "clusters/staging"


def test_the_workspace_is_the_nearest_folder_upwards(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    write(tmp_path, SMALLEST)
    write(tmp_path / "a", SMALLEST.replace("mlops", "inner"))
    assert find_workspace(inner).root == tmp_path / "a"
    assert find_workspace(tmp_path).root == tmp_path


def test_no_workspace_names_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gitops-runbook init"):
        find_workspace(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "happened", "remedy"),
    [
        (SMALLEST.replace("environments", "enviroments"), 2, '"enviroments" is unknown', 'write "environments"'),
        (SMALLEST.replace("{}", "{limt: all}"), 3, '"environments.staging.limt"', 'write "limit"'),
        (SMALLEST + "flux:\n  verison: '2.9.5'\n", 5, '"flux.verison" is unknown', 'write "version"'),
        (SMALLEST + "zzz: 1\n", 4, '"zzz" is unknown', "valid keys here: platform, environments"),
        (SMALLEST + "services:\n  g: {namspace: a}\n", 5, '"services.g.namspace"', 'write "namespace"'),
        (SMALLEST.replace("{}", "{inventory: inv}"), 3, "is text where a list is expected", "write a list"),
        (SMALLEST.replace("{}", "{inventory: [1]}"), 3, "inventory.0 is a number where text", "quotes"),
        (SMALLEST.replace("{}", ""), 3, "staging is nothing where a mapping", "mapping"),
        (SMALLEST + "ansible: {allow_project_code: 'yes'}\n", 4, "is text where true or false", "true or false"),
        (SMALLEST + "flux: {version: 2.9}\n", 4, "is a number where text", "quotes"),
        (SMALLEST + "flux: {version: '2.9'}\n", 4, "wrong form", "three numbers"),
        (SMALLEST + "runs: {retention: 90}\n", 4, "is a number", "quotes"),
        (SMALLEST.replace("{}", "{approval: slef}"), 3, "must be none, self or other", 'write "self"'),
        (SMALLEST.replace("staging", "Staging_1"), 3, "wrong form", "lower case"),
        (SMALLEST.replace("staging", "1"), 3, "number where text", "quotes"),
        (SMALLEST.replace("{}", "{path: ../x}"), 3, "relative path", "correct"),
        (SMALLEST + "services:\n  g: {namespace: a, service: b, port: 0, local_port: 1}\n", 5, "greater", "correct"),
        ("platform: a\nenvironments: {}\n", 2, "environments is empty", "at least one"),
        ("platform: a\n", 1, '"environments" is missing', "add environments"),
        ("platform: a\nenvironments: [\n", 3, "is no YAML", "check"),
        ("platform: a\nenvironments:\n\tstaging: {}\n", 3, "a tab", "spaces"),
        (SMALLEST + "platform: b\n", 4, "stands here and in line 1", "keep one"),
        ("- a\n", 1, "a list instead of a mapping", "platform"),
        ("", 1, "nothing instead of a mapping", "init"),
        (SMALLEST + "---\na: 1\n", 4, "more than one document", "keep"),
    ],
)
def test_a_mistake_is_named_with_line_and_nearest_key(
    tmp_path: Path, text: str, line: int, happened: str, remedy: str
) -> None:
    error = refusal(tmp_path, text)
    assert error.subject == f"{tmp_path / 'gitops-runbook.yaml'}:{line}"
    assert happened in error.happened
    assert remedy in error.remedy
    assert error.exit_code == 2


def test_a_configuration_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "gitops-runbook.yaml").write_bytes(b"platform: a\n# M\xfcnchen\n")
    with pytest.raises(ConfigurationError, match=r"gitops-runbook\.yaml:2.*not UTF-8"):
        find_workspace(tmp_path)


def test_several_mistakes_are_counted(tmp_path: Path) -> None:
    assert "(and 1 more)" in refusal(tmp_path, SMALLEST + "foo: 1\nbar: 2\n").happened


@pytest.mark.parametrize(
    "addition",
    [
        "ansible: {vault_password: SeCrEt-canary}",
        "ansible: {extra_vars: {db_password: SeCrEt-canary}}",
        "ansible: {extra_vars: {deep: [{API_TOKEN: SeCrEt-canary}]}}",
        "repository: {url: 'https://user:SeCrEt-canary@example.org/x.git'}",
        "runs: {signing_key: '-----BEGIN OPENSSH PRIVATE KEY----- SeCrEt-canary'}",
        "ansible: {extra_vars: {x: ghp_SeCrEtcanary0123456789abcdef}}",
        "services: {g: {namespace: a, service: b, port: 1, local_port: 1, login: SeCrEt-canary}}",
    ],
)
def test_a_secret_in_the_configuration_is_refused_and_not_repeated(tmp_path: Path, addition: str) -> None:
    error = refusal(tmp_path, SMALLEST + addition + "\n")
    chain: list[BaseException | None] = [error, error.__cause__, error.__context__]
    assert error.subject.endswith(":4")
    assert not [link for link in chain if "SeCrEt" in str(link)]


def test_an_age_secret_key_in_place_of_the_recipient_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, SMALLEST.replace("{}", "{age_recipient: AGE-SECRET-KEY-1QQQ}"))
    assert "an age secret key" in error.happened


@pytest.mark.parametrize("value", ["'{{ vaulted }}'", "env:DB_PASSWORD", "''", "null"])
def test_what_only_names_a_secret_is_accepted(tmp_path: Path, value: str) -> None:
    write(tmp_path, SMALLEST + f"ansible: {{extra_vars: {{db_password: {value}, tls_secret: my-tls}}}}\n")
    assert find_workspace(tmp_path)


def test_references_are_read_from_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("geheim\n", encoding="utf-8")
    monkeypatch.setenv("A_SECRET", "s3")
    assert SecretReference.parse("file:password").read(tmp_path) == "geheim"
    assert SecretReference.parse("env:A_SECRET").read(tmp_path) == "s3"
    monkeypatch.delenv("A_SECRET")
    with pytest.raises(UnreadableInput, match="not set"):
        SecretReference.parse("env:A_SECRET").read(tmp_path)
    with pytest.raises(UnreadableInput, match="cannot be read"):
        SecretReference.parse("file:none").read(tmp_path)
    with pytest.raises(UsageError):
        SecretReference.parse("k8s:a/b#c").read(tmp_path)


def test_an_unknown_environment_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, SMALLEST)
    with pytest.raises(UsageError, match='write "staging"'):
        find_workspace(tmp_path).environment("stagin")


def test_the_sample_is_a_temporary_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = tmp_path / "package" / "examples"
    original.mkdir(parents=True)
    write(original, SMALLEST)
    monkeypatch.setattr("gitops_runbook.workspace.location.packaged_folder", lambda _: original)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first, second = Workspace.sample(), Workspace.sample()
    assert first.is_sample
    assert first.root != second.root
    assert tmp_path in first.root.parents
    assert original not in (first.root, *first.root.parents)


def test_the_packaged_sample_has_an_accepted_configuration() -> None:
    workspace = find_workspace(packaged_folder("examples/mlops-platform"))
    assert set(workspace.configuration.environments) == {"staging", "production"}


def test_a_folder_that_is_not_ours_is_not_taken_for_a_packaged_one() -> None:
    with pytest.raises(UnreadableInput):
        packaged_folder("no-such-folder")


# --- decisions ---

NAMESPACE = Finding(code("namespace-missing"), "staging", "Namespace/kafka", "nobody creates it")
SECRET = Finding(code("secret-withheld"), "production", "Secret/a/b", "no password")
TODAY = date(2026, 11, 23)


def decide(folder: Path, text: str) -> Path:
    path = folder / "decisions.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def entry(finding: Finding, choice: str, more: str = "") -> str:
    return f"- {{id: {finding.id}, choice: {choice}, who: ada, why: because{more}}}\n"


def test_a_missing_or_empty_decisions_file_decides_nothing(tmp_path: Path) -> None:
    assert read_decisions(tmp_path / "none.yaml") == []
    assert read_decisions(decide(tmp_path, "# later\n")) == []


def test_a_decision_answers_its_finding_and_no_other(tmp_path: Path) -> None:
    decisions = read_decisions(decide(tmp_path, entry(NAMESPACE, "exists")))
    answered = apply_decisions([SECRET, NAMESPACE], decisions, TODAY)
    assert [(finding.subject, finding.decision) for finding in answered] == [
        ("Secret/a/b", ""),
        ("Namespace/kafka", "exists"),
    ]
    assert not answered[1].is_open


@pytest.mark.parametrize(("expires", "counts"), [("2026-11-22", False), ("2026-11-23", True), ("2027-01-01", True)])
def test_a_decision_counts_until_its_day_is_over(tmp_path: Path, expires: str, *, counts: bool) -> None:
    decisions = read_decisions(decide(tmp_path, entry(NAMESPACE, "exists", f", expires: {expires}")))
    answered = apply_decisions([NAMESPACE], decisions, TODAY)
    assert bool(answered[0].decision) is counts
    assert [finding.kind.code for finding in answered[1:]] == ([] if counts else ["decision-expired"])


def test_a_decision_on_nothing_is_stale_and_says_where_it_stands(tmp_path: Path) -> None:
    decisions = read_decisions(decide(tmp_path, "\n" + entry(NAMESPACE, "exists")))
    (stale,) = apply_decisions([], decisions, TODAY)
    assert (stale.kind.code, stale.subject, stale.where) == ("decision-stale", NAMESPACE.id, "decisions.yaml:2")


def test_a_choice_the_finding_does_not_offer_is_refused_with_the_choices(tmp_path: Path) -> None:
    decisions = read_decisions(decide(tmp_path, entry(SECRET, "ignore")))
    with pytest.raises(ConfigurationError, match=r"decisions\.yaml:1.*\n.*external, keep-live"):
        apply_decisions([SECRET], decisions, TODAY)


def test_an_id_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    path = decide(
        tmp_path, "- {id: 12345678e901, choice: no, who: a, why: b}\n- {id: 000000000012, choice: x, who: a, why: b}"
    )
    assert [(decision.id, decision.choice) for decision in read_decisions(path)] == [
        ("12345678e901", "no"),
        ("000000000012", "x"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1", 1, "is no list"),
        ("- a", 1, "no mapping"),
        ("-\n  id: 0123456789ab\n  choise: x\n", 3, 'write "choice"'),
        ("-\n  id: 0123456789ab\n  choice: x\n  who: a\n", 2, '"why" is missing'),
        ("-\n  choice: x\n  who: a\n  why: b\n  id: short\n", 5, "wrong form"),
        ("-\n  id: 0123456789ab\n  choice: [x]\n  who: a\n  why: b\n", 3, "no text"),
        ("-\n  id: 0123456789ab\n  choice: x\n  who: a\n  why: b\n  expires: soon\n", 6, "no date"),
        ("- {id: 0123456789ab, choice: x, who: a, why: b}\n" * 2, 2, "again"),
        ("- {id: 0123456789ab\n", 2, "no YAML"),
    ],
)
def test_a_mistake_in_decisions_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_decisions(decide(tmp_path, text))
    assert caught.value.subject.endswith(f"decisions.yaml:{line}")
    assert message in str(caught.value)
