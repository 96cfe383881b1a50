from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
import pytest

from gitops_runbook.clients import command
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.errors import CommandFailed, UnreadableInput, UsageError

DATA = "^(data|stringData)$"
CANARY = "hunter2-canary"
SECRET: dict[str, Any] = {
    "kind": "Secret",
    "apiVersion": "v1",
    "metadata": {"name": "login", "namespace": "shop", "labels": {}, "annotations": {"tag": "1e3", "word": "yes"}},
    "type": "Opaque",
    "stringData": {"password": CANARY, "empty": "", "lines": "a\nb\n"},
}


@pytest.fixture
def identity(tmp_path: Path) -> tuple[str, Path]:
    return _identity(tmp_path / "keys.txt")


def _identity(file: Path) -> tuple[str, Path]:
    key = pyrage.x25519.Identity.generate()
    file.write_text(f"{key}\n")
    return str(key.to_public()), file


def test_a_secret_comes_back_and_only_its_content_was_hidden(sops: Sops, identity: tuple[str, Path]) -> None:
    recipient, key_file = identity

    text = sops.encrypt(SECRET, [recipient], DATA)

    assert text.startswith("kind: Secret\napiVersion: v1\nmetadata:\n    name: login\n    namespace: shop\n")
    assert "type: Opaque" in text
    assert CANARY not in text
    assert sops.decrypt(text, key_file) == SECRET


def test_types_survive_and_are_hidden_with_the_value(sops: Sops, identity: tuple[str, Path]) -> None:
    recipient, key_file = identity
    values: dict[str, Any] = {
        "i": 1000000,
        "big": 9007199254740993,
        "f": 1.5,
        "t": True,
        "n": None,
        "m": {},
        "l": [1, "1"],
    }
    manifest = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}, "data": values, "spec": dict(values)}

    decrypted = sops.decrypt(sops.encrypt(manifest, [recipient], DATA), key_file)

    assert repr(decrypted) == repr(manifest)


def test_what_stays_readable_is_read_by_go_as_it_was(
    sops: Sops, kustomize: Kustomize, identity: tuple[str, Path]
) -> None:
    ambiguous = ["1e3", "0o14", "08", "=", "<<", "1_000", "12:30", "2024-01-01", "~", "null", "-.5", "1.e1", "y", "No",
        "", " x ", "a: b", "#c", "é😀\u2028\x7f\x85\ufeff", "l\nb\n", "+1", "0x1F", "012", "1234567e8", "'", '"', "\\",
    ]  # fmt: skip
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "annotations": {f"k{number}": text for number, text in enumerate(ambiguous)}},
        "data": {"a": "YQ=="},
    }

    [read] = kustomize.read_manifests(sops.encrypt(manifest, [identity[0]], DATA))

    assert read["metadata"] == manifest["metadata"]


def test_each_recipient_can_decrypt_and_nobody_else(sops: Sops, tmp_path: Path) -> None:
    identities = [_identity(tmp_path / f"{number}.txt") for number in range(3)]
    recipients = [recipient for recipient, _ in identities[:2]]

    text = sops.encrypt(SECRET, recipients, DATA)

    assert sops.recipients_of(text) == recipients
    assert [sops.decrypt(text, key_file) for _, key_file in identities[:2]] == [SECRET, SECRET]
    with pytest.raises(CommandFailed, match="no master key was able to decrypt"):
        sops.decrypt(text, identities[2][1])


def test_a_text_changed_after_encryption_is_refused(sops: Sops, identity: tuple[str, Path]) -> None:
    text = sops.encrypt(SECRET, [identity[0]], DATA).replace("namespace: shop", "namespace: shoq")

    with pytest.raises(CommandFailed, match="MAC"):
        sops.decrypt(text, identity[1])


def test_keys_and_settings_of_the_user_add_no_recipient_and_open_nothing(
    sops: Sops, identity: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, strangers_file = _identity(tmp_path / "stranger.txt")
    monkeypatch.setenv("SOPS_AGE_RECIPIENTS", stranger)
    monkeypatch.setenv("SOPS_PGP_FP", "0" * 40)
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(identity[1]))
    (tmp_path / ".sops.yaml").write_text("creation_rules:\n  - age: broken\n")
    monkeypatch.chdir(tmp_path)

    text = sops.encrypt(SECRET, [identity[0]], DATA)

    assert sops.recipients_of(text) == [identity[0]]
    with pytest.raises(CommandFailed):
        sops.decrypt(text, strangers_file)


def test_plaintext_is_given_by_standard_input_only(
    sops: Sops, identity: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[command.Command] = []

    def watched(asked: command.Command) -> command.Completed:
        assert asked.cwd is not None
        seen.append(asked)
        completed = command.run(asked)
        assert list(asked.cwd.iterdir()) == []
        return completed

    monkeypatch.setattr("gitops_runbook.clients.sops.run", watched)
    sops.encrypt(SECRET, [identity[0]], DATA)

    [asked] = seen
    assert CANARY in (asked.stdin or "")
    assert CANARY not in " ".join(asked.argv) + str(asked.environment)


@pytest.mark.parametrize("expression", ["", "^kind$", "name", "^metadata$", "^(data|namespace)$"])
def test_an_expression_that_would_hide_the_identity_is_refused(expression: str) -> None:
    with pytest.raises(UsageError, match="Flux must be able to read"):
        Sops(Path("/no/sops")).encrypt(SECRET, ["age1"], expression)


def test_a_wrong_expression_and_nobody_to_encrypt_for_are_refused() -> None:
    with pytest.raises(UsageError, match="no regular expression"):
        Sops(Path("/no/sops")).encrypt(SECRET, ["age1"], "(")
    with pytest.raises(UsageError, match="nobody to encrypt for"):
        Sops(Path("/no/sops")).encrypt(SECRET, [], DATA)


def test_a_recipient_that_is_no_key_is_refused_without_showing_the_secret(sops: Sops) -> None:
    with pytest.raises(CommandFailed, match="age1wrong") as failed:
        sops.encrypt(SECRET, ["age1wrong"], DATA)

    assert CANARY not in str(failed.value)


@pytest.mark.parametrize("text", ["a: 1", "sops: {}", "[1]", "", "sops: {age: null}"])
def test_a_text_that_sops_did_not_write_has_no_recipients(text: str) -> None:
    with pytest.raises(UnreadableInput, match="no age recipients"):
        Sops(Path("/no/sops")).recipients_of(text)


def test_equal_secrets_do_not_look_equal(sops: Sops, identity: tuple[str, Path]) -> None:
    sealed = [re.findall("password: (.*)", sops.encrypt(SECRET, [identity[0]], DATA)) for _ in range(2)]

    assert sealed[0] != sealed[1]
