"""The parts of the oracle that need no program; the rest is exercised by every test that uses the oracle."""

from pathlib import Path

import pytest

from .flags import read_helm, read_kubectl
from .go_programs import decode_all
from .kinds import KindTable, plural_of, scan_kinds
from .selectors import selects
from .store import merge_patch


def test_helm_flags_are_read_in_every_spelling() -> None:
    line = read_helm(["--version=1.10", "upgrade", "-i", "x", "a/b", "-f=one.yaml", "-f", "two.yaml", "-nns", "--wait"])
    assert line.words == ["upgrade", "x", "a/b"]
    assert line.all("values") == ["one.yaml", "two.yaml"]
    assert (line.last("namespace"), line.last("version")) == ("ns", "1.10")
    assert line.on("install")
    assert line.on("wait")
    assert not read_helm(["upgrade", "--reuse-values=False"]).on("reuse-values")


def test_kubectl_keeps_what_follows_the_double_dash() -> None:
    line = read_kubectl(["exec", "-n", "a", "pod/x", "--", "sh", "-c", "true"])
    assert (line.words, line.rest) == (["exec", "pod/x"], ["sh", "-c", "true"])
    assert read_kubectl(["apply", "-f", "-"]).all("filename") == ["-"]


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("Endpoints", "endpoints"),
    ],
)
def test_plurals(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_a_definition_teaches_its_kind() -> None:
    table = KindTable()
    assert table.find("x.io/v1", "Foo") is None
    names = {"kind": "Foo", "plural": "fooses"}
    table.add_definition({"spec": {"group": "x.io", "scope": "Cluster", "names": names, "versions": [{"name": "v1"}]}})
    found = table.at("x.io/v1", "fooses")
    assert found is not None
    assert not found.namespaced


def test_kinds_are_found_in_templates(tmp_path: Path) -> None:
    text = '{% if x %}\n---\nkind: Kafka\napiVersion: kafka.strimzi.io/v1beta2\n{% endif %}\nkind: "{{ kind }}"\n'
    (tmp_path / "a.yml.j2").write_text(text, encoding="utf-8")
    assert list(scan_kinds(tmp_path)) == [("kafka.strimzi.io/v1beta2", "Kafka", True)]


def test_merge_patch_follows_the_rfc() -> None:
    assert merge_patch({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None}, "d": [2]}) == {"a": {"c": 2}, "d": [2]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [("a=1", True), ("a==1,b", False), ("a!=1", False), ("a in (1, 2)", True), ("a notin (1)", False), ("!b", True)],
)
def test_label_selectors(selector: str, expected: bool) -> None:  # noqa: FBT001 - a table of examples
    assert selects({"labelSelector": selector}, {"metadata": {"labels": {"a": "1"}}}) is expected


def test_lists_are_flattened() -> None:
    assert [one["kind"] for one in decode_all('{"kind": "A"}\n{"kind": "List", "items": [{"kind": "B"}]}')] == [
        "A",
        "B",
    ]
