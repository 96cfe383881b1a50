"""Sealing, with the real sops: a file changes exactly when its content or its readers do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.clients.sops import Sops
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.errors import UsageError
from gitops_runbook.gitops.output_folder import inspect, merge, write
from gitops_runbook.gitops.sealing import (
    EarlierFiles,
    Sealed,
    Sealer,
    SealMark,
    SealRequest,
    encrypted_regex,
    is_sealed,
)

pyrage = pytest.importorskip("pyrage")

PASSWORD = "vault-password-canary"
CANARY = "canary-5c41-plaintext"
PATH = "apps/staging/mlflow-db.yaml"


class CountingSops(Sops):
    """The real program; counts how often it encrypts."""

    encrypted = 0

    def encrypt(self, manifest: Mapping[str, Any], recipients: Sequence[str], encrypted_regex: str) -> str:
        self.encrypted += 1
        return super().encrypt(manifest, recipients, encrypted_regex)


class Key:
    """An age key pair; ``file`` holds the private half."""

    def __init__(self, folder: Path, name: str) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.private = str(identity)
        self.public = str(identity.to_public())
        self.file = folder / f"{name}.agekey"
        self.file.write_text(f"{identity}\n")


@pytest.fixture
def counting(sops: Sops) -> CountingSops:
    return CountingSops(Path(sops._sops))


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path, "staging")


def secret(**content: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mlflow-db", "namespace": "ml-lifecycle"},
        "stringData": content or {"password": CANARY},
    }


def request(manifest: dict[str, Any], *pointers: str, path: str = PATH, environment: str = "staging") -> SealRequest:
    return SealRequest(environment, path, manifest, frozenset(pointers))


def earlier(*files: Sealed) -> EarlierFiles:
    return EarlierFiles({file.path: file.text for file in files}, {file.path: file.mark for file in files})


def sealer(
    sops: Sops, key: Key, before: EarlierFiles | None = None, password: str | None = PASSWORD, age: Path | None = None
) -> Sealer:
    return Sealer(sops, {"staging": [key.public]}, password, before or EarlierFiles(), age)


def test_the_sealed_file_holds_the_plaintext_for_its_readers_only(sops: Sops, key: Key) -> None:
    sealed = sealer(sops, key).seal(request(secret()))
    assert sops.decrypt(sealed.text, key.file) == secret()
    assert sops.recipients_of(sealed.text) == [key.public]
    assert CANARY not in sealed.text
    assert is_sealed(sealed.text)
    assert not sealed.reused


def test_an_unchanged_secret_keeps_its_bytes_by_the_vault_password_alone(counting: CountingSops, key: Key) -> None:
    first = sealer(counting, key).seal(request(secret()))
    second = sealer(counting, key, earlier(first)).seal(request(secret()))
    assert (second.text, second.reused, second.mark) == (first.text, True, first.mark)
    assert counting.encrypted == 1
    assert not second.findings


def test_the_order_of_keys_is_no_change(sops: Sops, key: Key) -> None:
    first = sealer(sops, key).seal(request(secret(a="1", b="2")))
    assert sealer(sops, key, earlier(first)).seal(request(secret(b="2", a="1"))).reused


def test_another_plaintext_is_sealed_again_without_a_finding(sops: Sops, key: Key) -> None:
    first = sealer(sops, key).seal(request(secret()))
    second = sealer(sops, key, earlier(first)).seal(request(secret(password="other")))
    assert not second.reused
    assert not second.findings
    assert sops.decrypt(second.text, key.file) == secret(password="other")


def test_another_recipient_is_another_file(sops: Sops, key: Key, tmp_path: Path) -> None:
    first = sealer(sops, key).seal(request(secret()))
    other = Key(tmp_path, "other")
    second = Sealer(sops, {"staging": [other.public, key.public]}, PASSWORD, earlier(first), None).seal(
        request(secret())
    )
    assert not second.reused
    assert sops.decrypt(second.text, other.file) == secret()
    assert set(second.mark.recipients) == {key.public, other.public}


def test_more_secret_keys_are_another_file(sops: Sops, key: Key) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"u": CANARY, "v": "x-y-z"}}
    first = sealer(sops, key).seal(request(manifest, "/data/u"))
    second = sealer(sops, key, earlier(first)).seal(request(manifest, "/data/u", "/data/v"))
    assert "x-y-z" in first.text
    assert "x-y-z" not in second.text


def test_a_mark_does_not_vouch_for_another_text(sops: Sops, key: Key) -> None:
    """A branch was merged badly: the marks are of one commit, the file of another."""
    old = sealer(sops, key).seal(request(secret(password="old")))
    new = sealer(sops, key).seal(request(secret(password="new")))
    mixed = EarlierFiles({PATH: old.text}, {PATH: new.mark})
    again = sealer(sops, key, mixed).seal(request(secret(password="new")))
    assert not again.reused
    assert sops.decrypt(again.text, key.file) == secret(password="new")


def test_a_mark_of_another_password_is_worth_nothing(sops: Sops, key: Key) -> None:
    first = sealer(sops, key).seal(request(secret()))
    assert not sealer(sops, key, earlier(first), password="another").seal(request(secret())).reused


def test_marks_show_neither_the_secret_nor_that_two_secrets_are_alike(sops: Sops, key: Key) -> None:
    one, two = sealer(sops, key).seal_all([request(secret(), path="a.yaml"), request(secret(), path="b.yaml")])
    assert one.mark.mark != two.mark.mark
    assert len(one.mark.mark) == 64


def test_without_the_password_the_age_key_decides(sops: Sops, key: Key) -> None:
    first = sealer(sops, key, password=None).seal(request(secret()))
    assert first.mark.mark == ""
    same = sealer(sops, key, earlier(first), None, key.file).seal(request(secret()))
    assert (same.text, same.reused) == (first.text, True)
    changed = sealer(sops, key, earlier(first), None, key.file).seal(request(secret(password="other")))
    assert (changed.reused, changed.findings) == (False, ())


def test_a_file_without_mark_is_kept_by_the_age_key_and_gets_its_mark(sops: Sops, key: Key) -> None:
    first = sealer(sops, key, password=None).seal(request(secret()))
    marked = sealer(sops, key, earlier(first), PASSWORD, key.file).seal(request(secret()))
    assert marked.text == first.text
    assert sealer(sops, key, earlier(marked)).seal(request(secret())).reused


def test_with_neither_the_file_is_new_and_a_finding_says_so(sops: Sops, key: Key) -> None:
    first = sealer(sops, key, password=None).seal(request(secret()))
    second = sealer(sops, key, earlier(first), None).seal(request(secret()))
    assert second.text != first.text
    [finding] = second.findings
    assert (finding.kind.code, finding.environment, finding.subject) == ("sops-reencrypted", "staging", PATH)


def test_somebody_elses_age_key_does_not_stop_the_conversion(sops: Sops, key: Key, tmp_path: Path) -> None:
    first = sealer(sops, key, password=None).seal(request(secret()))
    second = sealer(sops, key, earlier(first), None, Key(tmp_path, "other").file).seal(request(secret()))
    assert [finding.kind.code for finding in second.findings] == ["sops-reencrypted"]
    assert CANARY not in str(second.findings)


def test_an_earlier_text_that_is_not_sealed_is_replaced(sops: Sops, key: Key) -> None:
    before = EarlierFiles({PATH: "kind: Secret\n"}, {PATH: SealMark("0" * 64, (key.public,))})
    assert is_sealed(sealer(sops, key, before, age=key.file).seal(request(secret())).text)


@pytest.mark.parametrize(
    ("manifest", "pointers", "regex"),
    [
        ({"apiVersion": "v1", "kind": "Secret"}, [], "^(data|stringData)$"),
        ({"apiVersion": "v1", "kind": "Secret"}, ["/data/a", "/stringData/b"], "^(data|stringData)$"),
        ({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a.b/c": 1}}, ["/data/a.b~1c"], r"^(a\.b/c)$"),
        (
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {"checksum/db": "x"}}},
            ["/metadata/annotations/checksum~1db"],
            "^(checksum/db)$",
        ),
        ({"apiVersion": "a/v1", "kind": "K", "spec": {"args": ["x"]}}, ["/spec/args/0"], "^(args)$"),
        (
            {"apiVersion": "a/v1", "kind": "K", "metadata": {"name": "k"}, "spec": {"env": [{"name": "x"}]}},
            ["/spec/env/0/name"],
            "^(env)$",
        ),
        ({"apiVersion": "a/v1", "kind": "K", "spec": {"ref": {"kind": "x"}}}, ["/spec/ref/kind"], "^(ref)$"),
    ],
)
def test_the_expression_hides_the_leaf_and_never_the_identity(
    manifest: dict[str, Any], pointers: list[str], regex: str
) -> None:
    assert encrypted_regex(manifest, pointers) == regex


def test_a_secret_name_cannot_be_sealed() -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CANARY}}
    with pytest.raises(UsageError) as caught:
        encrypted_regex(manifest, ["/metadata/name"])
    assert CANARY not in str(caught.value)


def test_a_deployment_is_hidden_only_where_it_is_secret(sops: Sops, key: Key) -> None:
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "mlflow", "namespace": "ml", "annotations": {"checksum/db (x)": CANARY, "team": "vision"}},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "c", "args": ["--url", CANARY]}]}}},
    }
    pointers = ("/metadata/annotations/checksum~1db (x)", "/spec/template/spec/containers/0/args/1")
    sealed = sealer(sops, key).seal(request(manifest, *pointers))
    [document] = load_all(sealed.text)
    assert CANARY not in sealed.text
    assert document["metadata"]["name"] == "mlflow"
    assert document["metadata"]["annotations"]["team"] == "vision"
    assert document["spec"]["replicas"] == 3
    assert sops.decrypt(sealed.text, key.file) == manifest


def test_many_secrets_keep_their_order(sops: Sops, key: Key) -> None:
    requests = [request(secret(password=f"p{number}"), path=f"{number}.yaml") for number in range(12)]
    sealed = sealer(sops, key).seal_all(requests)
    assert [file.path for file in sealed] == [f"{number}.yaml" for number in range(12)]
    assert sops.decrypt(sealed[7].text, key.file)["stringData"] == {"password": "p7"}


def _with_wrong_letter(public: str) -> str:
    return public[:-1] + ("q" if public[-1] != "q" else "p")


def test_a_recipient_that_is_no_age_key_is_an_error_that_names_the_environment(sops: Sops, key: Key) -> None:
    for wrong in ("ssh-ed25519 AAAA", "", "age1xyz", key.public.upper(), _with_wrong_letter(key.public), key.private):
        with pytest.raises(UsageError) as caught:
            Sealer(sops, {"production": [wrong]}, None, EarlierFiles(), None)
        assert "production" in str(caught.value)
        assert not wrong or wrong not in str(caught.value)


def test_an_environment_without_recipient_is_an_error(sops: Sops, key: Key) -> None:
    with pytest.raises(UsageError, match="production"):
        sealer(sops, key).seal(request(secret(), environment="production"))


def test_a_missing_age_key_file_is_an_error(sops: Sops, key: Key, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SOPS_AGE_KEY_FILE"):
        sealer(sops, key, age=tmp_path / "missing")


def test_no_plaintext_shows_in_what_is_printed_by_accident(sops: Sops, key: Key) -> None:
    subject = sealer(sops, key)
    shown = repr((request(secret()), subject, subject.seal(request(secret())), vars(subject)))
    assert CANARY not in shown
    assert PASSWORD not in shown
    assert CANARY not in str(dict(os.environ))


def test_a_second_conversion_into_the_same_folder_changes_no_byte(sops: Sops, key: Key, tmp_path: Path) -> None:
    out = tmp_path / "out"
    trees = []
    for _ in range(2):
        with inspect(out) as output:
            [sealed] = sealer(sops, key, output.earlier).seal_all([request(secret())])
            write(output, merge(output, {PATH: sealed.text}), {PATH: sealed.mark})
        trees.append({path: path.read_bytes() for path in out.rglob("*") if path.is_file()})
    assert trees[0] == trees[1]
    assert len(trees[0]) == 3
    assert not [path for path, content in trees[0].items() if CANARY.encode() in content]
