import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_runbook.documents.json_values import (
    ABSENT,
    Difference,
    Json,
    canonical,
    differences,
    digest,
    get,
    leaves,
    merge_patch,
    with_value,
    without,
)

RFC_6901 = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=12
)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
        ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_the_examples_of_rfc_6901_are_resolved(pointer: str, value: object) -> None:
    assert get(RFC_6901, pointer) == value


@pytest.mark.parametrize("pointer", ["/nothing", "/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/0/x", "/a~1b/0"])
def test_what_is_not_there_cannot_be_read_or_removed(pointer: str) -> None:
    with pytest.raises(KeyError):
        get(RFC_6901, pointer)
    with pytest.raises(KeyError):
        without(RFC_6901, pointer)


def test_a_pointer_starts_with_a_slash() -> None:
    with pytest.raises(ValueError, match="slash"):
        get({"a": 1}, "a")


def test_setting_adds_replaces_appends_and_leaves_the_original_alone() -> None:
    original = {"a": {"l": [1, 2]}}
    before = copy.deepcopy(original)
    assert with_value(original, "/a/x~1y", 3) == {"a": {"l": [1, 2], "x/y": 3}}
    assert with_value(original, "/a/l/0", None) == {"a": {"l": [None, 2]}}
    assert with_value(original, "/a/l/-", 3) == {"a": {"l": [1, 2, 3]}}
    assert with_value(original, "", []) == []
    assert without(original, "/a/l/0") == {"a": {"l": [2]}}
    assert original == before


@pytest.mark.parametrize("pointer", ["/a/x/y", "/a/l/2", "/a/l/x", "/a/l/0/z"])
def test_setting_does_not_invent_parents(pointer: str) -> None:
    with pytest.raises(KeyError):
        with_value({"a": {"l": [1, 2]}}, pointer, 1)


def test_the_whole_document_cannot_be_removed() -> None:
    with pytest.raises(KeyError):
        without({}, "")


def test_empty_containers_are_leaves_and_keys_are_escaped() -> None:
    value: Json = {"a/b": {"~": []}, "l": [{}, 1], "": None}
    assert list(leaves(value)) == [("/a~1b/~0", []), ("/l/0", {}), ("/l/1", 1), ("/", None)]
    assert list(leaves({})) == [("", {})]


@given(values)
def test_each_leaf_is_found_again_by_its_pointer(value: Json) -> None:
    for pointer, leaf in leaves(value):
        assert get(value, pointer) is leaf


DISTINCT: list[Any] = [1, True, "1", None, "null", 0, False, "", {}, [], 1.5, "1.5", [1], {"a": 1}, [[]], {"a": None}]


@pytest.mark.parametrize("one", range(len(DISTINCT)))
@pytest.mark.parametrize("other", range(len(DISTINCT)))
def test_values_of_different_types_differ(one: int, other: int) -> None:
    same = one == other
    assert (differences(DISTINCT[one], DISTINCT[other]) == []) is same
    assert (digest(DISTINCT[one]) == digest(DISTINCT[other])) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0, -0.0), (10**15, 1e15), (10**20, 1e20), (10**30, 1e30), (-(10**19), -1e19)],
)
def test_the_same_number_is_equal_however_python_holds_it(one: float, other: float) -> None:
    assert differences({"a": [one]}, {"a": [other]}) == []
    assert canonical({"a": [one]}) == canonical({"a": [other]})
    assert canonical(one) == canonical(other)


def test_neighbouring_large_numbers_stay_apart() -> None:
    assert differences(2**53, 2**53 + 1)
    assert digest([2**64 - 1]) != digest([2**64 - 2])


def test_an_integer_beyond_all_floats_is_kept() -> None:
    assert canonical([10**400]) == f"[{10**400}]"


def test_differences_name_the_place_and_both_sides() -> None:
    expected = {"a": {"b/c": 1, "gone": None}, "l": [1, 2, 3], "same": [{}]}
    actual = {"same": [{}], "l": [1, "2"], "a": {"b/c": True}, "new": {"x": 1}}
    assert differences(expected, actual) == [
        Difference("/a/b~1c", expected=1, actual=True),
        Difference("/a/gone", None, ABSENT),
        Difference("/l/1", 2, "2"),
        Difference("/l/2", 3, ABSENT),
        Difference("/new", ABSENT, {"x": 1}),
    ]


@given(values, values)
def test_digests_are_equal_exactly_when_there_is_no_difference(one: Json, other: Json) -> None:
    assert (digest(one) == digest(other)) is (not differences(one, other))
    assert differences(one, copy.deepcopy(one)) == []


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.integers())
def test_numbers_are_compared_as_numbers(one: float, other: int) -> None:
    equal = math.isclose(one, other, rel_tol=0, abs_tol=0)
    if abs(other) < 2**53:
        assert (not differences(one, other)) is equal


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}), ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}), ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}), (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]), ({"a": "foo"}, None, None), ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}), ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)  # fmt: skip
def test_the_examples_of_rfc_7386_are_merged(target: Json, patch: Json, result: Json) -> None:
    before = copy.deepcopy(target)
    assert merge_patch(target, patch) == result
    assert target == before
