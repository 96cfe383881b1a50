"""Put the repository together: what was selected, where it stands, what is common, who decrypts what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_runbook.documents.yaml_text import dump_all
from gitops_runbook.gitops.factoring import Component, Factored, Resource, factor
from gitops_runbook.gitops.flux_kustomization import TreePart, cluster_documents
from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.gitops.overlay_build import Build
from gitops_runbook.gitops.overlay_files import sealed_paths
from gitops_runbook.gitops.placement import SOURCES, Placement
from gitops_runbook.gitops.proof import Expected
from gitops_runbook.gitops.sealing import Sealed, Sealer, SealMark, SealRequest
from gitops_runbook.gitops.selection import Selection
from gitops_runbook.gitops.slots import Slot
from gitops_runbook.model.desired import DesiredState, Manifest, Origin
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.references import ObjectReference

_HEADER = "Written by gitops-runbook convert from the Ansible project; run it again after a change there."
_ORDER_FIRST = -1  # derived namespaces and chart sources come before what needs them


@dataclass(frozen=True)
class Inputs:
    """What the repository is made from; all mappings are by environment.

    Attributes:
        prefix: folder of the repository the tree lives in, e.g. ``gitops``; empty for its root.
    """

    states: Mapping[str, DesiredState] = field(repr=False)
    selections: Mapping[str, Selection] = field(repr=False)
    placement: Placement
    recipients: Mapping[str, Sequence[str]]
    flux: FluxRelease
    prefix: str = ""


@dataclass(frozen=True)
class Repository:
    """The tree, and what must come out of it.

    Attributes:
        files: path in the repository → text.
        overlays: environment → the folders Flux applies.
        expected: environment → what building them must give.
        marks: path of a sealed file → its mark.
    """

    files: Mapping[str, str] = field(repr=False)
    overlays: Mapping[str, tuple[str, ...]]
    expected: Mapping[str, Expected] = field(repr=False)
    marks: Mapping[str, SealMark] = field(repr=False)
    factored: Factored = field(repr=False)
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Entry:
    """One document on its way into the tree; ``plaintext`` only when it must be sealed."""

    manifest: Manifest = field(repr=False)
    origin: Origin
    order: int
    secret: frozenset[str] = frozenset()
    sealed: bool = False


def build_repository(
    inputs: Inputs, sealer: Sealer, build: Build, scratch: Path, progress: Callable[[str], None]
) -> Repository:
    """Seal, factor and write all files, in memory.

    Args:
        inputs: what was decided.
        sealer: encrypts what is secret.
        build: builds overlays, to try them.
        scratch: an empty folder for the trees that factoring tries.
        progress: is told what goes on.
    """
    entries = {name: _entries(inputs, name) for name in sorted(inputs.selections)}
    sealed = _seal(entries, inputs, sealer)
    slots = [slot for slot in inputs.placement.slots if any(slot in by_slot for by_slot in entries.values())]
    components = [_component(slot, entries, sealed, inputs.prefix) for slot in slots]
    factored = factor(components, build, scratch, progress)
    files = dict(factored.files)
    for name, by_slot in entries.items():
        files.update(_cluster_files(name, by_slot, slots, inputs))
    overlays = {name: tuple(_folder(inputs.prefix, slot, name) for slot in slots) for name in entries}
    return Repository(
        files, overlays, {name: _expected(inputs, name, sealed) for name in entries},
        {item.path: item.mark for item in sealed.values()}, factored,
        tuple(finding for item in sealed.values() for finding in item.findings),
    )  # fmt: skip


def in_reading_order(manifest: Manifest) -> dict[str, Any]:
    """Put what identifies an object first, as people write it; everything else stays in the order it was given."""
    first = ("apiVersion", "kind", "metadata", "type", "immutable")
    ordered = {key: manifest[key] for key in first if key in manifest}
    metadata = manifest.get("metadata") or {}
    names = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata}
    return {
        **ordered,
        "metadata": {**names, **metadata},
        **{key: manifest[key] for key in manifest if key not in first},
    }


def _folder(prefix: str, slot: Slot, layer: str) -> str:
    return _below(prefix, slot.folder(layer))


def _below(prefix: str, path: str) -> str:
    return "/".join(part for part in (prefix.strip("/"), path) if part)


def _entries(inputs: Inputs, name: str) -> dict[Slot, list[_Entry]]:
    """Everything of one environment by slot, in task order."""
    selection, placement = inputs.selections[name], inputs.placement
    by_slot: dict[Slot, list[_Entry]] = {}

    def add(slot: Slot, entry: _Entry) -> None:
        by_slot.setdefault(slot, []).append(entry)

    for manifest in placement.namespaces.get(name, ()):
        add(SOURCES, _Entry(manifest, Origin((), _ORDER_FIRST, "namespaces"), _ORDER_FIRST))
    for reference, item in selection.clear.items():
        manifest = in_reading_order(item.manifest)
        add(placement.of_object(name, reference), _Entry(manifest, item.origin, item.origin.order))
    releases = inputs.states[name].releases
    for key, documents in selection.releases.items():
        origin = releases[key].origin
        slot = placement.of_release(name, key)
        if documents.release is not None:
            add(slot, _Entry(documents.release, origin, origin.order))
        if documents.source is not None:
            source = Origin(origin.tasks, origin.order, "sources")
            if all(entry.manifest != documents.source for entry in by_slot.get(SOURCES, [])):
                add(SOURCES, _Entry(documents.source, source, origin.order))
    for reference, hidden in selection.sealed.items():
        slot = _slot_of_sealed(inputs, name, reference)
        plaintext = in_reading_order(hidden.plaintext)
        add(slot, _Entry(plaintext, hidden.origin, hidden.origin.order, hidden.secret, sealed=True))
    for found in by_slot.values():
        found.sort(key=lambda entry: (entry.order, str(ObjectReference.of(entry.manifest))))
    return by_slot


def _slot_of_sealed(inputs: Inputs, name: str, reference: ObjectReference) -> Slot:
    if reference in inputs.states[name].objects:
        return inputs.placement.of_object(name, reference)
    release = next(
        key for key, documents in inputs.selections[name].releases.items()
        if documents.values_secret is not None and ObjectReference.of(documents.values_secret) == reference
    )  # fmt: skip
    return inputs.placement.of_release(name, release)


def _seal(
    entries: Mapping[str, Mapping[Slot, Sequence[_Entry]]], inputs: Inputs, sealer: Sealer
) -> dict[tuple[str, ObjectReference], Sealed]:
    requests, keys = [], []
    for name, by_slot in entries.items():
        for slot, found in by_slot.items():
            hidden = [entry for entry in found if entry.sealed]
            paths = sealed_paths([ObjectReference.of(entry.manifest) for entry in hidden])
            for entry, path in zip(hidden, paths, strict=True):
                full = f"{_folder(inputs.prefix, slot, name)}/{path}"
                requests.append(SealRequest(name, full, entry.manifest, entry.secret))
                keys.append((name, ObjectReference.of(entry.manifest)))
    return dict(zip(keys, sealer.seal_all(requests), strict=True))


def _component(
    slot: Slot, entries: Mapping[str, Mapping[Slot, Sequence[_Entry]]],
    sealed: Mapping[tuple[str, ObjectReference], Sealed], prefix: str,
) -> Component:  # fmt: skip
    resources = {}
    for name, by_slot in entries.items():
        resources[name] = [
            Resource(
                entry.manifest, entry.origin.workload, _comment(entry.origin),
                sealed[name, ObjectReference.of(entry.manifest)].text if entry.sealed else None,
            )
            for entry in by_slot.get(slot, ())
        ]  # fmt: skip
    overlays = {name: _folder(prefix, slot, name) for name in entries}
    return Component(_folder(prefix, slot, "base"), overlays, resources)


def _comment(origin: Origin) -> str:
    if not origin.tasks:
        return "Namespace of a Helm release that creates it (create_namespace)"
    return "\n".join(f"From {task.file}:{task.line} ({task.name})" for task in origin.tasks)


def _cluster_files(
    name: str, by_slot: Mapping[Slot, Sequence[_Entry]], slots: Sequence[Slot], inputs: Inputs
) -> dict[str, str]:
    parts = [
        TreePart(
            slot,
            has_sealed_files=any(entry.sealed for entry in by_slot.get(slot, ())),
            release_timeouts=tuple(
                entry.manifest["spec"]["timeout"] for entry in by_slot.get(slot, ())
                if entry.manifest["kind"] == "HelmRelease" and entry.manifest["spec"].get("timeout")
            ),
        )
        for slot in slots
    ]  # fmt: skip
    documents = cluster_documents(name, parts, inputs.flux, inputs.prefix)
    folder = _below(inputs.prefix, f"clusters/{name}")
    files = {}
    for file, found in (("infrastructure", documents.infrastructure), ("applications", documents.applications)):
        if found:
            comments = [_HEADER] + [""] * (len(found) - 1)
            files[f"{folder}/{file}.yaml"] = dump_all(zip(found, comments, strict=True))
    return files


def _expected(inputs: Inputs, name: str, sealed: Mapping[tuple[str, ObjectReference], Sealed]) -> Expected:
    """What the proof asks for; made from the desired state, not from the files."""
    selection, state = inputs.selections[name], inputs.states[name]
    generated: dict[ObjectReference, Manifest | None] = {
        ObjectReference.of(manifest): manifest for manifest in inputs.placement.namespaces.get(name, ())
    }
    for documents in selection.releases.values():
        for manifest in (documents.release, documents.source):
            if manifest is not None:
                generated[ObjectReference.of(manifest)] = manifest
        if documents.values_secret is not None:
            reference = ObjectReference.of(documents.values_secret)
            if reference in selection.sealed:
                generated[reference] = None
    return Expected(
        objects={reference: item.manifest for reference, item in selection.clear.items()},
        releases={key: state.releases[key] for key in selection.releases},
        sealed={reference: item.plaintext for reference, item in selection.sealed.items()},
        generated=generated,
        sealed_texts=frozenset(item.text for (owner, _), item in sealed.items() if owner == name),
        recipients=tuple(inputs.recipients.get(name, ())),
        withheld=frozenset(selection.withheld),
        cluster=_below(inputs.prefix, f"clusters/{name}"),
    )
