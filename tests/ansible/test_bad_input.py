"""Each bad input is a clear error or a finding; nothing ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_runbook.ansible.environments import RecordedEnvironment, record_environments
from gitops_runbook.ansible.installation import find_installation
from gitops_runbook.ansible.project_code import find_project_code, require_allowed
from gitops_runbook.ansible.recording import FIRST, record
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.errors import ProjectCodeNotAllowed, ToolMissing, UnreadableInput, UsageError
from gitops_runbook.model.findings import Severity

from .conftest import Request, environment
from .projects import HOSTS, PASSWORD, config_map, encrypted, inline, play, write

GOOD = play(config_map("good", "x"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"site.yml": "- hosts: all\n  tasks:\n\t- debug:\n"}, "site.yml"),
        ({"site.yml": "- hosts: all\n  taks: []\n"}, "taks"),
        ({"site.yml": "just text\n"}, "site.yml"),
        ({"site.yml": "- hosts: all\n  roles: [not_there]\n"}, "not_there"),
        ({"site.yml": "- hosts: all\n  tasks:\n    - no_such_module: {a: 1}\n"}, "no_such_module"),
        ({"site.yml": GOOD, "group_vars/all.yml": "a: [1\n"}, "group_vars/all.yml"),
        ({"site.yml": GOOD, "group_vars/all.yml": b"a: \xff\xfe\n"}, "all.yml"),
        ({"site.yml": "- import_playbook: elsewhere.yml\n"}, "elsewhere.yml"),
        ({"site.yml": GOOD, "ansible.cfg": "[defaults]\nforks = many\n"}, "many"),
    ],
    ids=["tab", "misspelled key", "no playbook", "missing role", "unknown module", "broken variables",
         "variables not UTF-8", "missing import", "setting of a wrong type"],
)  # fmt: skip
def test_a_project_ansible_cannot_load_is_unreadable_input_in_its_words(
    tmp_path: Path, request_for: Request, files: dict[str, str | bytes], expected: str
) -> None:
    project = write(tmp_path / "project", {"hosts": HOSTS, **files})

    with pytest.raises(UnreadableInput) as caught:
        record(request_for(project), FIRST)

    assert expected in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_limit_that_matches_nothing_is_a_usage_error(tmp_path: Path, request_for: Request) -> None:
    project = write(tmp_path / "project", {"site.yml": GOOD, "hosts": HOSTS})

    with pytest.raises(UsageError, match=r"limit stagin: matches no host of the inventory \(hosts\)"):
        record(request_for(project, limit="stagin"), FIRST)


def test_a_broken_ansible_cfg_is_named(tmp_path: Path) -> None:
    project = write(tmp_path / "project", {"site.yml": GOOD, "ansible.cfg": "no section = here\n"})

    with pytest.raises(UnreadableInput, match=r"ansible\.cfg: is no ini file"):
        find_project_code(project, [], None)


def test_without_ansible_the_way_to_get_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))

    with pytest.raises(ToolMissing, match="gitops-runbook\\[ansible\\]"):
        find_installation()


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"group_vars/all/vault.yml": encrypted("a: b\n")}, "vault.yml"),
        ({"group_vars/all/main.yml": f"secret: {inline('x')}"}, "site.yml:4"),
    ],
    ids=["whole file", "inline"],
)
def test_a_wrong_vault_password_is_refused_and_the_place_named(
    tmp_path: Path, request_for: Request, files: dict[str, str], place: str
) -> None:
    tasks = play(config_map("a", "'{{ secret | default(1) }}'"))
    project = write(tmp_path / "project", {"hosts": HOSTS, "site.yml": tasks, **files})
    password = tmp_path / "password"
    password.write_text("not " + PASSWORD)

    with pytest.raises(UnreadableInput) as caught:
        environment(request_for(project, vault_password_file=password))

    assert place in str(caught.value)
    assert "decrypt" in str(caught.value)


RAISING = "class FilterModule:\n    def filters(self):\n        return {'divide': lambda value: 1 / 0}\n"
JSON_QUERY = "'{{ [1] | community.general.json_query(\"x\") }}'"
FINDINGS = {
    "raises in a filter": (config_map("a", "'{{ 1 | divide }}'"), "task-unresolved", "division by zero"),
    "missing filter": (config_map("a", JSON_QUERY), "collection-missing", "json_query"),
    "missing test": (config_map("a", "x", when="1 is some.where.odd"), "collection-missing", "odd"),
    "missing role": ("    - include_role: {name: not_there}\n", "collection-missing", "not_there"),
    "broken template": ("    - kubernetes.core.k8s: {template: broken.j2}\n", "task-unresolved", "mapping values"),
    "template not UTF-8": ("    - kubernetes.core.k8s: {template: latin.j2}\n", "task-unresolved", "utf-8"),
    "syntax of a template": (config_map("a", "'{{ 1 + }}'"), "task-unresolved", "emplate"),
    "missing file": ("    - kubernetes.core.k8s: {src: not-there.yml}\n", "manifest-unknown", "not-there.yml"),
    "remote file": ("    - kubernetes.core.k8s: {src: 'https://x/a.yml'}\n", "manifest-remote", "not downloaded"),
    "unknown file": ("    - command: kubectl apply -f /opt/x.yml\n", "manifest-unknown", "/opt/x.yml"),
    "undefined": (config_map("a", "'{{ nobody }}'"), "undefined-variable", "a task needs nobody"),
    "undefined by hint": (config_map("a", "'{{ undef(\"say who\") }}'"), "undefined-variable", "say who"),
    "undefined include": ("    - include_tasks: '{{ which }}.yml'\n", "undefined-variable", "which"),
    "stubbed lookup": (config_map("a", "'{{ lookup(\"url\", \"http://x.invalid\") }}'"), "lookup-stubbed", "url"),
    "failing assert": ("    - {name: guard, assert: {that: 1 == 2}}\n", "assertion-failed", "ssertion"),
    "script": ("    - shell: for x in a b; do kubectl create ns $x; done\n", "command-complex", "not guessed"),
    "number as text": (config_map("a", "5"), "object-invalid", "/data/value"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, request_for: Request) -> RecordedEnvironment:
    project = write(tmp_path_factory.mktemp("bad"), {
        "site.yml": play("".join(tasks for tasks, _, _ in FINDINGS.values())), "hosts": "one\n",
        "filter_plugins/raising.py": RAISING, "templates/broken.j2": "a: b: c\n", "templates/latin.j2": b"a: \xe9\n",
        "notes.yml": b"\xff\xfe",
    })  # fmt: skip
    return environment(request_for(project))


@pytest.mark.parametrize("case", FINDINGS)
def test_what_cannot_be_converted_is_a_finding(found: RecordedEnvironment, case: str) -> None:
    _, code, words = FINDINGS[case]

    messages = [finding.message for finding in found.findings if finding.kind.code == code]
    assert any(words in message for message in messages), (code, messages)


def test_a_file_that_is_no_text_is_named(found: RecordedEnvironment) -> None:
    assert "notes.yml" in [finding.subject for finding in found.findings if finding.kind.code == "unreadable-file"]


def test_findings_that_say_something_is_missing_name_a_place(found: RecordedEnvironment) -> None:
    without = [item for item in found.findings if item.kind.severity is Severity.ERROR and not item.where]
    assert without == []


def test_environments_that_are_alike_or_overlap_are_refused(tmp_path: Path, request_for: Request) -> None:
    project = write(tmp_path / "project", {"site.yml": GOOD, "hosts": "[a]\none\n[b]\ntwo\n"})

    def convert(**limits: str) -> None:
        requests = {name: request_for(project, limit=limit) for name, limit in limits.items()}
        record_environments(requests, Helm(Path("/no/helm")), Kubectl(Path("/no/kubectl")), lambda *_: None)

    with pytest.raises(UsageError, match="select the same hosts"):
        convert(staging="a", production="a")
    with pytest.raises(UsageError, match=r"all:!a"):
        convert(staging="a", production="all")


def test_project_code_is_listed_and_nothing_has_run_before_it_is_allowed(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    script = f"#!/bin/sh\ntouch {canary}\necho '{{}}'\n"
    project = write(tmp_path / "project", {
        "site.yml": GOOD, "inventory.sh": script, "filter_plugins/f.py": f"open({str(canary)!r}, 'w')\n",
        "roles/r/lookup_plugins/l.py": "", "plugins/filter/own.py": "", "plugins/modules/harmless.py": "",
        "collections/ansible_collections/a/b/plugins/filter/x.py": "", "aws_ec2.yml": "plugin: amazon.aws.aws_ec2\n",
        "static.yml": "all: {hosts: {a: }}\n",
    })  # fmt: skip
    (project / "inventory.sh").chmod(0o755)

    code = find_project_code(project, ["inventory.sh", "aws_ec2.yml", "static.yml"], None)

    assert [str(path) for path in code] == [
        "aws_ec2.yml", "collections/ansible_collections/a/b", "filter_plugins/f.py", "inventory.sh",
        "plugins/filter/own.py", "roles/r/lookup_plugins/l.py",
    ]  # fmt: skip
    with pytest.raises(ProjectCodeNotAllowed, match="--allow-project-code"):
        require_allowed(project, code, allowed=False)
    require_allowed(project, code, allowed=True)
    assert not canary.exists()
