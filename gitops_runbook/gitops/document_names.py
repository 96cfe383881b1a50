"""Names of the documents that are written for releases: chart sources and the Secrets with secret values."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_runbook.gitops.chart_sources import is_oci, repository_url
from gitops_runbook.model.desired import DesiredRelease
from gitops_runbook.model.references import ObjectReference

_LONGEST_LABEL = 63
_Place = tuple[str, str, str]
"""Kind, namespace and name of a document."""


@dataclass(frozen=True)
class DocumentNames:
    """The names in one environment.

    Attributes:
        repositories: (namespace, repository URL) → name of the HelmRepository.
        taken: names that objects of the playbook have.
    """

    repositories: Mapping[tuple[str, str], str]
    taken: frozenset[_Place]

    def source(self, release: DesiredRelease) -> str:
        """The name of a release's chart source; an OCIRepository holds one chart in one version, so it is its own."""
        if not is_oci(release.chart):
            return self.repositories[release.namespace, repository_url(release.chart)]
        return self._free(("OCIRepository", release.namespace, release.name))

    def values_secret(self, release: DesiredRelease) -> str:
        """The name of the Secret that holds the secret values of a release."""
        return self._free(("Secret", release.namespace, f"{release.name}-values"))

    def _free(self, place: _Place) -> str:
        return _with_digest(place[2], "/".join(place)) if place in self.taken else place[2]


def name_documents(releases: Iterable[DesiredRelease], objects: Iterable[ObjectReference] = ()) -> DocumentNames:
    """Choose the names for one environment.

    A HelmRepository is named by its alias in the playbook, else by its URL. Equal URLs in one namespace are one source.
    Where two URLs would share a name, all but the first in alphabetical order get a hash of the URL; so does a document
    whose name an object of the playbook has.

    Args:
        releases: all releases of the environment.
        objects: all objects of the environment.
    """
    taken = frozenset((reference.kind, reference.namespace, reference.name) for reference in objects)
    wanted: dict[tuple[str, str], str] = {}
    for release in releases:
        url = repository_url(release.chart)
        if url and not is_oci(release.chart):
            name = _label(release.chart.alias) or _label(url.partition("://")[2])
            wanted[release.namespace, url] = min(name, wanted.get((release.namespace, url), name))
    sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (namespace, url), name in sorted(wanted.items()):
        sharing[namespace, name].append(url)
    repositories = {}
    for (namespace, url), name in wanted.items():
        is_free = url == sharing[namespace, name][0] and ("HelmRepository", namespace, name) not in taken
        repositories[namespace, url] = name if is_free else _with_digest(name, url)
    return DocumentNames(repositories, taken)


def _label(text: str) -> str:
    """Make a DNS label (RFC 1123) that stays the same for the same text."""
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return label if len(label) <= _LONGEST_LABEL else _with_digest(label, text)


def _with_digest(name: str, text: str) -> str:
    """Make a name unique for a text, no longer than a DNS label."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_LABEL - 9].rstrip('-')}-{digest}"
