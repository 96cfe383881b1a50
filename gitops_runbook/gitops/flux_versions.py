"""What each Flux version serves and supports, as data.

Sources: the CRDs and documents of each tag of fluxcd/flux2 and its controllers, the release table and the support
policy (https://fluxcd.io/flux/releases/: the last three minor versions get fixes).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from gitops_runbook.errors import UsageError
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding

DEFAULT = "2.9.5"
"""The newest supported version, taken when nobody chooses one."""

Minor = tuple[int, int]

_OLDEST: Minor = (2, 4)


@dataclass(frozen=True)
class _MinorRow:
    """One minor version: documented Kubernetes range (both ends included), and the day its support ended."""

    oldest_kubernetes: Minor
    newest_kubernetes: Minor
    end_of_life: str = ""


_MINORS: dict[Minor, _MinorRow] = {
    (2, 4): _MinorRow((1, 29), (1, 31), end_of_life="2025-09-30"),
    (2, 5): _MinorRow((1, 30), (1, 32), end_of_life="2026-02-24"),
    (2, 6): _MinorRow((1, 31), (1, 33), end_of_life="2026-06-30"),
    (2, 7): _MinorRow((1, 32), (1, 34)),
    (2, 8): _MinorRow((1, 33), (1, 35)),
    (2, 9): _MinorRow((1, 34), (1, 36)),
}

_API_VERSIONS: dict[str, tuple[tuple[Minor, str], ...]] = {
    "Kustomization": (((2, 4), "kustomize.toolkit.fluxcd.io/v1"),),
    "HelmRelease": (((2, 4), "helm.toolkit.fluxcd.io/v2"),),
    "GitRepository": (((2, 4), "source.toolkit.fluxcd.io/v1"),),
    "HelmRepository": (((2, 4), "source.toolkit.fluxcd.io/v1"),),
    "HelmChart": (((2, 4), "source.toolkit.fluxcd.io/v1"),),
    "Bucket": (((2, 4), "source.toolkit.fluxcd.io/v1"),),
    "OCIRepository": (((2, 4), "source.toolkit.fluxcd.io/v1beta2"), ((2, 6), "source.toolkit.fluxcd.io/v1")),
    "ExternalArtifact": (((2, 7), "source.toolkit.fluxcd.io/v1"),),
    "ArtifactGenerator": (((2, 7), "source.extensions.fluxcd.io/v1beta1"),),
    "Receiver": (((2, 4), "notification.toolkit.fluxcd.io/v1"),),
    "Alert": (((2, 4), "notification.toolkit.fluxcd.io/v1beta3"),),
    "Provider": (((2, 4), "notification.toolkit.fluxcd.io/v1beta3"),),
    "ImageRepository": (((2, 4), "image.toolkit.fluxcd.io/v1beta2"), ((2, 7), "image.toolkit.fluxcd.io/v1")),
    "ImagePolicy": (((2, 4), "image.toolkit.fluxcd.io/v1beta2"), ((2, 7), "image.toolkit.fluxcd.io/v1")),
    "ImageUpdateAutomation": (((2, 4), "image.toolkit.fluxcd.io/v1beta2"), ((2, 7), "image.toolkit.fluxcd.io/v1")),
}
"""Kind → the newest served apiVersion from each minor version on."""

_FIELDS_SINCE: dict[str, Minor] = {
    "HelmRelease.spec.chartRef": (2, 4),  # since 2.3
    "HelmRelease.spec.install.disableSchemaValidation": (2, 4),
    "HelmRelease.spec.upgrade.disableSchemaValidation": (2, 4),
    "HelmRelease.spec.install.disableTakeOwnership": (2, 5),
    "HelmRelease.spec.upgrade.disableTakeOwnership": (2, 5),
    "HelmRelease.spec.install.strategy": (2, 7),
    "HelmRelease.spec.upgrade.strategy": (2, 7),
    "HelmRelease.spec.commonMetadata": (2, 7),
    "HelmRelease.spec.dependsOn.readyExpr": (2, 7),
    "HelmRelease.spec.kubeConfig.configMapRef": (2, 7),
    "HelmRelease.spec.install.serverSideApply": (2, 8),
    "HelmRelease.spec.upgrade.serverSideApply": (2, 8),
    "HelmRelease.spec.waitStrategy": (2, 8),
    "HelmRelease.spec.healthCheckExprs": (2, 8),
    "HelmRelease.spec.postRenderStrategy": (2, 9),
    "HelmRelease.spec.upgrade.chartNameChangeStrategy": (2, 9),
    "HelmRelease.spec.valuesFrom.literal": (2, 9),
    "Kustomization.spec.namePrefix": (2, 4),  # since 2.3
    "Kustomization.spec.nameSuffix": (2, 4),  # since 2.3
    "Kustomization.spec.deletionPolicy": (2, 5),
    "Kustomization.spec.healthCheckExprs": (2, 5),
    "Kustomization.spec.decryption.serviceAccountName": (2, 6),
    "Kustomization.spec.dependsOn.readyExpr": (2, 7),
    "Kustomization.spec.ignoreMissingComponents": (2, 7),
    "Kustomization.spec.kubeConfig.configMapRef": (2, 7),
    "Kustomization.spec.ignore": (2, 9),
    "Kustomization.spec.buildMetadata": (2, 9),
    "Kustomization.spec.postBuild.substituteStrategy": (2, 9),
    "GitRepository.spec.provider": (2, 4),
    "GitRepository.spec.sparseCheckout": (2, 6),
    "GitRepository.spec.serviceAccountName": (2, 7),
}
"""Field → the first supported minor version that has it; list indices are left out of the path."""


@dataclass(frozen=True)
class FluxRelease:
    """One Flux version and what it can do.

    Attributes:
        version: as asked for, without a leading ``v``, e.g. ``2.9.5`` or ``2.8``.
        minor: its minor version, e.g. ``(2, 9)``.
        oldest_kubernetes: the oldest Kubernetes minor version its documentation names.
        newest_kubernetes: the newest one.
        end_of_life: the day its support ended (ISO 8601), empty while it is supported.
    """

    version: str
    minor: Minor
    oldest_kubernetes: Minor
    newest_kubernetes: Minor
    end_of_life: str

    @property
    def is_end_of_life(self) -> bool:
        """No fixes are made any more."""
        return bool(self.end_of_life)

    @property
    def api_versions(self) -> Mapping[str, str]:
        """Kind → the apiVersion to write: the newest one this version serves. Kinds it does not know are left out."""
        served = {kind: _newest_for(self.minor, steps) for kind, steps in _API_VERSIONS.items()}
        return {kind: api_version for kind, api_version in served.items() if api_version}

    def has_field(self, field: str) -> bool:
        """Say whether this version knows a field that came after 2.0, e.g. ``HelmRelease.spec.install.strategy``.

        Raises:
            KeyError: when the table does not list the field, which is a defect of ours.
        """
        return self.minor >= _FIELDS_SINCE[field]

    def supports_kubernetes(self, minor: Minor) -> bool:
        """Say whether the documentation names this Kubernetes minor version; ``flux check`` is laxer and has no end."""
        return self.oldest_kubernetes <= minor <= self.newest_kubernetes

    def findings(self) -> tuple[Finding, ...]:
        """What a person must know about the choice of this version."""
        if not self.is_end_of_life:
            return ()
        name = f"Flux {_dotted(self.minor)}"
        newest = _dotted(self.newest_kubernetes)
        message = f"{name} gets no fixes since {self.end_of_life}; its documented support ends at Kubernetes {newest}"
        return (Finding(code("flux-end-of-life"), "", name, message),)


def known_minors() -> tuple[Minor, ...]:
    """Every minor version that can be chosen, oldest first."""
    return tuple(_MINORS)


def resolve(version: str) -> FluxRelease:
    """Look a Flux version up.

    Args:
        version: ``MAJOR.MINOR`` or ``MAJOR.MINOR.PATCH``, with or without a leading ``v``.

    Raises:
        UsageError: when it is no version, or none of 2.4 to the newest known; names the nearest valid one.
    """
    text = version.strip().removeprefix("v")
    match = re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?", text, re.ASCII)
    if match is None:
        happened = "is no Flux version of the form MAJOR.MINOR.PATCH"
        raise UsageError(f"--flux-version {version}", happened, f"use {_similar(text)}")
    minor = (int(match[1]), int(match[2]))
    row = _MINORS.get(minor)
    if row is None:
        _refuse(version, minor)
    return FluxRelease(text, minor, row.oldest_kubernetes, row.newest_kubernetes, row.end_of_life)


def _refuse(version: str, minor: Minor) -> NoReturn:
    if minor < _OLDEST:
        raise UsageError(f"--flux-version {version}", "is older than 2.4.0, the oldest one we write for", "use 2.4.0")
    raise UsageError(f"--flux-version {version}", "is newer than this package knows", f"use {DEFAULT}")


def _newest_for(minor: Minor, steps: tuple[tuple[Minor, str], ...]) -> str:
    return next((api_version for since, api_version in reversed(steps) if since <= minor), "")


def _dotted(minor: Minor) -> str:
    return f"{minor[0]}.{minor[1]}"


def _similar(text: str) -> str:
    candidates = [f"{_dotted(minor)}.0" for minor in _MINORS]
    near = difflib.get_close_matches(text, candidates, n=1, cutoff=0.6)
    return near[0] if near else DEFAULT
