"""How Kubernetes objects are named: group/version, kind, namespace, name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLUSTER_SCOPED_KINDS = frozenset(
    {
        "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode",
        "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
        "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)  # fmt: skip
"""Built-in kinds without a namespace (Kubernetes API reference); kinds of custom resources are not known offline."""


@dataclass(frozen=True, order=True)
class ObjectReference:
    """The identity of one Kubernetes object; ``namespace`` is empty for cluster-scoped objects.

    >>> str(ObjectReference("apps/v1", "Deployment", "ml-lifecycle", "mlflow"))
    'Deployment/ml-lifecycle/mlflow'
    """

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ObjectReference:
        """Read the identity of a manifest.

        Raises:
            KeyError: when apiVersion, kind or metadata.name is missing.
        """
        metadata = manifest["metadata"]
        return cls(manifest["apiVersion"], manifest["kind"], metadata.get("namespace") or "", metadata["name"])

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


def is_built_in(api_version: str) -> bool:
    """Say whether an apiVersion belongs to Kubernetes itself rather than to a custom resource definition."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")
