"""What is factored: the objects of each environment, sorted into components with a base and overlays each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_runbook.documents.json_values import digest, leaves
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference


@dataclass(frozen=True)
class Resource:
    """One object of one environment, ready to be written.

    Attributes:
        manifest: what the build of the overlay must return, exactly.
        file: stem of the file it is written to (the workload), e.g. ``mlflow``.
        comment: which Ansible tasks it came from; stands above the document.
        sealed: text of a SOPS file that holds this object encrypted. It is written as it is, a file of its own in the
            overlay's ``secrets/``, never in base, never patched, and its build result is not compared.
    """

    manifest: Manifest
    file: str
    comment: str = ""
    sealed: str | None = None

    @property
    def reference(self) -> ObjectReference:
        """The identity of the object."""
        return ObjectReference.of(self.manifest)


@dataclass(frozen=True)
class Component:
    """One kustomization per environment over a common base.

    Attributes:
        base: folder in the tree, e.g. ``infrastructure/base/controllers``.
        overlays: environment → folder, e.g. ``{"staging": "infrastructure/staging/controllers"}``.
        resources: environment → its resources in task order; an environment without any may be left out.
    """

    base: str
    overlays: Mapping[str, str]
    resources: Mapping[str, Sequence[Resource]]

    @property
    def environments(self) -> list[str]:
        """All environments, sorted, so that no result depends on the order in which they were configured."""
        return sorted(self.overlays)


def cleaned(manifest: Manifest) -> Manifest:
    """Leave out ``metadata.annotations`` and ``metadata.labels`` when they are empty or null.

    Kustomize drops or keeps them depending on its other work, and to the API server they are the same.
    """
    metadata = manifest["metadata"]
    empty = [key for key in ("annotations", "labels") if key in metadata and not metadata[key]]
    if not empty:
        return manifest
    return {**manifest, "metadata": {key: value for key, value in metadata.items() if key not in empty}}


def manifest_digest(manifest: Manifest) -> bytes:
    """Hash a manifest so that two are equal exactly when a build that returns one for the other is right."""
    return digest(cleaned(manifest))


def in_namespaces(manifest: Manifest, renamed: Mapping[str, str]) -> Manifest:
    """Move an object – or a Namespace itself – to the namespace ``renamed`` gives for its own one, if any."""
    metadata: Mapping[str, Any] = manifest["metadata"]
    field = "name" if is_namespace(manifest) else "namespace"
    new = renamed.get(metadata.get(field) or "")
    return manifest if new is None else {**manifest, "metadata": {**metadata, field: new}}


def is_namespace(manifest: Manifest) -> bool:
    """Say whether the object is a Namespace."""
    return bool(manifest["kind"] == "Namespace" and manifest["apiVersion"] == "v1")


_NOT_CARRIED = re.compile("[\x7f-\x9f\ufffe\uffff]")


def beyond_kustomize(manifest: Manifest) -> str:
    """Find what no kustomization can carry, however it is written; empty when there is nothing.

    Kustomize writes control characters above 126 as they are and then refuses to read them – or reads U+0085 as a
    blank –, and takes a key ``<<`` for a merge even in quotes (measured with 5.4 and 5.5).

    Returns:
        The JSON pointer of the first such place.
    """
    for pointer, leaf in leaves(manifest):
        if (
            _NOT_CARRIED.search(pointer)
            or "<<" in pointer.split("/")
            or (isinstance(leaf, str) and _NOT_CARRIED.search(leaf))
        ):
            return pointer
    return ""
