"""Where Flux gets a release's chart from: a HelmRepository for HTTP, an OCIRepository for ``oci://``.

A source stands in the namespace of its release, so that it works where cross-namespace references are forbidden
(``--no-cross-namespace-refs``). A HelmRepository of type ``oci`` is in maintenance mode and is not written.
https://fluxcd.io/flux/components/source/helmrepositories/ · https://fluxcd.io/flux/components/source/ocirepositories/
"""

from __future__ import annotations

import re
from dataclasses import replace

from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.model.desired import Chart, DesiredRelease, Manifest

_INTERVAL = "1h"

# https://semver.org/: the strict form Helm takes for one exact tag; anything else is a range to it.
_EXACT = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)
_URL = re.compile(r"(?P<scheme>https?|oci)://(?:[^/@]*@)?(?P<rest>[^\s?#]+)", re.IGNORECASE)


def repository_url(chart: Chart) -> str:
    """The chart's repository as we write it: without credentials and trailing slash; empty when Flux cannot read it."""
    match = _URL.fullmatch(chart.repository)
    return f"{match['scheme'].lower()}://{match['rest'].rstrip('/')}" if match else ""


def has_credentials(chart: Chart) -> bool:
    """Say whether the repository's URL carries a user or a password."""
    return "@" in chart.repository.partition("://")[2].partition("/")[0]


def shown_address(chart: Chart) -> str:
    """The repository as given, for messages: without what may be a password or a token."""
    return re.sub(r"//[^/]*@", "//", chart.repository).partition("?")[0] or "nowhere"


def is_oci(chart: Chart) -> bool:
    """Say whether the chart lies in a container registry."""
    return repository_url(chart).startswith("oci://")


def comparable(chart: Chart) -> Chart:
    """The part of a chart's origin that the tree holds; equal for the playbook's chart and the one read from the tree.

    The alias is left out because it is only a name, the URL is as ``repository_url`` writes it, and the range ``*`` is
    as good as none.
    """
    version = "" if chart.version == "*" else chart.version
    return replace(chart, repository=repository_url(chart), version=version, alias="")


def helm_repository(release: DesiredRelease, name: str, flux: FluxRelease) -> Manifest:
    """The source of a chart in an HTTP repository."""
    return {
        "apiVersion": flux.api_versions["HelmRepository"],
        "kind": "HelmRepository",
        "metadata": {"name": name, "namespace": release.namespace},
        "spec": {"interval": _INTERVAL, "url": repository_url(release.chart)},
    }


def oci_repository(release: DesiredRelease, name: str, flux: FluxRelease) -> Manifest:
    """The source of a chart in a container registry; it pins the version, the HelmRelease only refers to it."""
    return {
        "apiVersion": flux.api_versions["OCIRepository"],
        "kind": "OCIRepository",
        "metadata": {"name": name, "namespace": release.namespace},
        "spec": {
            "interval": _INTERVAL,
            "url": f"{repository_url(release.chart)}/{release.chart.name}",
            # The chart as it was pushed; without it source-controller would unpack and pack it again.
            "layerSelector": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"},
            "ref": _oci_reference(release.chart.version),
        },
    }


def _oci_reference(version: str) -> Manifest:
    """A tag or a range. A tag cannot hold ``+``, Helm writes ``_`` instead.."""
    if _EXACT.fullmatch(version):
        return {"tag": version.replace("+", "_")}
    return {"semver": version or "*"}  # without ``ref`` Flux would look for the tag ``latest``
