"""Factoring is proven with the real kustomize: what is built from the files is what was put in, read by Go."""

import copy
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.documents.json_values import Difference, Json, differences
from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.components import cleaned
from gitops_runbook.gitops.factoring import Component, Factored, Resource, factor
from gitops_runbook.gitops.overlay_build import Build, overlay_build
from gitops_runbook.gitops.patches import PatchKind
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference

Objects = Mapping[str, Sequence[Manifest]]


@dataclass
class Bench:
    """Factors, writes, builds with kustomize and reads with Go."""

    kustomize: Kustomize
    folder: Path
    numbers: Any

    @property
    def build(self) -> Build:
        return overlay_build(self.kustomize)

    def factor(self, components: Sequence[Component], build: Build | None = None) -> Factored:
        return factor(components, build or self.build, self.folder / f"scratch-{next(self.numbers)}")

    def built(self, factored: Factored, folder: str) -> dict[ObjectReference, Manifest]:
        root = self.folder / f"tree-{next(self.numbers)}"
        for path, text in factored.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8", newline="")
        manifests = self.kustomize.read_manifests(self.kustomize.build(root / folder))
        return {ObjectReference.of(manifest): manifest for manifest in manifests}

    def wrong(self, component: Component, factored: Factored) -> dict[str, list[Difference]]:
        """List per environment what the built tree has otherwise than it was asked for."""
        found = {}
        for environment, folder in component.overlays.items():
            items = component.resources.get(environment, ())
            expected = {key(item.reference): cleaned(item.manifest) for item in items if item.sealed is None}
            sealed = {item.reference for item in items if item.sealed is not None}
            actual = self.built(factored, folder)
            assert sealed <= actual.keys()
            seen = {key(name): cleaned(manifest) for name, manifest in actual.items() if name not in sealed}
            if difference := differences(expected, seen):
                found[environment] = difference
        return found

    def exact(self, objects: Objects) -> Factored:
        component = of(objects)
        factored = self.factor([component])
        assert self.wrong(component, factored) == {}
        assert factored.inexact == ()
        return factored


def key(reference: ObjectReference) -> str:
    return f"{reference.api_version} {reference}"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is needed for its kustomize and is not installed")
    return Bench(Kustomize(Path(found)), tmp_path, count())


def of(objects: Objects, file: str = "w") -> Component:
    return Component(
        "apps/base",
        {environment: f"apps/{environment}" for environment in objects},
        {name: [Resource(item, file, f"task of {name}") for item in items] for name, items in objects.items()},
    )


def thing(name: str = "a", namespace: str = "x", /, **spec: Json) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "x.example.org/v1", "kind": "Thing", "metadata": metadata, "spec": spec}


