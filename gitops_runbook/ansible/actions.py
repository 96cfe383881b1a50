"""What one recorded task does to a cluster, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_runbook.model.desired import HelmOptions
from gitops_runbook.model.references import ObjectReference


@dataclass(frozen=True)
class Apply:
    """Create an object, or merge it into the one that is there.

    Attributes:
        how: ``merge`` (kubernetes.core present), ``apply`` (last-applied semantics), ``replace``, or ``patch`` (only
            when somebody created it before).
        wait: the task waits until the object is ready.
        strategic: lists of a built-in object are merged by their key; otherwise they are replaced (RFC 7386).
    """

    manifest: Mapping[str, Any]
    how: str = "merge"
    wait: bool = False
    strategic: bool = True


@dataclass(frozen=True)
class Delete:
    """Make sure that an object does not exist."""

    reference: ObjectReference


@dataclass(frozen=True)
class Repository:
    """Give a chart repository a name."""

    alias: str
    url: str


@dataclass(frozen=True)
class Release:
    """Install or upgrade a Helm release.

    Attributes:
        chart: as given: ``alias/chart``, ``oci://…``, a path, a name with ``repository``.
        values_texts: YAML texts in the order in which Helm merges them.
        set_arguments: ``--set``-like flags, each followed by its argument, in order.
        remarks: what Flux cannot express the same way, as sentences.
        live_values: takes values from the release that runs.
    """

    name: str
    namespace: str
    chart: str
    version: str = ""
    repository: str = ""
    values_texts: tuple[str, ...] = ()
    set_arguments: tuple[str, ...] = ()
    options: HelmOptions = field(default_factory=HelmOptions)
    remarks: tuple[str, ...] = ()
    live_values: bool = False


@dataclass(frozen=True)
class Uninstall:
    """Make sure that a Helm release does not exist."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Read:
    """Looks only, or prepares the controller; has no place in a desired state and needs none."""


@dataclass(frozen=True)
class Imperative:
    """Acts instead of describing: restarts, waits, deletions by label."""

    what: str


@dataclass(frozen=True)
class Problem:
    """Changes the cluster in a way that cannot be converted.

    Attributes:
        code: the finding code.
        what: what was seen, as a sentence.
    """

    code: str
    what: str


Action = Apply | Delete | Repository | Release | Uninstall | Read | Imperative | Problem
