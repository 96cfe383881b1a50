"""Writes a Helm release as Flux documents: HelmRelease, the source of its chart, and the Secret with its secret values.

https://fluxcd.io/flux/components/helm/helmreleases/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_runbook.documents.yaml_text import dump
from gitops_runbook.gitops.chart_sources import (
    has_credentials,
    helm_repository,
    is_oci,
    oci_repository,
    repository_url,
    shown_address,
)
from gitops_runbook.gitops.document_names import DocumentNames, name_documents
from gitops_runbook.gitops.flux_kustomization import is_duration
from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.gitops.helm_values import PartedValues, part_values
from gitops_runbook.model.desired import DesiredRelease, Manifest
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding


@dataclass(frozen=True)
class ReleaseDocuments:
    """The documents of one release.

    Attributes:
        release: the HelmRelease; None when the chart's repository is unknown, then nothing can be written.
        source: the HelmRepository or OCIRepository; equal for releases that share one.
        values_secret: the Secret with the secret values in clear, to be sealed; None when there are none, or when
            nobody may know them: then ``release`` still refers to it.
        findings: what a person must know.
    """

    release: Manifest | None
    source: Manifest | None
    values_secret: Manifest | None
    findings: tuple[Finding, ...]


def helm_release(
    release: DesiredRelease, flux: FluxRelease, environment: str = "", names: DocumentNames | None = None
) -> ReleaseDocuments:
    """Write one release.

    Args:
        release: what Ansible would have installed.
        flux: the version to write for.
        environment: the environment the findings are about.
        names: the names of all documents of the environment; without them the release is taken to be alone in it.
    """
    notes = _Notes(release, environment)
    if not repository_url(release.chart):
        message = f"the chart {release.chart.name} comes from {shown_address(release.chart)}, which Flux cannot read"
        notes.add("chart-unresolved", message)
        return ReleaseDocuments(None, None, None, tuple(notes.findings))
    if not release.chart.version:
        notes.add("chart-unpinned", f"the chart {release.chart.name} has no version, so Flux takes the newest")
    values = part_values(release.values, release.taint.secret, release.plaintext_values)
    names = names or name_documents([release])
    source_name, secret_name = names.source(release), names.values_secret(release)
    spec = _chart(release, source_name) | _options(release, flux, notes) | _values(values, secret_name)
    write_source = oci_repository if is_oci(release.chart) else helm_repository
    return ReleaseDocuments(
        release=_manifest(release, flux, spec),
        source=write_source(release, source_name, flux),
        values_secret=_values_secret(release, values, secret_name),
        findings=tuple(notes.findings),
    )


class _Notes:
    """Collects the findings of one release."""

    def __init__(self, release: DesiredRelease, environment: str) -> None:
        self.findings: list[Finding] = []
        self._release = release
        self._environment = environment

    def add(self, name: str, message: str) -> None:
        """Add a finding about the release as a whole."""
        self._append(name, str(self._release), message)

    def option(self, option: str, message: str) -> None:
        """Add a finding about one Helm option."""
        self._append("helm-option", f"{self._release} {option}", message)

    def _append(self, name: str, subject: str, message: str) -> None:
        tasks = self._release.origin.tasks
        where = f"{tasks[0].file}:{tasks[0].line}" if tasks else ""
        self.findings.append(Finding(code(name), self._environment, subject, message, where))


def _manifest(release: DesiredRelease, flux: FluxRelease, spec: dict[str, Any]) -> Manifest:
    """The HelmRelease in the namespace of the release.

    The release's name and the namespace of its history are explicit: with any other ones Flux would install a second
    release, or uninstall the running one, instead of adopting it.
    """
    return {
        "apiVersion": flux.api_versions["HelmRelease"],
        "kind": "HelmRelease",
        "metadata": {"name": release.name, "namespace": release.namespace},
        "spec": {
            "releaseName": release.name,
            "storageNamespace": release.namespace,
            "interval": "1h",
            **spec,
        },
    }


def _chart(release: DesiredRelease, source_name: str) -> dict[str, Any]:
    if is_oci(release.chart):
        return {"chartRef": {"kind": "OCIRepository", "name": source_name}}
    chart: dict[str, Any] = {"chart": release.chart.name}
    if release.chart.version:
        chart["version"] = release.chart.version
    return {"chart": {"spec": chart | {"sourceRef": {"kind": "HelmRepository", "name": source_name}}}}


def _options(release: DesiredRelease, flux: FluxRelease, notes: _Notes) -> dict[str, Any]:
    options = release.options
    spec: dict[str, Any] = {}
    if options.timeout is not None:
        if is_duration(options.timeout):
            spec["timeout"] = options.timeout
        else:
            notes.option(
                "timeout", f"the timeout {options.timeout} is no duration Flux knows, so its five minutes hold"
            )
    if options.history_max is not None:
        spec["maxHistory"] = options.history_max
    spec["install"] = {**_install(release, flux), **_both_actions(release)}
    spec["upgrade"] = {**_upgrade(release), **_both_actions(release)}
    for option, message in _without_equivalent(release, flux):
        notes.option(option, message)
    return spec


def _install(release: DesiredRelease, flux: FluxRelease) -> dict[str, Any]:
    """A first installation is tried again, because on an empty cluster all releases start at the same moment.

    A running release is never installed: its adoption is an upgrade.
    """
    install: dict[str, Any] = {}
    if release.options.create_namespace:
        install["createNamespace"] = True
    if release.options.skip_crds:
        install["crds"] = "Skip"
    if release.options.atomic:  # what Helm's --atomic does: uninstall what could not be installed
        install["remediation"] = {"retries": 3, "remediateLastFailure": True}
    elif flux.has_field("HelmRelease.spec.install.strategy"):
        install["strategy"] = {"name": "RetryOnFailure", "retryInterval": "2m"}
    else:
        install["remediation"] = {"retries": 3}
    return install


def _upgrade(release: DesiredRelease) -> dict[str, Any]:
    """An upgrade is not tried again: each attempt runs the hooks, such as migrations, once more."""
    upgrade: dict[str, Any] = {"crds": "Skip"}  # as Helm; explicit, because Flux means to change its default
    if release.options.force:
        upgrade["force"] = True
    if release.options.atomic:
        upgrade["remediation"] = {"retries": 0, "remediateLastFailure": True, "strategy": "rollback"}
    return upgrade


def _both_actions(release: DesiredRelease) -> dict[str, Any]:
    options = release.options
    actions: dict[str, Any] = {}
    if options.disable_hooks:
        actions["disableHooks"] = True
    if not (options.wait or options.atomic):  # Helm and Ansible wait only when told to; --atomic implies it
        actions["disableWait"] = True
    return actions


def _without_equivalent(release: DesiredRelease, flux: FluxRelease) -> Iterator[tuple[str, str]]:
    options = release.options
    if options.dependency_update:
        yield "dependency_update", "Flux takes a chart with the dependencies it was packaged with and updates none"
    if options.force and flux.has_field("HelmRelease.spec.upgrade.serverSideApply"):
        yield "force", "releases that this Flux version installs are applied server-side, where force has no effect"
    if has_credentials(release.chart):
        yield (
            "repository credentials",
            (
                "the address of the chart repository held a user or password, which is left out; "
                "give the source a spec.secretRef"
            ),
        )


def _values(values: PartedValues, secret_name: str) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if values.is_parted:
        spec["valuesFrom"] = [{"kind": "Secret", "name": secret_name}]
    if values.inline:
        spec["values"] = values.inline
    return spec


def _values_secret(release: DesiredRelease, values: PartedValues, name: str) -> Manifest | None:
    if not values.is_parted or values.secret is None:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": release.namespace},
        "type": "Opaque",
        "stringData": {"values.yaml": dump(values.secret)},
    }
