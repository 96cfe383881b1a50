from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.errors import CommandFailed

# What stands in the file → what kubectl, Kustomize, Helm and Flux see. PyYAML reads most of these otherwise.
GO_READING: dict[str, Any] = {
    "1e3": 1000, "1e+3": 1000, "1E3": 1000, "-.5": -0.5, "1.e1": 10, "1.0": 1, "1.50": 1.5,
    "0o14": 12, "014": 12, "08": 8, "0xff": 255, "0b11": 3, "1_000": 1000, "+1": 1,
    "yes": True, "on": True, "y": True, "No": False, "~": None, "null": None, "Null": None, "": None,
    "12:30:45": "12:30:45", "2024-01-01": "2024-01-01", "2024-01-01T00:00:00Z": "2024-01-01T00:00:00Z",
    "=": "=", "'1e3'": "1e3", '"0o14"': "0o14", "!!str 12": "12", "1234567e8": 123456700000000,
    "9007199254740993": 9007199254740993, "9223372036854775807": 9223372036854775807,
    "12345678901234567890": 12345678901234567000, "{}": {}, "[]": [], "[null, {a: null}]": [None, {"a": None}],
    '"a\\u00e9\\U0001F600<&>\\x7f"': "aé😀<&>\x7f",
}  # fmt: skip


def _widget(spec: str) -> str:
    return f"apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: a}}\nspec:\n{spec}"


_KUBERC = """
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: patch
  options: [{name: show-managed-fields, default: nonsense}]
"""


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    folder = tmp_path / "overlay"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: [a.yaml]\nnamePrefix: x-\n")
    (folder / "a.yaml").write_text(_widget("  tag: 1e3\n"))
    return folder


def test_ambiguous_scalars_are_read_as_go_reads_them(kustomize: Kustomize) -> None:
    text = _widget("".join(f"  k{number}: {scalar}\n" for number, scalar in enumerate(GO_READING)))

    [widget] = kustomize.read_manifests(text)

    read = {scalar: widget["spec"][f"k{number}"] for number, scalar in enumerate(GO_READING)}
    # repr tells 1 from True and from 1.0
    assert {scalar: repr(value) for scalar, value in read.items()} == {
        scalar: repr(value) for scalar, value in GO_READING.items()
    }


def test_nothing_is_defaulted_dropped_or_retyped(kustomize: Kustomize) -> None:
    manifests = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {}, "creationTimestamp": None},
         "spec": {"ports": [{"port": 80}], "unknown": {"x": None}}, "status": {}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "b-"}, "stringData": {"a": 1}},
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "c"},
         "spec": {"values": {"a": None, "b": {}, "c": [], "d": 1.5}}},
    ]  # fmt: skip

    assert kustomize.read_manifests("\n---\n".join(json.dumps(item) for item in manifests)) == manifests


def test_lists_are_taken_apart_and_order_is_kept(kustomize: Kustomize) -> None:
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in "dbca"]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items[1:3]})

    documents = (json.dumps(items[0]), "# only a comment", text, json.dumps(items[3]))

    assert kustomize.read_manifests("\n---\n".join(documents)) == items


@pytest.mark.parametrize("text", ["", "# comment\n", "---\n---\n", "null", "{apiVersion: v1, kind: List, items: []}"])
def test_a_text_without_objects_has_none(kustomize: Kustomize, text: str) -> None:
    assert kustomize.read_manifests(text) == []


def test_json_keeps_its_escapes_and_flow_yaml_is_yaml(kustomize: Kustomize) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "😀/"}}
    flow = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: 😀/}}"

    assert kustomize.read_manifests(json.dumps(manifest, ensure_ascii=True)) == [manifest]
    assert kustomize.read_manifests(flow) == [manifest]


@pytest.mark.parametrize("text", ["a: [", "apiVersion: v1\nmetadata: {name: a}\n", "- 1\n", "\tkind: x"])
def test_what_is_no_manifest_is_refused(kustomize: Kustomize, text: str) -> None:
    with pytest.raises(CommandFailed):
        kustomize.read_manifests(text)


def test_the_users_cluster_and_settings_are_not_looked_at(
    kustomize: Kustomize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "config"
    broken.write_text("{ no kubeconfig")
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "kuberc").write_text(_KUBERC)
    monkeypatch.setenv("KUBECONFIG", str(broken))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert len(kustomize.read_manifests(_widget("  a: 1\n"))) == 1
    assert [path.name for path in (tmp_path / ".kube").iterdir()] == ["kuberc"]


def test_build_gives_the_yaml_of_kustomize(kustomize: Kustomize, overlay: Path) -> None:
    [widget] = kustomize.read_manifests(kustomize.build(overlay))

    assert (widget["metadata"]["name"], widget["spec"]["tag"]) == ("x-a", 1000)


def test_build_all_keeps_the_order_and_builds_each_folder_once(kustomize: Kustomize, tmp_path: Path) -> None:
    folders = []
    for name in ("c", "a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "kustomization.yaml").write_text(f"resources: [a.yaml]\nnamePrefix: {name}-\n")
        (folder / "a.yaml").write_text(_widget("  tag: x\n"))
        folders.append(folder)

    built = kustomize.build_all([*folders, folders[0]])

    assert list(built) == folders
    assert all(f"name: {folder.name}-a" in text for folder, text in built.items())


def test_a_broken_overlay_among_many_is_named(kustomize: Kustomize, overlay: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "kustomization.yaml").write_text("resources: [absent.yaml]\n")

    with pytest.raises(CommandFailed, match=r"broken: exit code 1\n.*absent\.yaml"):
        kustomize.build_all([overlay, broken])
