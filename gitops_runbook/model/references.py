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

CUSTOM_CLUSTER_SCOPED_KINDS = frozenset(
    {
        "ClusterCleanupPolicy", "ClusterExternalSecret", "ClusterImagePolicy", "ClusterIssuer", "ClusterPolicy",
        "ClusterSecretStore", "ClusterServingRuntime", "ClusterTask", "ClusterTriggerAuthentication",
        "ClusterWorkflowTemplate", "CompositeResourceDefinition", "Composition", "ConstraintTemplate", "GatewayClass",
        "VolumeSnapshotClass", "VolumeSnapshotContent",
    }
)  # fmt: skip
"""Well-known custom resources without a namespace; ``kubectl -n`` does not give them one."""

BUILT_IN_GROUPS = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "networking", "node",
        "rbac.authorization", "resource", "scheduling", "storage", "storagemigration", "metrics", "custom.metrics",
        "external.metrics",
    )
)  # fmt: skip
"""The API groups of Kubernetes itself with a dot in their name; other ``*.k8s.io`` groups are custom resources."""


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
    return "." not in group or group in BUILT_IN_GROUPS
