from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_runbook.documents.json_values import canonical, leaves, with_value
from gitops_runbook.gitops.helm_values import PartedValues, part_values

_CANARY = "canary-9f2c"
_SENTINEL = "vault_0123_"

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~.", max_size=2), inner, max_size=3),
    max_leaves=12,
)
_VALUES = st.dictionaries(st.text("abc/~", min_size=1, max_size=2), _JSON, max_size=4)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as helm-controller merges values: maps deep, everything else replaced, nulls kept."""
    result = dict(first)
    for key, value in second.items():
        deep = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if deep else value
    return result


def _whole(parted: PartedValues) -> dict[str, Any]:
    assert parted.secret is not None
    return _merged(parted.secret, parted.inline)


def test_values_without_secrets_stay_inline() -> None:
    parted = part_values({"a": None, "b": {}}, (), {"a": None, "b": {}})
    assert parted == PartedValues({"a": None, "b": {}}, {}, is_parted=False)


def test_a_secret_leaf_moves_and_its_neighbours_stay() -> None:
    values = {"auth": {"user": "admin", "password": _SENTINEL}, "replicas": 2}
    plaintext = {"auth": {"user": "admin", "password": _CANARY}, "replicas": 2}
    parted = part_values(values, ["/auth/password"], plaintext)
    assert parted.inline == {"auth": {"user": "admin"}, "replicas": 2}
    assert parted.secret == {"auth": {"password": _CANARY}}


def test_a_list_with_a_secret_moves_as_a_whole_because_helm_replaces_lists() -> None:
    values = {"pods": [{"env": [{"name": "A", "value": "1"}, {"name": "B", "value": _SENTINEL}]}, None]}
    plaintext = {"pods": [{"env": [{"name": "A", "value": "1"}, {"name": "B", "value": _CANARY}]}, None]}
    parted = part_values(values, ["/pods/0/env/1/value"], plaintext)
    assert parted.inline == {}
    assert parted.secret == plaintext


def test_several_secrets_of_one_list_move_it_once() -> None:
    parted = part_values({"l": [_SENTINEL, _SENTINEL]}, ["/l/0", "/l/1"], {"l": ["x", "y"]})
    assert (parted.inline, parted.secret) == ({}, {"l": ["x", "y"]})


def test_values_that_are_secret_as_a_whole_move_as_a_whole() -> None:
    parted = part_values({"a": _SENTINEL}, [""], {"b": {"c": _CANARY}})
    assert parted == PartedValues({}, {"b": {"c": _CANARY}}, is_parted=True)


def test_without_the_plaintext_the_secret_is_unknown_and_nothing_of_it_stays_inline() -> None:
    parted = part_values({"a": {"b": _SENTINEL, "c": 1}}, ["/a/b"], None)
    assert parted == PartedValues({"a": {"c": 1}}, None, is_parted=True)


def test_a_secret_that_changes_the_shape_of_the_values_moves_what_it_shaped() -> None:
    values = {"config": _SENTINEL, "size": 1}
    plaintext = {"config": {"users": [_CANARY]}, "size": 1, "extra": True}
    parted = part_values(values, ["/config"], plaintext)
    assert parted.inline == {"size": 1}
    assert _whole(parted) == plaintext


def test_a_pointer_below_a_scalar_moves_the_scalar() -> None:
    parted = part_values({"config": _SENTINEL}, ["/config/users/0"], None)
    assert parted.inline == {}


def test_keys_with_slashes_tildes_and_dots_are_keys() -> None:
    values = {"annotations": {"example.org/a~b": _SENTINEL, "example.org": "plain"}}
    plaintext = {"annotations": {"example.org/a~b": _CANARY, "example.org": "plain"}}
    parted = part_values(values, ["/annotations/example.org~1a~0b"], plaintext)
    assert parted.inline == {"annotations": {"example.org": "plain"}}
    assert _whole(parted) == plaintext


@given(_VALUES, st.data())
def test_the_two_parts_merge_to_the_whole_and_no_secret_stays_inline(
    values: dict[str, Any], data: st.DataObject
) -> None:
    places = [pointer for pointer, _ in leaves(values) if pointer]
    secrets = data.draw(st.lists(st.sampled_from(places), unique=True)) if places else []
    plaintext: Any = values
    masked: Any = values
    for pointer in secrets:
        plaintext = with_value(plaintext, pointer, _CANARY)
        masked = with_value(masked, pointer, _SENTINEL)
    parted = part_values(masked, secrets, plaintext)
    assert canonical(_whole(parted)) == canonical(plaintext)
    assert _CANARY not in json.dumps(parted.inline)
    assert _SENTINEL not in json.dumps(parted.inline)
    assert part_values(masked, secrets, None).inline == parted.inline
    assert parted.is_parted == bool(secrets)
