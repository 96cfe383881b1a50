"""The desired state of one environment: what Ansible would have applied, as plain data.

This is the language between the push side (``ansible``, which writes it) and the pull side (``gitops``, which turns it
into a repository and proves that nothing was lost).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_runbook.model.references import ObjectReference

Manifest = Mapping[str, Any]
"""A Kubernetes object as JSON values."""


@dataclass(frozen=True, order=True)
class TaskReference:
    """Where in the Ansible project something comes from; ``file`` is relative to the project."""

    file: str
    line: int
    name: str
    role: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})"


@dataclass(frozen=True)
class Origin:
    """Which tasks made an object or a release, and when in the run.

    Attributes:
        tasks: the tasks in the order in which they ran, without repetition.
        order: sequence number of the first of them within the recording; smaller is earlier.
        stage: 0, or 1 + the number of waited-for Jobs of the same workload that came before; later stages need the
            earlier ones complete.
        workload: short name that groups what belongs together (the role, else the task file), a DNS label.
    """

    tasks: tuple[TaskReference, ...]
    order: int
    workload: str
    stage: int = 0


@dataclass(frozen=True)
class Taint:
    """JSON pointers (RFC 6901) of the leaves that are not plain constants of the project.

    Attributes:
        secret: depends on a vaulted value, however it was encoded, formatted or hashed.
        live: depends on what the cluster answered.
        random: differs between two equal runs.
        undefined: names (not pointers) of the variables and filters its tasks needed and nobody defines; when there
            are any, they are the cause of what ``live`` lists.
    """

    secret: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()
    random: frozenset[str] = frozenset()
    undefined: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.secret or self.live or self.random)


@dataclass(frozen=True)
class DesiredObject:
    """One Kubernetes object.

    Attributes:
        manifest: the object; secret leaves hold a sentinel, never the secret.
        plaintext: the same object with the real secrets when the vault password was given, else None.
    """

    reference: ObjectReference
    manifest: Manifest
    origin: Origin
    taint: Taint = Taint()
    plaintext: Manifest | None = field(default=None, repr=False)


@dataclass(frozen=True, order=True)
class Chart:
    """Where a Helm chart comes from.

    Attributes:
        name: chart name without repository alias, e.g. ``mlflow``.
        repository: ``https://…`` of a chart repository, ``oci://…`` without the chart name, or empty when unknown
            (a local path, or an alias nobody added).
        version: exact version or range as given; empty when Ansible did not pin one.
        alias: the repository's name in the playbook (``helm repo add NAME``), empty when it had none.
    """

    name: str
    repository: str
    version: str = ""
    alias: str = ""


@dataclass(frozen=True)
class HelmOptions:
    """How Helm was told to work; None where the playbook said nothing. Timeouts are Go durations such as ``5m0s``."""

    create_namespace: bool = False
    wait: bool | None = None
    atomic: bool | None = None
    timeout: str | None = None
    skip_crds: bool | None = None
    disable_hooks: bool | None = None
    force: bool | None = None
    history_max: int | None = None
    dependency_update: bool | None = None


@dataclass(frozen=True)
class DesiredRelease:
    """One Helm release.

    Attributes:
        values: the effective user values by Helm's own parser; secret leaves hold a sentinel.
        plaintext_values: the same with the real secrets when the vault password was given, else None.
    """

    name: str
    namespace: str
    chart: Chart
    values: Mapping[str, Any]
    origin: Origin
    options: HelmOptions = HelmOptions()
    taint: Taint = Taint()
    plaintext_values: Mapping[str, Any] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"HelmRelease/{self.namespace}/{self.name}"


@dataclass(frozen=True)
class DesiredState:
    """Everything Ansible would have applied to one environment, on a cluster that is still empty."""

    environment: str
    objects: Mapping[ObjectReference, DesiredObject]
    releases: Mapping[tuple[str, str], DesiredRelease]
