"""Patches that turn one object into another in kustomize, and the traps that make a patch miss its aim.

A strategic merge patch is the readable kind, a JSON patch (RFC 6902) the exact one. What kustomize 5.4 and 5.5 do with
the former differs from what one expects in known ways: a number or boolean over a quoted string stays a string
(kubernetes-sigs/kustomize#6140), null deletes and cannot be set, lists with a merge key keep the base's order. What is
known to go wrong is not proposed; what is proposed is built and compared anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitops_runbook.documents.json_values import Json, differences, escape, leaves, same_leaf
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import CLUSTER_SCOPED_KINDS, ObjectReference, is_built_in

_MERGE_KEYS = {
    "containers": "name", "ephemeralContainers": "name", "env": "name", "hostAliases": "ip", "imagePullSecrets": "name",
    "initContainers": "name", "volumeDevices": "devicePath", "volumeMounts": "mountPath", "volumes": "name",
    "webhooks": "name",
}  # fmt: skip
"""Lists of Kubernetes' own kinds that merge by key (``x-kubernetes-patch-merge-key`` of its OpenAPI schema)."""

_MERGED_LISTS = frozenset({*_MERGE_KEYS, "conditions", "ports", "ownerReferences", "topologySpreadConstraints"})
"""Those, and the ones whose key alone does not tell two elements apart (two ``ports`` may share 80)."""

_JSON_PATCH_WEIGHT = 1.6  # a JSON patch is harder to read than a strategic merge patch of the same size
_TARGET = 6  # lines of its selector
_LINE = 60  # characters of a long text that count as one line


class PatchKind(StrEnum):
    """How a patch is written: strategic merge, the same with ``$patch: replace`` in its lists, or JSON (RFC 6902)."""

    MERGE = "merge"
    REPLACE = "replace"
    JSON = "json"


@dataclass(frozen=True)
class Patch:
    """A patch: a partial object with its identity, or for ``JSON`` the list of operations."""

    kind: PatchKind
    content: Json


class _NotMergeableError(Exception):
    """The change is one of those that strategic merge gets wrong."""


def patches(base: Manifest, wanted: Manifest) -> list[Patch]:
    """Propose patches from ``base`` to ``wanted``, in the order to try; empty when the two are equal.

    Both have the same identity. A JSON patch is always among them.
    """
    operations = list(json_operations(base, wanted))
    if not operations:
        return []
    merges: list[Patch] = []
    for kind in (PatchKind.MERGE, PatchKind.REPLACE):
        content = strategic_merge(base, wanted, replace_lists=kind is PatchKind.REPLACE)
        if content is not None and not (merges and content == merges[-1].content):
            merges.append(Patch(kind, content))
    exact = Patch(PatchKind.JSON, operations)
    if merges and (_size(operations) + _TARGET) * _JSON_PATCH_WEIGHT < _size(merges[0].content):
        return [exact, *merges]
    return [*merges, exact]


def strategic_merge(base: Manifest, wanted: Manifest, *, replace_lists: bool) -> dict[str, Any] | None:
    """Write the change as a strategic merge patch; None when kustomize would get it wrong.

    Args:
        base: the object the patch is applied to.
        wanted: the object it is to become.
        replace_lists: write each changed list of maps whole, behind ``$patch: replace``, instead of by its merge key.
    """
    built_in = is_built_in(str(base["apiVersion"]))
    if replace_lists and not built_in:
        return None
    try:
        patch = _Merge(built_in=built_in, replace_lists=replace_lists).maps(base, wanted)
    except _NotMergeableError:
        return None
    names = {key: base["metadata"][key] for key in ("name", "namespace") if base["metadata"].get(key)}
    metadata = {**names, **patch.pop("metadata", {})}
    return {"apiVersion": base["apiVersion"], "kind": base["kind"], "metadata": metadata, **patch}


