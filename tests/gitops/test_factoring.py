"""Factoring is proven with the real kustomize: what is built from the files is what was put in, read by Go."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.factoring import Component, Resource
from gitops_runbook.gitops.patches import PatchKind
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference
from tests.gitops.factoring_bench import Bench, bench, config_map, deployment, of, thing
from tests.gitops.test_factoring_namespaces import team

__all__ = ["bench"]


@pytest.mark.parametrize("number", [1, 2, 9])
def test_any_number_of_environments_shares_a_base(bench: Bench, number: int) -> None:
    names = [f"env{index}" for index in range(number)]
    factored = bench.exact({name: [config_map(same="1"), config_map("b", value=name), thing()] for name in names})
    assert factored.rounds == 1
    assert factored.statistics.shared == (2 if number > 1 else 3)
    if number == 1:
        assert set(factored.files) == {
            "apps/base/kustomization.yaml",
            "apps/base/w.yaml",
            "apps/env0/kustomization.yaml",
        }


def test_the_base_is_the_object_most_environments_have_and_others_add_to(bench: Bench) -> None:
    common, more = config_map(a="1"), config_map(a="1", extra="2")
    factored = bench.exact({"a": [more], "b": [common], "c": [common], "d": [config_map(a="9")]})
    assert "extra" not in factored.files["apps/base/w.yaml"]
    assert factored.statistics.patches == {PatchKind.MERGE: 2, PatchKind.REPLACE: 0, PatchKind.JSON: 0}


def test_objects_of_some_environments_stand_in_those_overlays_alone(bench: Bench) -> None:
    factored = bench.exact(
        {"a": [config_map("x"), config_map("y")], "b": [config_map("y")], "c": [config_map("y"), config_map("x")]}
    )
    assert "name: x" not in factored.files["apps/base/w.yaml"]
    assert [path for path in factored.files if path.endswith("/w.yaml")] == [
        "apps/a/w.yaml",
        "apps/base/w.yaml",
        "apps/c/w.yaml",
    ]


def test_an_environment_with_nothing_gets_a_valid_overlay_and_a_component_nobody_uses_none(bench: Bench) -> None:
    component = Component("apps/base", {"a": "apps/a", "b": "apps/b"}, {"a": [Resource(config_map(), "w")]})
    unused = Component("infrastructure/base/configs", {"a": "infrastructure/a/configs"}, {"a": []})
    factored = bench.factor([component, unused])
    assert bench.wrong(component, factored) == {}
    assert bench.built(factored, "apps/b") == {}
    assert bench.built(factored, "apps/base") == {}
    assert not [path for path in factored.files if path.startswith("infrastructure")]
    assert bench.factor([unused]).files == {}


def test_a_workload_is_one_file_in_task_order_with_its_comments(bench: Bench) -> None:
    items = [
        Resource(config_map("z"), "mlflow", "first (a.yml:1)"),
        Resource(config_map("a"), "mlflow", "second (a.yml:9)"),
    ]
    component = Component("infrastructure/base/configs", {"s": "infrastructure/s/configs"}, {"s": items})
    factored = bench.factor([component])
    text = factored.files["infrastructure/base/configs/mlflow.yaml"]
    assert (
        text.index("# first (a.yml:1)\n")
        < text.index("name: z")
        < text.index("---\n# second")
        < text.index("name: a\n")
    )
    assert "- ../../base/configs\n" in factored.files["infrastructure/s/configs/kustomization.yaml"]


def test_strategic_merges_of_a_workload_share_a_file_and_json_patches_have_their_own(bench: Bench) -> None:
    factored = bench.exact(
        {
            "a": [config_map("p", k="1"), config_map("q", k="1"), thing("r", k="1"), thing("r", "y", k="1")],
            "b": [config_map("p", k="2"), config_map("q", k="2"), thing("r", k=1), thing("r", "y", k=1)],
        }
    )
    assert sorted(path for path in factored.files if "patches" in path) == [
        "apps/b/patches/w-thing-r-y.yaml",
        "apps/b/patches/w-thing-r.yaml",
        "apps/b/patches/w.yaml",
    ]


def test_only_current_fields_are_used(bench: Bench) -> None:
    factored = bench.exact({"a": [config_map(k="1"), thing(k="1")], "b": [config_map(k="2"), thing(k=1)]})
    for path, text in factored.files.items():
        if path.endswith("kustomization.yaml"):
            keys = {line.partition(":")[0] for line in text.splitlines() if line[0] not in " -"}
            assert keys <= {"apiVersion", "kind", "resources", "patches"}, path


def test_a_json_patch_meets_its_own_object_only(bench: Bench) -> None:
    knative = {**thing(k="1"), "apiVersion": "serving.knative.dev/v1", "kind": "Service"}
    core = {**thing(k="1"), "apiVersion": "v1", "kind": "Service"}
    dotted = [
        thing("a.b", k="1"),
        thing("axb", k="1"),
        thing("a", "", k="1"),
        thing("a", "y", k="1"),
        thing("ab", k="1"),
    ]
    base = [core, knative, *dotted]
    changed = {
        f"e{changed}": [{**item, "spec": {"k": 1}} if index == changed else item for index, item in enumerate(base)]
        for changed in range(len(base))
    }
    factored = bench.exact({"a": base, **changed})
    assert factored.statistics.patches[PatchKind.JSON] == len(base)


def test_sealed_files_are_written_as_they_are_and_never_shared(bench: Bench) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "x"}}
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: x}\ndata: {a: 'ENC[AES256_GCM]'}\nsops: {}\n"
    pull = {**secret, "kind": "Thing", "apiVersion": "x.example.org/v1"}
    items = [
        Resource(config_map(), "w"),
        Resource(secret, "w", sealed=text),
        Resource(pull, "w", sealed=text.replace("Secret", "Thing").replace(" v1", " x.example.org/v1")),
    ]
    component = Component("apps/base", {"a": "apps/a", "b": "apps/b"}, {"a": items, "b": items})
    factored = bench.factor([component])
    assert bench.wrong(component, factored) == {}
    assert factored.files["apps/a/secrets/x-s.yaml"] == text
    assert "apps/b/secrets/x-s-thing.yaml" in factored.files
    assert "ENC" not in "".join(content for path, content in factored.files.items() if "/base/" in path)
    assert factored.statistics.sealed == 4


@pytest.mark.parametrize("file", ["kustomization", "Kustomization", "a b/c", "..", "patches", "secrets"])
def test_no_name_of_a_workload_breaks_the_tree(bench: Bench, file: str) -> None:
    component = of({"a": [config_map(k="1"), config_map("own")], "b": [config_map(k="2")]}, file)
    assert bench.wrong(component, bench.factor([component])) == {}


def test_the_same_input_gives_the_same_bytes_in_any_order_of_environments(bench: Bench) -> None:
    objects = {name: [*team(name), thing("z", k=name)] for name in ("b", "a", "c")}
    first = bench.factor([of(objects)])
    again = bench.factor([of(copy.deepcopy(objects))])
    turned = bench.factor([of(dict(reversed(objects.items())))])
    assert list(first.files.items()) == list(again.files.items()) == list(turned.files.items())


def test_what_does_not_come_back_is_escalated_step_by_step_until_it_stands_whole_in_every_overlay(bench: Bench) -> None:
    objects = {
        "a": [deployment(container={"image": "x"}), thing()],
        "b": [deployment(container={"image": "y"}), thing()],
    }
    asked: list[list[Path]] = []

    def spoilt(root: Path, folders: Sequence[Path]) -> Mapping[Path, Sequence[Manifest]]:
        """Return a Deployment that came from base wrong, as if kustomize had a defect."""
        asked.append(list(folders))
        built = {folder: list(items) for folder, items in bench.build(root, folders).items()}
        in_base = "kind: Deployment" in (root / "apps/base/w.yaml").read_text()
        return {
            folder: [
                {**item, "x": 1} if in_base and item["kind"] == "Deployment" and folder.name == "b" else item
                for item in items
            ]
            for folder, items in built.items()
        }

    component = of(objects)
    factored = bench.factor([component], spoilt)
    assert bench.wrong(component, factored) == {}
    assert factored.statistics.whole == 1
    assert factored.rounds == len(asked) == 4
    assert asked == [
        [Path("apps/a"), Path("apps/b")],
        [Path("apps/b")],
        [Path("apps/b")],
        [Path("apps/a"), Path("apps/b")],
    ]
    assert not [path for path in factored.files if "patches" in path]


def test_an_overlay_that_kustomize_refuses_is_written_without_strategic_merges(bench: Bench) -> None:
    def refusing(root: Path, folders: Sequence[Path]) -> Mapping[Path, Sequence[Manifest]]:
        if any((root / folder / "patches/w.yaml").exists() for folder in folders):
            raise CommandFailed("kustomize", "wrong node kind", "look at the patch")
        return bench.build(root, folders)

    component = of({"a": [config_map(k="1")], "b": [config_map(k="2")], "c": [config_map(k="2")]})
    factored = bench.factor([component], refusing)
    assert bench.wrong(component, factored) == {}
    assert factored.statistics.patches[PatchKind.JSON] == 1


def test_an_overlay_that_is_refused_with_nothing_to_escalate_is_an_error(bench: Bench) -> None:
    twice = [config_map("a", k="1"), config_map("a", k="2")]
    with pytest.raises(CommandFailed):
        bench.factor([of({"a": twice, "b": []})])


@pytest.mark.parametrize("manifest", [config_map(a="x\x7f"), config_map(**{"a\x80": "x"}), thing(a=["\uffff"])])
def test_what_kustomize_cannot_carry_at_all_is_refused_by_name(bench: Bench, manifest: Manifest) -> None:
    with pytest.raises(UnreadableInput) as caught:
        bench.factor([of({"a": [config_map("other"), manifest], "b": [config_map("other")]})])
    assert str(ObjectReference.of(manifest)) in caught.value.subject


LOCAL = {"name": "a", "namespace": "x", "annotations": {"config.kubernetes.io/local-config": "true"}}


@pytest.mark.parametrize(
    "manifest", [{**config_map(), "metadata": LOCAL}, config_map(a="\x85"), thing(**{"<<": {"k": 1}})]
)
def test_what_kustomize_changes_wherever_it_stands_is_reported(bench: Bench, manifest: Manifest) -> None:
    factored = bench.factor([of({"a": [manifest, config_map("b")], "b": [manifest, config_map("b")]})])
    assert factored.inexact == tuple((name, ObjectReference.of(manifest)) for name in ("a", "b"))
    assert factored.statistics.shared == 1
