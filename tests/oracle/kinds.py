"""Which kinds the fake API server serves: a broad table of built-ins, plus what a project brings along."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

_BUILT_IN = {
    "v1": "ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate "
    "ReplicationController ResourceQuota Secret Service ServiceAccount",
    "admissionregistration.k8s.io/v1": "MutatingWebhookConfiguration ValidatingWebhookConfiguration "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling/v1": "HorizontalPodAutoscaler",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "batch/v1": "CronJob Job",
    "certificates.k8s.io/v1": "CertificateSigningRequest",
    "coordination.k8s.io/v1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "networking.k8s.io/v1": "Ingress IngressClass NetworkPolicy",
    "node.k8s.io/v1": "RuntimeClass",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver CSINode StorageClass VolumeAttachment",
}
_CLUSTER_SCOPED_WORDS = (
    "APIService CSIDriver CSINode CertificateSigningRequest ClusterIssuer ClusterPolicy ClusterRole ClusterRoleBinding "
    "ClusterSecretStore CustomResourceDefinition GatewayClass IngressClass MutatingWebhookConfiguration Namespace Node "
    "PersistentVolume PriorityClass RuntimeClass StorageClass ValidatingAdmissionPolicy ClusterExternalSecret "
    "ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment VolumeSnapshotClass"
)
_CLUSTER_SCOPED = set(_CLUSTER_SCOPED_WORDS.split())
_SHORT_NAMES = {
    "ConfigMap": ["cm"],
    "CronJob": ["cj"],
    "CustomResourceDefinition": ["crd", "crds"],
    "DaemonSet": ["ds"],
    "Deployment": ["deploy"],
    "HorizontalPodAutoscaler": ["hpa"],
    "Ingress": ["ing"],
    "Namespace": ["ns"],
    "NetworkPolicy": ["netpol"],
    "Node": ["no"],
    "PersistentVolume": ["pv"],
    "PersistentVolumeClaim": ["pvc"],
    "Pod": ["po"],
    "PodDisruptionBudget": ["pdb"],
    "PriorityClass": ["pc"],
    "ReplicaSet": ["rs"],
    "ResourceQuota": ["quota"],
    "Service": ["svc"],
    "ServiceAccount": ["sa"],
    "StatefulSet": ["sts"],
    "StorageClass": ["sc"],
}
_SCALABLE = {"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"}
_API_VERSION = re.compile(r"""^[\s-]*["']?apiVersion["']?:\s*["']?([a-z0-9.-]+(?:/v\w+)|v1)["']?,?\s*$""")
_KIND = re.compile(r"""^[\s-]*["']?kind["']?:\s*["']?([A-Z]\w+)["']?,?\s*$""")
_TEXT = {".yml", ".yaml", ".j2", ".json"}


@dataclass(frozen=True)
class Kind:
    """One kind as discovery describes it."""

    api_version: str
    kind: str
    namespaced: bool
    plural: str

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def built_in(self) -> bool:
        """Whether the real server knows this kind by Go types (and thus merges lists by key)."""
        return self.kind in _BUILT_IN.get(self.api_version, "").split()

    def names(self) -> set[str]:
        """Return every word that kubectl accepts for this kind."""
        plain = {self.plural, self.kind.lower(), *_SHORT_NAMES.get(self.kind, [])}
        return plain | {f"{word}.{self.group}" for word in (self.plural, self.kind.lower()) if self.group}


def plural_of(kind: str) -> str:
    """Return the usual plural of a kind, in lower case."""
    word = kind.lower()
    if word.endswith("endpoints"):
        return word
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


class KindTable:
    """All kinds of one fake cluster; grows when a CustomResourceDefinition is stored."""

    def __init__(self, extra: Iterable[tuple[str, str, bool]] = ()) -> None:
        self._kinds: dict[tuple[str, str], Kind] = {}
        for api_version, words in _BUILT_IN.items():
            for kind in words.split():
                self.add(api_version, kind, namespaced=kind not in _CLUSTER_SCOPED)
        for api_version, kind, namespaced in extra:
            self.add(api_version, kind, namespaced=namespaced)

    def add(self, api_version: str, kind: str, *, namespaced: bool, plural: str = "") -> None:
        """Learn a kind; the first description wins."""
        entry = Kind(api_version, kind, namespaced, plural or plural_of(kind))
        self._kinds.setdefault((api_version, kind), entry)

    def add_definition(self, crd: dict[str, Any]) -> None:
        """Learn the kinds of a CustomResourceDefinition."""
        spec = crd.get("spec", {})
        names = spec.get("names", {})
        for version in spec.get("versions", []):
            api_version = f"{spec.get('group')}/{version.get('name')}"
            namespaced = spec.get("scope") != "Cluster"
            self.add(api_version, names.get("kind", ""), namespaced=namespaced, plural=names.get("plural", ""))

    def find(self, api_version: str, kind: str) -> Kind | None:
        """Look up by apiVersion and kind."""
        return self._kinds.get((api_version, kind))

    def at(self, api_version: str, plural: str) -> Kind | None:
        """Look up by the words of a request path."""
        found = (kind for kind in self._kinds.values() if (kind.api_version, kind.plural) == (api_version, plural))
        return next(found, None)

    def named(self, word: str) -> Kind | None:
        """Look up by a word of a kubectl command line."""
        return next((kind for kind in self._kinds.values() if word.lower() in kind.names()), None)

    def groups(self) -> dict[str, list[str]]:
        """Return {group: [version, …]} of every group but the core one."""
        found: dict[str, list[str]] = {}
        for kind in self._kinds.values():
            version = kind.api_version.rpartition("/")[2]
            if kind.group and version not in found.setdefault(kind.group, []):
                found[kind.group].append(version)
        return found

    def resource_list(self, api_version: str) -> dict[str, Any] | None:
        """Return the APIResourceList of one apiVersion, None when nothing is served there."""
        served = [kind for kind in self._kinds.values() if kind.api_version == api_version]
        resources = [entry for kind in served for entry in _listed(kind)]
        if not resources:
            return None
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}


def _listed(kind: Kind) -> Iterator[dict[str, Any]]:
    verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    yield {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": verbs,
        "shortNames": _SHORT_NAMES.get(kind.kind, []),
    }
    if kind.kind in _SCALABLE:
        scale = {"name": f"{kind.plural}/scale", "singularName": "", "namespaced": True, "kind": "Scale"}
        yield {**scale, "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"]}


def scan_kinds(project: Path) -> Iterator[tuple[str, str, bool]]:
    """Guess the kinds that a project mentions: an apiVersion line next to a kind line in any of its text files."""
    for path in sorted(path for path in project.rglob("*") if path.suffix in _TEXT and path.is_file()):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for first, second in pairwise(lines):
            for one, two in ((first, second), (second, first)):
                version, kind = _API_VERSION.match(one), _KIND.match(two)
                if version and kind and not kind[1].endswith("List"):
                    yield version[1], kind[1], kind[1] not in _CLUSTER_SCOPED
