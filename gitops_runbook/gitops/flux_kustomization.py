"""The Flux Kustomizations of one cluster: ``clusters/<environment>/infrastructure.yaml`` and ``applications.yaml``.

https://fluxcd.io/flux/components/kustomize/kustomizations/
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.gitops.slots import Slot
from gitops_runbook.model.desired import Manifest

DECRYPTION_SECRET = "sops-age"  # noqa: S105 - the name of a Secret, not its content
_FLUX_NAMESPACE = "flux-system"
_SHORTEST_TIMEOUT = 10
"""Minutes. Images are pulled and databases migrated while Flux waits; the five of Flux's example are often too few."""
_MARGIN = 2
"""Minutes between the longest Helm timeout and ours, so that the release can tell what went wrong."""

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class TreePart:
    """One folder of one environment's tree.

    Attributes:
        has_sealed_files: it holds files that sops must decrypt.
        release_timeouts: ``spec.timeout`` of the HelmReleases in it, as Go durations.
    """

    slot: Slot
    has_sealed_files: bool = False
    release_timeouts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterDocuments:
    """What stands in ``clusters/<environment>/``; both in the order in which Flux applies them."""

    infrastructure: tuple[Manifest, ...]
    applications: tuple[Manifest, ...]


def cluster_documents(
    environment: str, parts: Iterable[TreePart], flux: FluxRelease, prefix: str = ""
) -> ClusterDocuments:
    """Write the Kustomizations of one environment, each waiting for the one before.

    Args:
        environment: its name, which is also the name of its folders.
        parts: the folders that exist in this environment, in any order.
        flux: the version to write for.
        prefix: the folder of the repository that holds the tree, e.g. ``gitops``; empty for its root.
    """
    ordered = sorted(parts, key=lambda part: part.slot)
    before: dict[Slot, Slot] = {later.slot: earlier.slot for earlier, later in pairwise(ordered)}
    documents: dict[str, list[Manifest]] = {"infrastructure": [], "apps": []}
    for part in ordered:
        spec = _spec(part, before.get(part.slot), _path(prefix, part.slot.folder(environment)))
        documents[part.slot.area].append(
            {
                "apiVersion": flux.api_versions["Kustomization"],
                "kind": "Kustomization",
                "metadata": {"name": part.slot.name, "namespace": _FLUX_NAMESPACE},
                "spec": spec,
            }
        )
    return ClusterDocuments(tuple(documents["infrastructure"]), tuple(documents["apps"]))


def _spec(part: TreePart, before: Slot | None, path: str) -> dict[str, Any]:
    spec: dict[str, Any] = {} if before is None else {"dependsOn": [{"name": before.name}]}
    spec |= {
        "interval": "1h",
        "retryInterval": "2m",
        "timeout": _timeout(part.release_timeouts),
        "sourceRef": {"kind": "GitRepository", "name": _FLUX_NAMESPACE},
        "path": path,
        "prune": True,
        "wait": True,
    }
    if part.has_sealed_files:  # not inherited from the Kustomization that applies this one
        spec["decryption"] = {"provider": "sops", "secretRef": {"name": DECRYPTION_SECRET}}
    return spec


def _path(prefix: str, folder: str) -> str:
    names = f"{prefix}/{folder}".split("/")
    return "./" + "/".join(name for name in names if name not in ("", "."))


def _timeout(release_timeouts: Iterable[str]) -> str:
    longest = max((duration_seconds(timeout) for timeout in release_timeouts), default=0.0)
    return f"{max(_SHORTEST_TIMEOUT, math.ceil(longest / 60) + _MARGIN)}m"


def is_duration(text: str) -> bool:
    """Say whether Flux takes this as a duration: Go's format with the units ms, s, m and h."""
    return _DURATION.fullmatch(text) is not None


def duration_seconds(text: str) -> float:
    """Read a Go duration, e.g. 90.0 of ``1m30s``.

    Raises:
        ValueError: when Flux would not take it.
    """
    if not is_duration(text):
        raise ValueError(f"{text!r} is no duration")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
