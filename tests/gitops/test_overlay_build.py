from collections.abc import Iterable
from pathlib import Path

import pytest

from gitops_runbook.errors import UnreadableInput
from gitops_runbook.gitops.overlay_build import BuiltOverlays, overlay_build

ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: |\n    x\n    ---\n    y\n"
TWO = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  tag: "1e3"\n  number: 1e3\n'


class Recorded:
    def __init__(self, texts: dict[Path, str]) -> None:
        self.texts = texts
        self.asked: list[Path] = []

    def build_all(self, folders: Iterable[Path]) -> dict[Path, str]:
        self.asked = list(folders)
        return {folder: self.texts[folder] for folder in self.asked}


def test_folders_are_built_below_the_root_and_returned_as_they_were_asked_for() -> None:
    kustomize = Recorded({Path("/tree/apps/a"): ONE, Path("/tree/apps/b"): ""})
    built = overlay_build(kustomize)(Path("/tree"), [Path("apps/a"), Path("apps/b")])
    assert kustomize.asked == [Path("/tree/apps/a"), Path("/tree/apps/b")]
    assert [item["metadata"]["name"] for item in built[Path("apps/a")]] == ["a"]
    assert list(built) == [Path("apps/a"), Path("apps/b")]
    assert built[Path("apps/b")] == []


def test_documents_are_split_where_they_end_and_read_as_go_reads_them() -> None:
    (first, second) = BuiltOverlays({Path("o"): f"{ONE}---\n{TWO}"})[Path("o")]
    assert first["data"] == {"a": "x\n---\ny\n"}
    assert second["data"] == {"tag": "1e3", "number": 1000}


def test_what_stood_in_the_overlay_before_is_the_same_object_and_not_read_again() -> None:
    built = BuiltOverlays({Path("a"): f"{ONE}---\n{TWO}", Path("b"): f"{TWO}---\n{ONE.replace('x', 'z')}"})
    first, second = built[Path("a")], built[Path("b")]
    assert second[0] is first[1]
    assert second[1] != first[0]


def test_a_document_that_stands_twice_in_one_overlay_is_returned_twice() -> None:
    assert len(BuiltOverlays({Path("a"): f"{ONE}---\n{ONE}"})[Path("a")]) == 2


def test_a_build_that_is_no_yaml_is_refused_with_its_overlay() -> None:
    with pytest.raises(UnreadableInput, match="build of apps/a:2:1"):
        BuiltOverlays({Path("apps/a"): "a: 1\na: 2\n"})[Path("apps/a")]
