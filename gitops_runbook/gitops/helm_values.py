"""Parts the values of a release into what may stand in git in clear and what belongs into a Secret.

Flux merges ``valuesFrom`` first and ``values`` over it, maps deep and lists as a whole, so what moves into the Secret
must not stay in ``values``, and a list moves as a whole.
https://fluxcd.io/flux/components/helm/helmreleases/#values
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_runbook.documents.json_values import Json, differences, escape, get, tokens, without


@dataclass(frozen=True)
class PartedValues:
    """The values of a release in two parts whose merge is the whole.

    Attributes:
        inline: what is no secret.
        secret: the real secret values, empty when there are none, None when nobody may know them.
        is_parted: something was moved out of ``inline``.
    """

    inline: Mapping[str, Any]
    secret: Mapping[str, Any] | None
    is_parted: bool


def part_values(
    values: Mapping[str, Any], secret_pointers: Iterable[str], plaintext: Mapping[str, Any] | None
) -> PartedValues:
    """Move the secret leaves out of the values.

    Args:
        values: the values with sentinels in place of secrets.
        secret_pointers: JSON pointers of the secret leaves.
        plaintext: the same with the real secrets, or None.
    """
    pointers = list(secret_pointers)
    if plaintext is not None:  # a secret may also decide on the shape: what differs depends on one
        pointers += [difference.pointer for difference in differences(values, plaintext)]
    moved = _outermost(_list_or_leaf(values, pointer) for pointer in pointers)
    secret = None if plaintext is None else _only(plaintext, moved)
    if "" in moved:
        return PartedValues({}, secret, is_parted=True)
    inline: Mapping[str, Any] = values
    for pointer in moved:
        if _holds(inline, pointer):
            inline = without(inline, pointer)
    return PartedValues(inline, secret, is_parted=bool(moved))


def _list_or_leaf(values: Mapping[str, Any], pointer: str) -> str:
    """Shorten the pointer to the outermost list it leads through, or to the scalar where the values end earlier."""
    at, value = "", values
    for token in tokens(pointer):
        if not isinstance(value, Mapping):
            return at
        if token not in value:
            return pointer
        at += f"/{escape(token)}"
        value = value[token]
    return at


def _outermost(pointers: Iterable[str]) -> list[str]:
    """Sort, and drop what lies below another one."""
    kept: list[str] = []
    for pointer in sorted(set(pointers), key=tokens):
        if not kept or not pointer.startswith(f"{kept[-1]}/"):
            kept.append(pointer)
    return kept


def _only(plaintext: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """The values at the pointers and the maps that lead to them."""
    result: dict[str, Any] = {}
    for pointer in pointers:
        if not pointer:
            return dict(plaintext)
        if not _holds(plaintext, pointer):
            continue
        *parents, last = tokens(pointer)
        parent = result
        for token in parents:
            parent = parent.setdefault(token, {})
        parent[last] = get(plaintext, pointer)
    return result


def _holds(value: Json, pointer: str) -> bool:
    try:
        get(value, pointer)
    except KeyError:
        return False
    return True
