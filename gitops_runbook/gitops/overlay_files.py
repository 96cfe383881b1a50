"""The files of a component: kustomizations, one file per workload, patches (https://kubectl.docs.kubernetes.io/)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitops_runbook.documents.yaml_text import dump, dump_all
from gitops_runbook.gitops.components import Resource, cleaned, is_namespace
from gitops_runbook.gitops.overlay_plan import ComponentPlan, Shared, same_kind_and_name
from gitops_runbook.gitops.patches import PatchKind, target
from gitops_runbook.model.references import ObjectReference


def base_files(plan: ComponentPlan) -> dict[str, str]:
    """Write the base folder: path relative to it → text."""
    workloads: dict[str, list[tuple[Any, str]]] = {}
    for shared in plan.in_base():
        workloads.setdefault(_file(shared.file), []).append((shared.base, shared.comment))
    files = {name: dump_all(documents) for name, documents in workloads.items()}
    return {**files, "kustomization.yaml": _kustomization(sorted(files), [])}


def overlay_files(plan: ComponentPlan, environment: str) -> dict[str, str]:
    """Write the overlay folder of one environment: path relative to it → text."""
    own = plan.own(environment)
    files = {**_own_files(own), **_sealed_files(own)}
    patch_files, entries = _patch_files(plan, environment)
    base = posixpath.relpath(plan.component.base, plan.component.overlays[environment])
    kustomization = _kustomization([base, *sorted(files)], [*entries, *_namespace_patches(plan, environment)])
    return {**files, **patch_files, "kustomization.yaml": kustomization}


def _kustomization(resources: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> str:
    """Write a kustomization; kustomize takes one without ``resources`` for empty and refuses it."""
    document: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }
    if entries:
        document["patches"] = list(entries)
    return dump(document)


def _own_files(own: Iterable[Resource]) -> dict[str, str]:
    workloads: dict[str, list[tuple[Any, str]]] = {}
    for resource in own:
        if resource.sealed is None:
            workloads.setdefault(_file(resource.file), []).append((cleaned(resource.manifest), resource.comment))
    return {name: dump_all(documents) for name, documents in workloads.items()}


def _sealed_files(own: Iterable[Resource]) -> dict[str, str]:
    """Place each SOPS file by namespace and name; the kind, then a number, tells those apart that share both."""
    sealed = [(resource.reference, resource.sealed) for resource in own if resource.sealed is not None]
    paths = sealed_paths([reference for reference, _ in sealed])
    return {path: text for path, (_, text) in zip(paths, sealed, strict=True)}


def sealed_paths(references: Sequence[ObjectReference]) -> list[str]:
    """Name the file of each sealed object of one overlay, relative to it, in the order given."""
    files: dict[str, str] = {}
    for reference in references:
        parts = [part for part in (reference.namespace, reference.name) if part]
        files[_unused(files, "secrets", parts, reference.kind)] = ""
    return list(files)


def _patch_files(plan: ComponentPlan, environment: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Write the patches of an overlay and the entries that refer to them."""
    merges: dict[str, list[tuple[Any, str]]] = {}
    exact: list[Shared] = []
    for shared in plan.in_base():
        patch = shared.patches.get(environment)
        if patch is not None and patch.kind is PatchKind.JSON:
            exact.append(shared)
        elif patch is not None:
            merges.setdefault(f"patches/{_file(shared.file)}", []).append((patch.content, ""))
    files = {path: dump_all(documents) for path, documents in merges.items()}
    entries: list[dict[str, Any]] = [{"path": path} for path in sorted(files)]
    rivals = same_kind_and_name(_references(plan, environment)) if exact else {}
    for shared in exact:
        reference = shared.reference
        parts = [shared.file, reference.kind, reference.name]
        path = _unused(files, "patches", parts, reference.namespace)
        files[path] = dump(shared.patches[environment].content)
        entries.append({"path": path, "target": target(reference, rivals[reference.kind, reference.name])})
    return files, entries


def _references(plan: ComponentPlan, environment: str) -> list[ObjectReference]:
    """List the identities a selector in the overlay can match."""
    base = [shared.reference for shared in plan.in_base()]
    return [*base, *(resource.reference for resource in plan.own(environment))]


def _namespace_patches(plan: ComponentPlan, environment: str) -> list[dict[str, Any]]:
    """Move what base holds in a logical namespace to the environment's real one.

    Not by the ``namespace:`` field: that would also move objects which name another namespace.
    """
    used = {shared.reference.namespace for shared in plan.in_base()}
    named = {shared.reference.name for shared in plan.in_base() if is_namespace(shared.base)}
    entries: list[dict[str, Any]] = []
    for logical, real in sorted(plan.logical.items()):
        if logical in used:
            operation = {"op": "replace", "path": "/metadata/namespace", "value": real[environment]}
            entries.append({"target": {"namespace": f"^{logical}$"}, "patch": dump([operation])})
        if logical in named:
            operation = {"op": "replace", "path": "/metadata/name", "value": real[environment]}
            selector = {"version": "v1", "kind": "Namespace", "name": f"^{logical}$"}
            entries.append({"target": selector, "options": {"allowNameChange": True}, "patch": dump([operation])})
    return entries


def _file(stem: str) -> str:
    name = _slug(stem)
    return "kustomization-objects.yaml" if name == "kustomization" else f"{name}.yaml"


def _unused(files: Mapping[str, str], folder: str, parts: Sequence[str], more: str) -> str:
    """Join the parts to a path no other file has; ``more`` tells apart what shares them."""
    stem = _slug("-".join(parts))
    choices = [stem, _slug(f"{stem}-{more}") if more else stem]
    number = 1
    while f"{folder}/{choices[0]}.yaml" in files:
        number += 1
        choices = choices[1:] or [f"{stem}-{number}"]
    return f"{folder}/{choices[0]}.yaml"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "objects"
