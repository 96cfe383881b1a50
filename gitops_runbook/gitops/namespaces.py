"""Namespaces that Helm was told to create, and those nobody creates."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_runbook.model.desired import DesiredState, Manifest, Origin
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.references import CLUSTER_SCOPED_KINDS


def derived_namespaces(state: DesiredState) -> tuple[Manifest, ...]:
    """The Namespaces that releases create for themselves (``create_namespace``) and no task applies.

    In the tree they are objects, because the Secrets and chart sources of a release need them before Helm runs.
    """
    wanted = {release.namespace for release in state.releases.values() if release.options.create_namespace}
    return tuple(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in sorted(wanted - _applied(state))
        if not _is_given(name)
    )


def missing_namespaces(state: DesiredState) -> tuple[Finding, ...]:
    """One finding for each namespace that something lives in and nobody creates."""
    created = _applied(state) | {manifest["metadata"]["name"] for manifest in derived_namespaces(state)}
    users: dict[str, tuple[Origin, str]] = {}
    for namespace, origin, user in sorted(_users(state), key=lambda use: (use[1].order, use[2])):
        if namespace not in created and not _is_given(namespace):
            users.setdefault(namespace, (origin, user))
    findings = []
    for namespace, (origin, user) in sorted(users.items()):
        where = f"{origin.tasks[0].file}:{origin.tasks[0].line}" if origin.tasks else ""
        message = f"{user} lives in the namespace {namespace}, which nobody creates"
        findings.append(Finding(code("namespace-missing"), state.environment, f"Namespace/{namespace}", message, where))
    return tuple(findings)


def _applied(state: DesiredState) -> set[str]:
    return {ref.name for ref in state.objects if ref.kind == "Namespace" and ref.api_version == "v1"}


def _users(state: DesiredState) -> Iterable[tuple[str, Origin, str]]:
    for reference, thing in state.objects.items():
        if reference.namespace and reference.kind not in CLUSTER_SCOPED_KINDS:
            yield reference.namespace, thing.origin, str(reference)
    for release in state.releases.values():
        yield release.namespace, release.origin, str(release)


def _is_given(namespace: str) -> bool:
    """Say whether each cluster, or Flux, has this namespace anyway."""
    return namespace in ("", "default", "flux-system") or namespace.startswith("kube-")
