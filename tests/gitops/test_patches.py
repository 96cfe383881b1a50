import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_runbook.documents.json_values import Json, differences, merge_patch, with_value, without
from gitops_runbook.gitops.patches import PatchKind, json_operations, patches, strategic_merge, target
from gitops_runbook.model.references import ObjectReference


def config_map(**data: Json) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "x"}, "data": data}


def custom(**spec: Json) -> dict[str, Any]:
    return {"apiVersion": "x.example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}


def pod(**spec: Json) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "x"}, "spec": spec}


def kinds(base: dict[str, Any], wanted: dict[str, Any]) -> list[PatchKind]:
    return [patch.kind for patch in patches(base, wanted)]


def test_equal_objects_need_no_patch_whatever_the_order_of_their_keys() -> None:
    assert patches(config_map(a="1", b="2"), config_map(b="2", a="1")) == []
    assert patches(custom(a=1), custom(a=1.0)) == []


def test_a_strategic_merge_holds_the_identity_and_the_change() -> None:
    patch = patches(config_map(a="1", b="2", c="3"), config_map(a="1", b="9", d="4"))[0]
    assert patch.kind is PatchKind.MERGE
    assert patch.content == config_map(b="9", d="4", c=None)


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        ({"k": "1"}, {"k": 1}), ({"k": "true"}, {"k": True}), ({"k": "x"}, {"k": None}), ({"k": 1}, {"k": None}),
        ({}, {"k": None}), ({}, {"k": {"l": None}}), ({}, {"k": [{"l": None}]}), ({"k": None}, {"k": "x"}),
        ({"k": {"l": 1}}, {"k": "x"}), ({"k": "x"}, {"k": {"l": 1}}), ({"k": [1]}, {"k": {"l": 1}}),
        ({"k": {"l": 1}}, {"k": [1]}), ({"k": "x"}, {"k": ["x"]}), ({"k": [1]}, {"k": [None]}),
        ({"k": {"l": 1}}, {"k": {"l": 1, "$patch": "delete"}}), ({}, {"k": {"$patch": "replace"}}),
        ({}, {"k": {"l": {"$retainKeys": ["a"]}}}), ({"": 1}, {"": 2}), ({}, {"k": {"": 1}}),
    ],
)  # fmt: skip
def test_what_strategic_merge_gets_wrong_is_a_json_patch_at_once(base: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert kinds(custom(**base), custom(**wanted)) == [PatchKind.JSON]


def test_a_json_patch_is_always_a_candidate() -> None:
    assert kinds(pod(containers=[{"name": "a", "image": "x"}]), pod(containers=[{"name": "a", "image": "y"}])) == [
        PatchKind.MERGE,
        PatchKind.REPLACE,
        PatchKind.JSON,
    ]


def test_lists_merge_by_key_only_while_their_keys_and_order_are_the_same() -> None:
    base = pod(containers=[{"name": "c", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}])
    changed = copy.deepcopy(base)
    changed["spec"]["containers"][0]["env"][1]["value"] = "3"
    turned = copy.deepcopy(base)
    turned["spec"]["containers"][0]["env"].reverse()
    merged = strategic_merge(base, changed, replace_lists=False)
    replaced = strategic_merge(base, turned, replace_lists=False)
    assert merged is not None
    assert merged["spec"] == {"containers": [{"name": "c", "env": [{"name": "B", "value": "3"}]}]}
    assert replaced is not None
    assert replaced["spec"]["containers"][0]["env"][0] == {"$patch": "replace"}


def test_a_small_change_in_a_long_list_of_a_custom_resource_is_not_written_as_the_whole_list() -> None:
    items = [{"name": f"n{index}", "weight": index} for index in range(30)]
    changed = [*items[:-1], {"name": "n29", "weight": 0}]
    first, second = patches(custom(items=items), custom(items=changed))
    assert second.kind is PatchKind.MERGE
    assert first.content == [{"op": "replace", "path": "/spec/items/29/weight", "value": 0}]


def apply_operations(value: Json, operations: list[dict[str, Any]]) -> Json:
    """RFC 6902, as an independent reader would apply it."""
    for operation in operations:
        if operation["op"] == "remove":
            value = without(value, operation["path"])
        else:
            value = with_value(value, operation["path"], operation["value"])
    return value


leaf = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "1", "a", "a/b~c"])
tree = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b/c", "~", ""]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(tree, tree)
def test_applying_the_json_operations_gives_what_was_wanted(base: Json, wanted: Json) -> None:
    before = copy.deepcopy(base)
    operations = list(json_operations(base, wanted))
    assert differences(wanted, apply_operations(base, operations)) == []
    assert bool(operations) is bool(differences(base, wanted))
    assert base == before


@given(st.dictionaries(st.text(max_size=2), tree, max_size=3), st.dictionaries(st.text(max_size=2), tree, max_size=3))
def test_a_strategic_merge_of_a_custom_resource_is_a_merge_patch(base: Json, wanted: Json) -> None:
    patch = strategic_merge(custom(**base), custom(**wanted), replace_lists=False)
    if patch is not None:
        assert differences(custom(**wanted), merge_patch(custom(**base), patch)) == []


def reference(text: str) -> ObjectReference:
    api_version, kind, namespace, name = text.split(" ")
    return ObjectReference(api_version, kind, namespace.strip("-"), name)


def test_a_target_is_anchored_and_escaped() -> None:
    assert target(reference("apps/v1 Deployment ml mlflow"), []) == {
        "group": "apps", "version": "v1", "kind": "Deployment", "name": "^mlflow$", "namespace": "^ml$",
    }  # fmt: skip
    crd = target(reference("apiextensions.k8s.io/v1 CustomResourceDefinition - kafkas.strimzi.io"), [])
    assert crd["name"] == "^kafkas[.]strimzi[.]io$"
    assert "namespace" not in crd


def test_a_target_tells_the_core_group_and_no_namespace_apart_from_their_rivals() -> None:
    core, knative = reference("v1 Service x a"), reference("serving.knative.dev/v1 Service x a")
    assert target(core, [core, knative])["group"] == "^$"
    assert "group" not in target(core, [core])
    bare, placed = reference("example.org/v1 Thing - a"), reference("example.org/v1 Thing x a")
    assert target(bare, [bare, placed])["namespace"] == "^default$"