def config_map(name: str = "a", namespace: str = "x", /, **data: Json) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def deployment(name: str = "a", namespace: str = "x", *, container: Mapping[str, Any], **pod: Json) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": name}}, "spec": {"containers": [{"name": "c", **container}], **pod}}
    spec = {"selector": {"matchLabels": {"a": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def env(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


PORT = {"containerPort": 80}
VALUES: list[Any] = [
    1,
    "1",
    True,
    "true",
    "100%",
    None,
    "null",
    1.5,
    "1.5",
    "a",
    "on",
    1.0,
    {},
    [],
    [None],
    {"a": None},
]
CHANGES: dict[str, tuple[Manifest, Manifest]] = {
    "nulls": (thing(a=None, b=1, c={"d": None}), thing(b=None, c={"d": 1}, e=None)),
    "empty containers": (thing(a={}, b=[], c={"d": 1}, e=[1]), thing(a={"d": 1}, b=[1], c={}, e=[], f={}, g=[])),
    "numbers": (thing(a=1.0, b=1, c=0.1, d=2**63 - 1, e=1e22), thing(a=1, b=1.0, c=1e-7, d=-(2**63), e=1e21)),
    "quoted numbers": (config_map(a="1", b="1e3", c="0o14"), config_map(a="2", b="08", c=".5")),
    "number to string in a built-in": (
        deployment(container={"livenessProbe": {"httpGet": {"port": 80}}}),
        deployment(container={"livenessProbe": {"httpGet": {"port": "http"}}}),
    ),
    "string to number in a built-in": (
        deployment(container={"livenessProbe": {"httpGet": {"port": "http"}}}),
        deployment(container={"livenessProbe": {"httpGet": {"port": 80}}}),
    ),
    "an element more in front": (
        deployment(container={"env": env(B="$(A)", C="c")}), deployment(container={"env": env(A="1", B="$(A)", C="c")}),
    ),
    "elements in another order": (
        deployment(container={"env": env(A="1", B="$(A)")}), deployment(container={"env": env(B="$(A)", A="1")}),
    ),
    "an element twice": (
        deployment(container={"env": [*env(A="1"), *env(A="2")]}),
        deployment(container={"env": [*env(A="1"), *env(A="3")]}),
    ),
    "ports that share a number": (
        deployment(container={"ports": [{**PORT, "name": "a"}, {**PORT, "name": "b", "protocol": "UDP"}]}),
        deployment(container={"ports": [{**PORT, "name": "z"}, {**PORT, "name": "b", "protocol": "UDP"}]}),
    ),
    "lists without merge key": (
        deployment(container={"args": ["a", "b"]}, tolerations=[{"key": "a"}, {"key": "b"}]),
        deployment(container={"args": ["b"]}, tolerations=[{"key": "b", "operator": "Exists"}]),
    ),
    "a kind of volume": (
        deployment(container={}, volumes=[{"name": "v", "emptyDir": {}}]),
        deployment(container={}, volumes=[{"name": "v", "configMap": {"name": "c"}}]),
    ),
    "an image of one of two containers": (
        deployment(container={"image": "a:1.10"}, initContainers=[{"name": "i", "image": "b"}]),
        deployment(container={"image": "a:1e3"}, initContainers=[{"name": "i", "image": "b"}]),
    ),
    "finalizers, which merge": (
        {**thing(), "metadata": {"name": "a", "finalizers": ["a.org/x", "a.org/y"]}},
        {**thing(), "metadata": {"name": "a", "finalizers": ["a.org/y"]}},
    ),
    "finalizers of a built-in": (
        {**config_map(), "metadata": {"name": "a", "finalizers": ["a.org/x", "a.org/y"]}},
        {**config_map(), "metadata": {"name": "a", "finalizers": ["a.org/y"]}},
    ),
    "keys with slashes, tildes and nothing": (
        thing(**{"a/b": 1, "c~d": {"~1": 1}, "": 1}), thing(**{"a/b": 2, "c~d": {"~1": "1"}, "": 2}),
    ),
    "keys that look like values": (
        thing(**{"1": 1, "no": 1, "null": 1, "=": 1}), thing(**{"1": 2, "no": "2", "null": 2, "=": 2}),
    ),
    "directives as data": (thing(a={"$patch": "delete", "b": 1}), thing(a={"$patch": "replace", "b": 2})),
    "strings with dollars": (config_map(a="${A} $(B) $$"), config_map(a="$patch $(A)${X:-y}")),
    "CRLF, tabs and blanks": (
        config_map(a="a\r\nb\r\n", b=" x \n\n", c="\tx\n"), config_map(a="a\nb\r\n", b=" x\n", c="\tx"),
    ),
    "unicode": (
        config_map(a="é日本😀", b="\u2028\ufeff", c="\x07\x1b[0m"), config_map(a="e\u0301", b="\u2029", c="\x1f"),
    ),
    "a large text": (config_map(a="text: with colon\n" * 15_000), config_map(a="text: with colon\n" * 15_000 + "x")),
    "a long line": (config_map(a="word " * 20_000), config_map(a="word " * 20_000 + "x")),
    "annotations that are empty": (
        {**config_map(a="1"), "metadata": {"name": "a", "annotations": {}, "labels": None}},
        {**config_map(a="2"), "metadata": {"name": "a", "labels": {"x": "1"}}},
    ),
    "annotations that appear": (
        {**thing(), "metadata": {"name": "a", "labels": {"x": "1"}}},
        {**thing(), "metadata": {"name": "a", "annotations": {"a/b~c": "true", "multi": "a\nb\n"}}},
    ),
    "the data itself": ({**config_map(), "data": None}, {**config_map(), "binaryData": {"a": "AAE="}}),
    "a list in a list": (thing(a=[[1, 2], [3]]), thing(a=[[1, "2"], [3, 4], []])),
    "creationTimestamp null": (
        {**thing(), "metadata": {"name": "a", "creationTimestamp": None}}, {**thing(), "metadata": {"name": "a"}},
    ),
}  # fmt: skip


def named(manifest: Manifest, name: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "name": name.replace(" ", "-").replace(",", "").lower()}}


@pytest.mark.parametrize("turned", [False, True], ids=["one way", "the other way"])
def test_each_known_trap_comes_back_exactly(bench: Bench, turned: bool) -> None:  # noqa: FBT001
    sides = (1, 0) if turned else (0, 1)
    base, other = ([named(pair[side], name) for name, pair in CHANGES.items()] for side in sides)
    before = copy.deepcopy((base, other))
    factored = bench.exact({"a": base, "b": base, "c": other})
    assert factored.statistics.whole == factored.statistics.overlay_only == 0, "all are patched, none written twice"
    assert (base, other) == before


def test_every_change_of_type_comes_back_exactly(bench: Bench) -> None:
    pairs = [(one, other) for one in VALUES for other in VALUES]
    base = [thing(f"n{index}", k=one, l={"m": one}, n=[{"o": one}]) for index, (one, _) in enumerate(pairs)]
    overlay = [thing(f"n{index}", k=other, l={"m": other}, n=[{"o": other}]) for index, (_, other) in enumerate(pairs)]
    factored = bench.exact({"a": base, "b": base, "c": overlay})
    assert factored.statistics.whole == 0


def crd() -> dict[str, Any]:
    schema = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "default": {},
        "properties": {"a": {"enum": ["1", 1, None]}},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {
        "group": "x.example.org",
        "names": {"kind": "Thing", "plural": "things"},
        "scope": "Namespaced",
        "versions": [version],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.x.example.org"},
        "spec": spec,
    }


def test_definitions_of_custom_resources_are_patched_too(bench: Bench) -> None:
    other = copy.deepcopy(crd())
    other["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["a"] = {"type": "integer", "default": 0}
    assert bench.exact({"a": [crd()], "b": [other]}).statistics.patched == 1


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
    for changed in range(7):
        base = [core, knative, *dotted]
        other = [{**item, "spec": {"k": 1}} if index == changed else item for index, item in enumerate(base)]
        bench.exact({"a": base, "b": base, "c": other})


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


def team(environment: str, **data: str) -> list[Manifest]:
    name = f"team-{environment}"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa", "namespace": name}}
    subject = {"kind": "ServiceAccount", "name": "sa", "namespace": name}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b"}}
    binding = {**kind, "roleRef": role, "subjects": [subject]}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        account,
        binding,
        config_map("c", name, host=f"db.{name}.svc", **data),
        config_map("same", name, k="1"),
        thing("t", name, k=1),
    ]


def test_namespaces_that_differ_share_a_base_and_come_back(bench: Bench) -> None:
    factored = bench.exact({name: team(name) for name in ("staging", "production", "test")})
    assert factored.namespaces == {"team": {name: f"team-{name}" for name in ("staging", "production", "test")}}
    assert factored.statistics.overlay_only == 0
    assert factored.statistics.shared == 4
    assert "namespace: team\n" in factored.files["apps/base/w.yaml"]


def test_what_only_some_environments_have_in_such_a_namespace_keeps_the_real_name(bench: Bench) -> None:
    staging = [*team("staging"), config_map("more", "team-staging")]
    factored = bench.exact({"staging": staging, "production": team("production")})
    assert "namespace: team-staging" in factored.files["apps/staging/w.yaml"]


def test_namespaces_are_mapped_alike_in_all_components(bench: Bench) -> None:
    names = ("staging", "production")
    first = Component(
        "infra/base",
        {name: f"infra/{name}" for name in names},
        {name: [Resource(team(name)[0], "n")] for name in names},
    )
    rest = of({name: team(name)[1:] for name in names})
    factored = bench.factor([first, rest])
    assert bench.wrong(first, factored) == {}
    assert bench.wrong(rest, factored) == {}
    assert "name: team\n" in factored.files["infra/base/n.yaml"]


def test_a_mapping_that_kustomize_spreads_to_other_objects_is_given_up(bench: Bench) -> None:
    # This binding means a namespace that happens to be called like the logical one; kustomize would move it along.
    binding = {
        **team("x")[2],
        "metadata": {"name": "stranger"},
        "subjects": [{"kind": "ServiceAccount", "name": "sa", "namespace": "team"}],
    }
    factored = bench.exact({name: [*team(name), binding] for name in ("staging", "production")})
    assert factored.namespaces == {}
    assert factored.statistics.overlay_only == 10


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


words = st.sampled_from(["a", "b", "1", "true", "no", "x/y", "~", "$a", "é", "1e3", "a b", "", "null", "-"])
carried = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters=[*map(chr, range(0x7F, 0xA0))])
text = words | st.text(carried, max_size=6) | st.text(alphabet=" \n\r\t#:-a", max_size=8)
leaf = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e20, 1e20) | text
tree = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
)
element = st.fixed_dictionaries({"name": st.sampled_from(["a", "b", "c"])}, optional={"value": text, "k": tree})
pods = st.fixed_dictionaries(
    {},
    optional={
        "containers": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(["c", "d"])},
                optional={"env": st.lists(element, max_size=3), "args": st.lists(text, max_size=2), "image": text},
            ),
            max_size=2,
        ),
        "volumes": st.lists(element, max_size=2),
        "tolerations": st.lists(st.dictionaries(words, text, max_size=2), max_size=2),
        "nodeSelector": st.dictionaries(words, text, max_size=2),
    },
)
objects = st.one_of(
    st.builds(
        lambda name, data: config_map(name, **data),
        words.map(lambda w: "n" + w.encode().hex()),
        st.dictionaries(words, text, max_size=3),
    ),
    st.builds(lambda name, spec: {**thing(name), "spec": spec}, st.sampled_from(["p", "q"]), tree),
    st.builds(
        lambda name, spec: {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "x"},
            "spec": spec,
        },
        st.sampled_from(["p", "q"]),
        pods,
    ),
)
environments = st.lists(objects, max_size=5, unique_by=lambda item: (item["kind"], item["metadata"]["name"]))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(environments, min_size=1, max_size=3).filter(any))
def test_building_what_was_factored_is_the_identity(bench: Bench, several: list[list[Manifest]]) -> None:
    bench.exact({f"e{index}": items for index, items in enumerate(several)})
