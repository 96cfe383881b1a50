"""Where Flux gets a release's chart from: a HelmRepository for HTTP, an OCIRepository for ``oci://``.

A source stands in the namespace of its release, so that it works where cross-namespace references are forbidden
(``--no-cross-namespace-refs``). A HelmRepository of type ``oci`` is in maintenance mode and is not written.
https://fluxcd.io/flux/components/source/helmrepositories/ · https://fluxcd.io/flux/components/source/ocirepositories/
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.model.desired import Chart, DesiredRelease, Manifest

_LONGEST_NAME = 63
_INTERVAL = "1h"

# https://semver.org/: the strict form Helm takes for one exact tag; anything else is a range to it.
_EXACT = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)
_URL = re.compile(r"(?P<scheme>https?|oci)://(?:[^/@]*@)?(?P<rest>[^\s?#]+)", re.IGNORECASE)


@dataclass(frozen=True)
class SourceNames:
    """Names of HelmRepositories: (namespace, repository URL) → metadata.name."""

    names: Mapping[tuple[str, str], str]

    def of(self, release: DesiredRelease) -> str:
        """The name of the source of a release; an OCIRepository holds one chart in one version, so it is its own."""
        if is_oci(release.chart):
            return release.name
        return self.names[release.namespace, repository_url(release.chart)]


def name_sources(releases: Iterable[DesiredRelease]) -> SourceNames:
    """Name the chart repositories of one environment.

    The name is the repository's alias in the playbook, else made from its URL. Equal URLs in one namespace are one
    source. Where two URLs would share a name, all but the first in alphabetical order get a hash of the URL.
    """
    aliases: dict[tuple[str, str], str] = {}
    for release in releases:
        if repository_url(release.chart) and not is_oci(release.chart):
            key = (release.namespace, repository_url(release.chart))
            name = _label(release.chart.alias) or _label(key[1].partition("://")[2])
            aliases[key] = min(name, aliases.get(key, name))
    sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (namespace, url), name in sorted(aliases.items()):
        sharing[namespace, name].append(url)
    return SourceNames({key: _unique(name, key[1], sharing[key[0], name]) for key, name in aliases.items()})


def repository_url(chart: Chart) -> str:
    """The chart's repository as we write it: without credentials and trailing slash; empty when Flux cannot read it."""
    match = _URL.fullmatch(chart.repository)
    return f"{match['scheme'].lower()}://{match['rest'].rstrip('/')}" if match else ""


def has_credentials(chart: Chart) -> bool:
    """Say whether the repository's URL carries a user or a password."""
    return "@" in chart.repository.partition("://")[2].partition("/")[0]


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


def _unique(name: str, url: str, sharing: list[str]) -> str:
    if url == sharing[0]:
        return name
    return f"{name[: _LONGEST_NAME - 9]}-{_digest(url)}"


def _label(text: str) -> str:
    """Make a DNS label (RFC 1123) that stays the same for the same text."""
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if len(label) <= _LONGEST_NAME:
        return label
    return f"{label[: _LONGEST_NAME - 9].rstrip('-')}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
