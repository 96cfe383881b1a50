"""JSON values: pointers (RFC 6901), leaves, typed differences, a canonical text and merge patches (RFC 7386).

Two values are equal when a Kubernetes API server could not tell them apart: types count (``1``, ``True`` and ``"1"``
are three values), the order of keys does not, and ``1`` equals ``1.0``, because JSON has one kind of number and
kustomize writes ``1.0`` as ``1``. Every function is pure: arguments are never changed, results may share their parts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

Json = Any
"""None, bool, int, float, str, a list of these, or a map from text to these."""


class Absent:
    """The type of ``ABSENT``: there is no value at this pointer (``None`` would be JSON's null)."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Difference:
    """One place where two JSON values differ; a side that has nothing there is ``ABSENT``."""

    pointer: str
    expected: Any
    actual: Any


def escape(token: str) -> str:
    """Write one key or index as a reference token of a JSON pointer (RFC 6901 section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def tokens(pointer: str) -> list[str]:
    """Split a JSON pointer into its unescaped reference tokens; the empty pointer is the whole document.

    Raises:
        ValueError: when the pointer is neither empty nor starts with a slash.
    """
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise ValueError(f"a JSON pointer starts with a slash: {pointer!r}")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def get(value: Json, pointer: str) -> Json:
    """Return what the pointer refers to.

    Raises:
        KeyError: when there is nothing.
    """
    for token in tokens(pointer):
        value = value[_step(value, token, pointer)]
    return value


def with_value(value: Json, pointer: str, new: Json) -> Json:
    """Return a copy with ``new`` at the pointer: a key is added or replaced, ``/-`` appends to a list.

    Raises:
        KeyError: when the parent does not exist, or a list is too short.
    """
    return _edited(value, tokens(pointer), pointer, new)


def without(value: Json, pointer: str) -> Json:
    """Return a copy without what the pointer refers to; later elements of a list move up.

    Raises:
        KeyError: when there is nothing, or when the pointer is the whole document.
    """
    path = tokens(pointer)
    if not path:
        raise KeyError(pointer)
    return _edited(value, path, pointer, ABSENT)


def _step(parent: Json, token: str, pointer: str) -> Json:
    """Translate a reference token into the key or index of an existing child."""
    if isinstance(parent, Mapping) and token in parent:
        return token
    if _is_list(parent) and re.fullmatch(r"0|[1-9][0-9]*", token) and int(token) < len(parent):
        return int(token)
    raise KeyError(pointer)


def _edited(value: Json, path: list[str], pointer: str, new: Json) -> Json:
    if not path:
        return new
    token, *rest = path
    copy = dict(value) if isinstance(value, Mapping) else list(value) if _is_list(value) else None
    if copy is None:
        raise KeyError(pointer)
    adds = not rest and new is not ABSENT
    if adds and isinstance(copy, dict):
        copy[token] = new
    elif adds and path == ["-"] and isinstance(copy, list):
        copy.append(new)
    else:
        step = _step(copy, token, pointer)
        if not rest and new is ABSENT:
            del copy[step]
        else:
            copy[step] = _edited(copy[step], rest, pointer, new)
    return copy


def leaves(value: Json, pointer: str = "") -> Iterator[tuple[str, Json]]:
    """Yield (pointer, leaf) for each scalar, and for each empty map and list, depth first in the order given."""
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from leaves(child, f"{pointer}/{escape(key)}")
    elif _is_list(value) and value:
        for index, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{index}")
    else:
        yield pointer, value


def differences(expected: Json, actual: Json, pointer: str = "") -> list[Difference]:
    """List where two values differ, in the order of ``expected``; empty exactly when they are equal.

    Lists are compared place by place. Strings, booleans, null and numbers are never equal to each other; ``1`` and
    ``1.0`` are the same number.
    """
    found: list[Difference] = []
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        keys: Sequence[Any] = [*expected, *(key for key in actual if key not in expected)]
        for key in keys:
            below = f"{pointer}/{escape(key)}"
            found += differences(expected.get(key, ABSENT), actual.get(key, ABSENT), below)
    elif _is_list(expected) and _is_list(actual):
        for index in range(max(len(expected), len(actual))):
            one = expected[index] if index < len(expected) else ABSENT
            other = actual[index] if index < len(actual) else ABSENT
            found += differences(one, other, f"{pointer}/{index}")
    elif not same_leaf(expected, actual):
        found.append(Difference(pointer, expected, actual))
    return found


def same_leaf(one: Json, other: Json) -> bool:
    """Say whether two values are equal and at least one of them is no container (two containers are never)."""
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and one == other
    if isinstance(one, bool) or isinstance(other, bool) or not (_is_number(one) and _is_number(other)):
        return one is other
    return normal_number(one) == normal_number(other)


def normal_number(number: float) -> float:
    """Return the form of a number all programs agree on: an int where it has no fraction and fits 64 bits.

    Go writes a float by its shortest digits (``3.652616512772933e16`` becomes 36526165127729330, though the float is
    two less), and reads what does not fit into 64 bits as a float, so longer integers lose their last digits here too.
    """
    if isinstance(number, float):
        whole = int(Decimal(repr(number))) if number.is_integer() else None
        return number if whole is None or not -(2**63) <= whole < 2**64 else whole
    if -(2**63) <= number < 2**64:
        return number
    try:
        return float(number)
    except OverflowError:
        return number


_UNUSUAL_NUMBER = re.compile(r"[:,\[]-?(?:\d+\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+|\d{18,})[]},]|^-?[\d.e+-]+$")


def canonical(value: Json) -> str:
    """Write a JSON value so that two texts are equal exactly when ``differences`` finds none."""
    text = _canonical_text(value)
    return _canonical_text(_with_normal_numbers(value)) if _UNUSUAL_NUMBER.search(text) else text


def digest(value: Json) -> bytes:
    """Return 16 bytes that are equal exactly when the canonical texts are (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b(canonical(value).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _canonical_text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain_container)


def _plain_container(value: Json) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    if _is_list(value):
        return list(value)
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def _with_normal_numbers(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _with_normal_numbers(child) for key, child in value.items()}
    if _is_list(value):
        return [_with_normal_numbers(child) for child in value]
    return normal_number(value) if _is_number(value) else value


def merge_patch(target: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7386): maps merge, null removes, everything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, child in patch.items():
        if child is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), child)
    return result


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
