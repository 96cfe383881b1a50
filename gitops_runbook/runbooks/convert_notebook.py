"""What the notebook ``21-convert`` shows of a conversion: rows for tables, and the picture of what is common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import leaves
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference
from gitops_runbook.runbooks.conversion import Conversion
from gitops_runbook.runbooks.forecast import COUNTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_Key = tuple[str, str, str, str]
"""Part of the tree, kind, namespace, name: what base and overlays agree in."""
_Objects: TypeAlias = "dict[_Key, SharedObject]"

_LAYER_PARTS = 2  # apps/base/…: area, then layer
_SAME, _PATCHED, _OWN, _WHOLE, _SEALED = (
    "same everywhere", "common, patched", "only in some", "different in each", "encrypted",
)  # fmt: skip
_LOOKS = {
    _SAME: ("#12486b", "white"), _PATCHED: ("#78b7d0", "black"), _OWN: ("#f2b134", "black"),
    _WHOLE: ("#b5482a", "white"), _SEALED: ("#9a9a9a", "black"),
}  # fmt: skip
"""Colour of the bar and of the number in it; told apart in grey and by the colour-blind, too."""


def task_rows(conversion: Conversion) -> list[dict[str, object]]:
    """One row per count, with its number in each environment: what became of the tasks, and what the tree holds."""
    environments = sorted(conversion.environments.items())
    return [
        {"count": label.strip(), **{name: getattr(summary, attribute) for name, summary in environments}}
        for attribute, label in COUNTS.items()
    ]


def kind_rows(conversion: Conversion) -> list[dict[str, object]]:
    """One row per kind of object, with its number in each environment; Helm releases are a kind, too."""
    count: dict[str, Counter[str]] = {}
    for name, selection in sorted(conversion.selections.items()):
        written = Counter(reference.kind for reference in [*selection.clear, *selection.sealed])
        written["HelmRelease"] += len(selection.releases)
        count[name] = written
    kinds = sorted({kind for written in count.values() for kind in written if written[kind]})
    return [{"kind": kind, **{name: written[kind] for name, written in count.items()}} for kind in kinds]


@dataclass
class SharedObject:
    """One object of the tree: where it stands, and what the overlays do to it.

    Attributes:
        environments: how many the tree has.
        patched: environment → how many values its patch gives.
        overlays: environments that have it in their overlay because it is in no base.
    """

    workload: str
    reference: ObjectReference
    environments: int
    in_base: bool = False
    sealed: bool = False
    patched: dict[str, int] = field(default_factory=dict)
    overlays: list[str] = field(default_factory=list)

    @property
    def how(self) -> str:
        """One of the five ways to stand in a tree."""
        if self.sealed:
            return _SEALED
        if not self.in_base:
            return _OWN if self.only_in else _WHOLE
        return _PATCHED if self.patched else _SAME

    @property
    def only_in(self) -> list[str]:
        """The environments that have it, where not all of them do."""
        return self.overlays if not self.in_base and len(self.overlays) < self.environments else []


def shared_objects(conversion: Conversion) -> list[SharedObject]:
    """Read the tree: which objects are common to the environments, and what differs."""
    objects: _Objects = {}
    for path, layer, text in sorted(_layers(conversion), key=lambda item: (item[1] != "base", item[0])):
        for document in load_all(text, str(path)):
            if path.name != "kustomization.yaml" and "patches" not in path.parts:
                item = _placed(objects, path, document, len(conversion.environments))
                if layer == "base":
                    item.in_base = True
                else:
                    item.overlays.append(layer)
    for path, layer, text in _layers(conversion):
        for key, size in _patches(conversion, path, text):
            if (found := objects.get(key)) is not None:
                found.patched[layer] = found.patched.get(layer, 0) + size
    return sorted(objects.values(), key=lambda item: (item.workload, item.reference))


def difference_rows(conversion: Conversion) -> list[dict[str, object]]:
    """One row per object that is not the same everywhere."""
    rows: list[dict[str, object]] = []
    for item in shared_objects(conversion):
        patched = ", ".join(f"{name} ({size} value{'' if size == 1 else 's'})" for name, size in item.patched.items())
        if item.how != _SAME:
            rows.append({
                "workload": item.workload, "object": str(item.reference), "how": item.how,
                "patched in": patched or None, "only in": ", ".join(item.only_in) or None,
            })  # fmt: skip
    return rows


def commonality_picture(conversion: Conversion) -> tuple[Figure, str]:
    """Draw how many objects of each workload are common to the environments; with the text that says the same."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - it takes a second to load
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    objects = shared_objects(conversion)
    count = Counter((item.workload, item.how) for item in objects)
    largest = Counter(item.workload for item in objects)
    workloads = sorted(largest, key=lambda name: (largest[name], name))
    figure = Figure(figsize=(8, 1.1 + 0.3 * len(workloads)), layout="constrained")
    axes = figure.subplots()
    left = [0] * len(workloads)
    for kind, (colour, ink) in _LOOKS.items():
        widths = [count[name, kind] for name in workloads]
        if any(widths):
            bars = axes.barh(workloads, widths, left=left, color=colour, edgecolor="white", label=kind)
            axes.bar_label(
                bars, labels=[str(width or "") for width in widths], label_type="center", color=ink, fontsize=9
            )
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set_xlabel("objects")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(_LOOKS), frameon=False, fontsize=9)
    total = Counter(item.how for item in objects)
    words = ", ".join(f"{total[kind]} {kind}" for kind in _LOOKS if total[kind])
    return figure, f"Objects of {', '.join(sorted(conversion.environments))} by workload: {words}."


