"""Every leaf that depends on a secret is found, whatever filter it went through; and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_runbook.ansible.environments import RecordedEnvironment
from gitops_runbook.model.references import ObjectReference

from .conftest import Request, environment
from .projects import HOSTS, PASSWORD, config_map, encrypted, inline, play, write

DOCUMENT = '{"password": "x"}'

SECRET = {
    "plain": "'{{ secret }}'",
    "sentence": "'user:{{ secret }}@host'",
    "base64": "'{{ secret | b64encode }}'",
    "base64-of-a-part": "'{{ (\"user:\" ~ secret) | b64encode | b64decode | b64encode }}'",
    "hash": "'{{ secret | hash(\"sha256\") }}'",
    "checksum-of-a-document": '\'{{ {"a": {"b": secret}} | to_json | checksum }}\'',
    "number": "'{{ number | int }}'",
    "arithmetic": "'{{ (number | int) * 2 + 1 }}'",
    "decimal": "'{{ number | float / 3 }}'",
    "truth": '\'{{ "on" if flag | bool else "off" }}\'',
    "first-letters": "'{{ secret[:8] }}'",
    "first-letter": "'{{ secret[0] }}'",
    "last-letters": "'{{ secret[-4:] }}'",
    "last-letter": "'{{ secret | last }}'",
    "length": "'{{ secret | length }}'",
    "capitals": "'{{ secret | upper }}'",
    "without-letters": '\'{{ secret | regex_replace("[a-z]", "") }}\'',
    "found-letters": "'{{ secret | regex_search(\"^.{5}\") }}'",
    "reversed": "'{{ secret | reverse }}'",
    "split": "'{{ secret.split(\"_\")[0] }}'",
    "whole-document": "'{{ document | from_json | to_json }}'",
    "of-a-list": '\'{{ ["a", secret] | join(",") }}\'',
    "default": "'{{ nothing | default(secret) }}'",
    "uuid": "'{{ secret | to_uuid }}'",
    "by-another-variable": "'{{ derived }}'",
    "by-set-fact": "'{{ fact }}'",
    "vaulted-file": '\'{{ lookup("file", "token.vault") }}\'',
    "unvault": '\'{{ lookup("unvault", "token.vault") }}\'',
    "environment-variable": '\'{{ lookup("env", "DATABASE_PASSWORD") }}\'',
}
NO_SECRET = {
    "constant": "plain text",
    "ordinary-variable": "'{{ ordinary }}'",
    "same-name": "'{{ \"secret\" | b64encode }}'",
    "hash-of-a-constant": "'{{ ordinary | hash(\"sha256\") }}'",
}
RANDOM = {
    "password": '\'{{ lookup("password", "/dev/null") }}\'',
    "random-string": "'{{ lookup(\"community.general.random_string\", length=12) }}'",
    "now": "'{{ now(utc=true).isoformat() }}'",
    "weekday": "'{{ now(fmt=\"%A\") }}'",
    "time": "'{{ \"%H:%M\" | strftime }}'",
    "drawn-of-two": "'{{ 2 | random }}'",
    "drawn-of-a-list": "'{{ [1, 2, 3] | random }}'",
    "shuffled": "'{{ [1, 2, 3] | shuffle | join(\"\") }}'",
    "fact-of-time": "'{{ ansible_date_time.epoch }}'",
    "drawn-and-secret": "'{{ secret }}{{ 1000 | random }}'",
}
LIVE = {
    "pipe": '\'{{ lookup("pipe", "date") }}\'',
    "of-a-module": "'{{ known.resources[0].metadata.uid | default(\"none\") }}'",
    "undefined": "'{{ nobody_defines_me }}'",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, request_for: Request) -> RecordedEnvironment:
    cases = "".join(
        config_map(name, value) for group in (SECRET, NO_SECRET, RANDOM, LIVE) for name, value in group.items()
    )
    before = (
        "    - setup:\n"
        "    - set_fact: {fact: '{{ secret | b64encode }}'}\n"
        "    - command: echo '{{ secret }}'\n      register: printed\n"
        "    - kubernetes.core.k8s_info: {kind: Node}\n      register: known\n"
    )
    variables = (
        f"secret: {inline('s3cr3t-value-of-the-vault')}number: {inline('42')}flag: {inline('true')}"
        f"document: {inline(DOCUMENT)}derived: 'jdbc:{{{{ secret }}}}'\nordinary: visible\n"
    )
    project = write(tmp_path_factory.mktemp("secrets"), {
        "site.yml": play(before + cases), "hosts": "one\n", "group_vars/all.yml": variables,
        "files/token.vault": encrypted("a token"),
    })  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_PASSWORD", "from the shell")
        return environment(request_for(project))


def taint_of(recorded: RecordedEnvironment, name: str) -> tuple[set[str], set[str], set[str]]:
    taint = recorded.state.objects[ObjectReference("v1", "ConfigMap", "web", name)].taint
    return set(taint.secret), set(taint.live), set(taint.random)


@pytest.mark.parametrize("name", SECRET)
def test_a_value_made_from_a_secret_is_secret(recorded: RecordedEnvironment, name: str) -> None:
    assert taint_of(recorded, name) == ({"/data/value"}, set(), set())


@pytest.mark.parametrize("name", NO_SECRET)
def test_a_constant_depends_on_nothing(recorded: RecordedEnvironment, name: str) -> None:
    assert taint_of(recorded, name) == (set(), set(), set())


@pytest.mark.parametrize("name", RANDOM)
def test_what_chance_or_time_decides_is_random_and_no_secret(recorded: RecordedEnvironment, name: str) -> None:
    assert taint_of(recorded, name) == (set(), set(), {"/data/value"})


@pytest.mark.parametrize("name", LIVE)
def test_what_only_the_cluster_knows_is_live(recorded: RecordedEnvironment, name: str) -> None:
    assert taint_of(recorded, name) == (set(), {"/data/value"}, set())


def test_no_secret_stands_in_what_was_recorded_without_the_password(recorded: RecordedEnvironment) -> None:
    text = str(recorded)

    assert "s3cr3t-value" not in text
    assert "from the shell" not in text
    assert "visible" in text


@pytest.fixture
def vaulted(tmp_path: Path) -> Path:
    manifest = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: sealed, namespace: web}\nstringData: {key: deep-canary}\n"
    )
    tasks = (
        config_map("of-vars-file", "'{{ of_vars_file }}'")
        + "    - include_vars: more.yml\n"
        + config_map("of-include-vars", "'{{ of_include_vars.inner }}'")
        + config_map("kept-truth", "'{{ switch }}'")
        + "    - name: sealed manifest\n      kubernetes.core.k8s: {src: sealed.yml}\n"
        + "    - name: sealed template\n      kubernetes.core.k8s: {template: sealed.yml.j2}\n"
        + config_map("only-if", "applied", when="switch")
        + config_map("optional", "applied", when="registered is defined")
        + "    - command: 'true'\n      register: registered\n      when: false\n"
    )
    return write(tmp_path / "project", {
        "site.yml": play(tasks, "  vars_files: [secrets.yml]\n"), "hosts": HOSTS,
        "secrets.yml": encrypted("of_vars_file: canary-of-a-file\nswitch: true\ncount: 3\n"),
        "vars/more.yml": encrypted("of_include_vars: {inner: canary-of-include}\n"),
        "files/sealed.yml": encrypted(manifest),
        "templates/sealed.yml.j2": encrypted(manifest.replace("sealed", "templated")),
    })  # fmt: skip


def test_a_locked_file_makes_what_it_may_define_a_secret_and_says_which(vaulted: Path, request_for: Request) -> None:
    result = environment(request_for(vaulted, limit="one"))

    locked = {finding.subject: finding for finding in result.findings if finding.kind.code == "vault-locked"}
    assert {"secrets.yml", "vars/more.yml"} <= set(locked)
    assert "of_vars_file, switch" in locked["secrets.yml"].message
    assert "registered" not in locked["secrets.yml"].message
    assert taint_of(result, "of-vars-file")[0] == {"/data/value"}
    assert any("sealed manifest" in subject for subject in locked), "a manifest encrypted as a whole is named"


def test_with_the_password_keys_and_truths_are_known_and_secrets_still_found(
    vaulted: Path, request_for: Request, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD)

    result = environment(request_for(vaulted, limit="one", vault_password_file=password))

    assert taint_of(result, "of-vars-file")[0] == {"/data/value"}
    assert taint_of(result, "of-include-vars")[0] == {"/data/value"}
    assert taint_of(result, "only-if") == (set(), set(), set())
    for name in ("sealed", "templated"):
        sealed = result.state.objects[ObjectReference("v1", "Secret", "web", name)]
        assert sealed.taint.secret == {"/stringData/key"}
        assert sealed.plaintext is not None
        assert sealed.plaintext["stringData"] == {"key": "deep-canary"}
        assert "canary" not in str(sealed.manifest)
    assert [finding.kind.code for finding in result.findings] == ["object-invalid"], "a boolean in a ConfigMap"