@dataclass(frozen=True)
class _Merge:
    built_in: bool
    replace_lists: bool

    def maps(self, base: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        patch: dict[str, Any] = {}
        for key, value in wanted.items():
            if not key or key.startswith("$"):
                raise _NotMergeableError  # kustomize fails on an empty key, and takes the other for a directive
            if key not in base:
                patch[key] = _new(value)
            elif differences(base[key], value):
                patch[key] = self.changed(key, base[key], value)
        patch.update({key: None for key in base if key not in wanted})
        return patch

    def changed(self, key: str, base: Json, wanted: Json) -> Json:
        if isinstance(base, Mapping) and isinstance(wanted, Mapping):
            return self.maps(base, wanted)
        if isinstance(base, list) and isinstance(wanted, list):
            return self.lists(key, base, wanted)
        if isinstance(base, Mapping | list) or base is None or (isinstance(base, str) and not isinstance(wanted, str)):
            raise _NotMergeableError
        return _new(wanted, container=False)

    def lists(self, key: str, base: list[Any], wanted: list[Any]) -> list[Any]:
        if not (self.built_in and wanted and all(isinstance(item, Mapping) for item in (*base, *wanted))):
            return list(_new(wanted))
        merge_key = _MERGE_KEYS.get(key)
        if merge_key and not self.replace_lists and _same_sequence(merge_key, base, wanted):
            pairs = [(one, other) for one, other in zip(base, wanted, strict=True) if differences(one, other)]
            return [{merge_key: other[merge_key], **self.maps(one, other)} for one, other in pairs]
        if self.replace_lists or key in _MERGED_LISTS:
            return [{"$patch": "replace"}, *_new(wanted)]
        return list(_new(wanted))


def _same_sequence(merge_key: str, base: list[Any], wanted: list[Any]) -> bool:
    """Say whether both lists have the same elements by key, in the same order, none twice."""
    ours, theirs = ([item.get(merge_key) for item in items] for items in (base, wanted))
    return bool(ours == theirs and None not in ours and len(set(map(str, ours))) == len(ours))


def _new(value: Json, *, container: bool = True) -> Json:
    """Check that a value can stand in a strategic merge patch: no null (it deletes), no directive."""
    if isinstance(value, Mapping | list) and not container:
        raise _NotMergeableError
    for pointer, leaf in leaves(value):
        if leaf is None or "/$" in pointer or "//" in f"{pointer}/":
            raise _NotMergeableError
    return value


def json_operations(base: Json, wanted: Json, pointer: str = "") -> Iterator[dict[str, Any]]:
    """Yield the operations of a JSON patch (RFC 6902) that turns ``base`` into ``wanted``, in the order to apply."""
    if isinstance(base, Mapping) and isinstance(wanted, Mapping):
        for key in base:
            if key not in wanted:
                yield {"op": "remove", "path": f"{pointer}/{escape(key)}"}
        for key, value in wanted.items():
            below = f"{pointer}/{escape(key)}"
            if key in base:
                yield from json_operations(base[key], value, below)
            else:
                yield {"op": "add", "path": below, "value": value}
    elif isinstance(base, list) and isinstance(wanted, list):
        yield from _list_operations(base, wanted, pointer)
    elif not same_leaf(base, wanted):
        yield {"op": "replace", "path": pointer, "value": wanted}


def _list_operations(base: list[Any], wanted: list[Any], pointer: str) -> Iterator[dict[str, Any]]:
    """Change elements in place; add or remove only at the end, else replace the list."""
    common = min(len(base), len(wanted))
    if len(base) != len(wanted) and (not common or differences(base[:common], wanted[:common])):
        yield {"op": "replace", "path": pointer, "value": wanted}
        return
    for index in range(common):
        yield from json_operations(base[index], wanted[index], f"{pointer}/{index}")
    for index in range(len(base) - 1, common - 1, -1):
        yield {"op": "remove", "path": f"{pointer}/{index}"}
    for value in wanted[common:]:
        yield {"op": "add", "path": f"{pointer}/-", "value": value}


def target(reference: ObjectReference, others: Sequence[ObjectReference]) -> dict[str, str]:
    """Write the selector of a JSON patch so that it matches this object only.

    Kustomize takes the fields as regular expressions and an empty one as "any", so the core group and a missing
    namespace are spelt out (``^$``, ``^default$``) where another object has the same kind and name.

    Args:
        reference: the object to patch.
        others: objects of the same overlay with the same kind and name.
    """
    group, _, version = reference.api_version.rpartition("/")
    rivals = [other for other in others if other != reference]
    selector = {
        "group": _pattern(group),
        "version": version,
        "kind": reference.kind,
        "name": f"^{_pattern(reference.name)}$",
    }
    if not group and rivals:
        selector["group"] = "^$"
    elif not group:
        del selector["group"]
    if reference.namespace:
        selector["namespace"] = f"^{_pattern(reference.namespace)}$"
    elif rivals and reference.kind not in CLUSTER_SCOPED_KINDS:
        selector["namespace"] = "^default$"
    return selector


def _pattern(name: str) -> str:
    """Escape a name for Go's regular expressions; brackets read better than backslashes in YAML."""
    return re.sub(r"[.+*?(){}|$\[]", lambda found: f"[{found[0]}]", re.sub(r"[\\^\]]", r"\\\g<0>", name))


def _size(value: Json) -> int:
    """Count about as many lines as the value takes in a file."""
    return sum(1 + (len(leaf) // _LINE if isinstance(leaf, str) else 0) for _, leaf in leaves(value))