def written_paths(conversion: Conversion) -> list[PurePosixPath]:
    """The files of the tree."""
    return [PurePosixPath(path) for path in sorted(conversion.files)]


def _layers(conversion: Conversion) -> Iterator[tuple[PurePosixPath, str, str]]:
    """Path below the tree's root, layer (``base`` or an environment) and text of what is built by kustomize."""
    for path, text in conversion.files.items():
        relative = PurePosixPath(path).relative_to(conversion.options.path_prefix or ".")
        if relative.parts[0] in ("apps", "infrastructure") and len(relative.parts) > _LAYER_PARTS:
            yield relative, relative.parts[1], text


def _part(path: PurePosixPath) -> str:
    """What base and overlays of one component have in common: ``infrastructure/configs``."""
    below = [part for part in path.parts[_LAYER_PARTS:-1] if part not in ("patches", "secrets")]
    return "/".join([path.parts[0], *below])


def _placed(objects: _Objects, path: PurePosixPath, document: Manifest, environments: int) -> SharedObject:
    reference = ObjectReference.of(document)
    sealed = "sops" in document
    key = (_part(path), reference.kind, reference.namespace, reference.name)
    workload = "secrets" if sealed else path.stem
    item = objects.setdefault(key, SharedObject(workload, reference, environments))
    item.sealed = item.sealed or sealed
    return item


def _patches(conversion: Conversion, path: PurePosixPath, text: str) -> Iterator[tuple[_Key, int]]:
    """Which object each patch of an overlay changes, and how many values it gives."""
    if path.name != "kustomization.yaml":
        return
    folder = PurePosixPath(conversion.options.path_prefix or ".") / path.parent
    for entry in load_all(text, str(path))[0].get("patches", ()):
        if "path" not in entry:  # moves a namespace
            continue
        documents = load_all(conversion.files[str(folder / entry["path"])], entry["path"])
        if target := entry.get("target"):
            names = (_unescaped(target.get("namespace", "")), _unescaped(target["name"]))
            yield (_part(path), target["kind"], *names), len(documents[0])
            continue
        for document in documents:
            reference = ObjectReference.of(document)
            yield (_part(path), reference.kind, reference.namespace, reference.name), _size(document)


def _size(patch: Manifest) -> int:
    """Number of values of a strategic merge patch, its identity not counted."""
    content = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind", "metadata")}
    metadata = {key: value for key, value in patch["metadata"].items() if key not in ("name", "namespace")}
    return sum(1 for part in (content, metadata) if part for _ in leaves(part))


def _unescaped(pattern: str) -> str:
    """The name a selector such as ``^airflow[.]x$`` stands for."""
    return re.sub(r"\[(.)\]|\\(.)", r"\1\2", pattern.removeprefix("^").removesuffix("$"))
