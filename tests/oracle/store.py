"""The state of one fake cluster: manifests as the user wrote them, and the view of them that a server would give."""

import copy
import itertools
import uuid
from collections.abc import Iterator
from threading import RLock
from typing import Any

from .events import Event, Manifest, ObjectEvent, ObjectKey
from .go_programs import GoPrograms
from .kinds import Kind, KindTable
from .status import plausible_status

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SERVER_SET = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
_PATCHES = {"strategic-merge-patch": "strategic", "json-patch": "json"}


class Store:
    """Objects by key, in the order of their creation, and every event so far."""

    def __init__(self, kinds: KindTable, programs: GoPrograms) -> None:
        self.kinds = kinds
        self.programs = programs
        self.events: list[Event] = []
        self.lock = RLock()
        self._manifests: dict[ObjectKey, Manifest] = {}
        self._annotations: dict[ObjectKey, str] = {}
        self._kubectl_applied: dict[ObjectKey, Manifest] = {}
        self._generations: dict[ObjectKey, int] = {}
        self._versions = itertools.count(1)

    def objects(self) -> dict[ObjectKey, Manifest]:
        """Return a copy of all manifests, free of what a server sets."""
        return copy.deepcopy(self._manifests)

    def __contains__(self, key: ObjectKey) -> bool:
        return key in self._manifests

    def keys(self, kind: Kind, namespace: str) -> Iterator[ObjectKey]:
        """Yield the keys of one kind, in one namespace unless that is empty."""
        for key in list(self._manifests):
            if key[:2] == (kind.api_version, kind.kind) and namespace in ("", key[2]):
                yield key

    def put(self, key: ObjectKey, body: Manifest) -> None:
        """Store a whole object, unless its types are wrong."""
        kind = self.kinds.find(key[0], key[1])
        typed = body if kind and kind.built_in else {"apiVersion": "v1", "kind": "ConfigMap", **_metadata_of(body)}
        self.programs.check(typed)
        manifest = copy.deepcopy(body)
        metadata = manifest.setdefault("metadata", {})
        for name in _SERVER_SET:
            metadata.pop(name, None)
        manifest.pop("status", None)
        metadata["name"] = key[3]
        if key[2]:
            metadata["namespace"] = key[2]
        self._remember_annotation(key, metadata)
        if manifest != self._manifests.get(key):
            self._generations[key] = self._generations.get(key, 0) + 1
        self._manifests[key] = manifest
        if key[1] == "CustomResourceDefinition":
            self.kinds.add_definition(manifest)

    def patch(self, key: ObjectKey, body: Any, content_type: str) -> None:  # noqa: ANN401 - JSON
        """Change a stored object the way the patch's content type asks for."""
        current = self._with_annotation(key)
        flavour = content_type.removeprefix("application/").partition("+")[0]
        if flavour in _PATCHES:
            self.put(key, self.programs.patch(current, body, _PATCHES[flavour]))
        else:
            self.put(key, merge_patch(current, body))

    def kubectl_apply(self, key: ObjectKey, body: Manifest) -> str:
        """Apply as kubectl does, three-way; return the word that kubectl prints."""
        last, known = self._kubectl_applied.get(key, {}), key in self
        before = self._manifests.get(key)
        self._kubectl_applied[key] = copy.deepcopy(body)
        if known:
            self.put(key, merge_patch(self._manifests[key], _three_way(last, body)))
        else:
            self.put(key, body)
        after = self._manifests[key]
        return "created" if not known else "unchanged" if before == after else "configured"

    def delete(self, key: ObjectKey) -> Manifest:
        """Remove an object; a namespace takes its contents along."""
        if key[1] == "Namespace":
            for inner in [inner for inner in self._manifests if inner[2] == key[3]]:
                self._manifests.pop(inner)
        self._kubectl_applied.pop(key, None)
        self._annotations.pop(key, None)
        return self._manifests.pop(key)

    def served(self, key: ObjectKey) -> Manifest:
        """Return an object the way a server would show it: with status, uid and the defaults that clients look at."""
        shown = copy.deepcopy(self._with_annotation(key))
        generation = self._generations.get(key, 1)
        shown["metadata"] |= {
            "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(key))),
            "resourceVersion": str(next(self._versions)),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "generation": generation,
        }
        return plausible_status(shown)

    def record(self, verb: str, method: str, key: ObjectKey, body: Any, content_type: str = "") -> None:  # noqa: ANN401
        """Note a write that reached the server."""
        manifest = copy.deepcopy(body)
        self.events.append(ObjectEvent("delete" if verb == "delete" else "apply", method, key, manifest, content_type))

    def _remember_annotation(self, key: ObjectKey, metadata: dict[str, Any]) -> None:
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict) and LAST_APPLIED in annotations:
            self._annotations[key] = annotations.pop(LAST_APPLIED)
            if not annotations:
                del metadata["annotations"]

    def _with_annotation(self, key: ObjectKey) -> Manifest:
        manifest = copy.deepcopy(self._manifests[key])
        if key in self._annotations:
            annotations = manifest["metadata"].get("annotations") or {}
            manifest["metadata"]["annotations"] = {**annotations, LAST_APPLIED: self._annotations[key]}
        return manifest


def _metadata_of(body: Manifest) -> Manifest:
    return {"metadata": body.get("metadata") or {}}


def merge_patch(target: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON
    """Apply an RFC 7386 merge patch."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def _three_way(last: Manifest, new: Manifest) -> Manifest:
    """Return `new` as a patch, with a null for every key that was applied before and is not any more."""
    patch: Manifest = {name: None for name in last if name not in new}
    for name, value in new.items():
        old = last.get(name)
        patch[name] = _three_way(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return patch
