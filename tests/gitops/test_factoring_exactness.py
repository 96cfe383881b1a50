"""Whatever objects hold comes back exactly from the real kustomize: the known traps, and random objects."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_runbook.model.desired import Manifest
from tests.gitops.factoring_bench import Bench, bench, config_map, deployment, thing

__all__ = ["bench"]


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
