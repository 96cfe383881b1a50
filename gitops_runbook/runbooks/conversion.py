"""What a conversion is asked to do, and what it reports; plain data shared by the command line and the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_runbook.ansible.environments import RecordedEnvironment
from gitops_runbook.gitops.factoring import Statistics
from gitops_runbook.gitops.proof import Proof
from gitops_runbook.gitops.selection import Selection
from gitops_runbook.model.findings import Finding, Severity

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class EnvironmentOptions:
    """One environment: which hosts of which inventory, with which extra variables, readable by whom.

    Attributes:
        inventory: paths relative to the project; empty for what ansible.cfg says.
        recipients: age public keys.
    """

    limit: str
    inventory: tuple[str, ...] = ()
    extra_vars: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConversionOptions:
    """Everything ``convert`` needs to know; paths are absolute, except ``playbook`` and inventories.

    Attributes:
        out: the repository's work tree; the tree is written below ``path_prefix`` in it.
        report: where the report goes; None for ``out/.gitops-runbook/report.json``.
    """

    project: Path
    playbook: str
    environments: Mapping[str, EnvironmentOptions]
    out: Path
    path_prefix: str = ""
    tags: str = ""
    skip_tags: str = ""
    flux_version: str = ""
    vault_password_file: Path | None = None
    allow_project_code: bool = False
    ansible_playbook: str | None = None
    report: Path | None = None


@dataclass(frozen=True)
class EnvironmentSummary:
    """Counts of one environment; tasks are counted once, whatever their hosts and loops.

    Attributes:
        tasks: k8s, helm and kubectl/helm-command tasks that ansible loads, includes followed.
        recorded: of these, whose final arguments were seen.
        skipped_by_when: never run because of their own condition, or that of their include.
        not_reached: neither; a finding says why.
        unresolved: tasks whose result could not be written.
        withheld: tasks whose Secret is not in the tree.
        objects, releases: what the tree holds.
    """

    tasks: int
    recorded: int
    skipped_by_when: int
    not_reached: int
    unresolved: int
    withheld: int
    objects: int
    releases: int

    def as_json(self) -> dict[str, int]:
        """The counts as the report holds them."""
        return dict(vars(self))


@dataclass(frozen=True)
class Conversion:
    """The result of a conversion.

    Attributes:
        files: path in the repository → text, as generated (hand edits are merged into what is written).
        seconds: what took how long, by name.
    """

    options: ConversionOptions
    recorded: Mapping[str, RecordedEnvironment] = field(repr=False)
    selections: Mapping[str, Selection] = field(repr=False)
    environments: Mapping[str, EnvironmentSummary]
    files: Mapping[str, str] = field(repr=False)
    statistics: Statistics
    findings: tuple[Finding, ...] = field(repr=False)
    proof: Proof
    seconds: Mapping[str, float]
    report: Path

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """What nobody has answered yet, worst first."""
        order = list(Severity)
        return tuple(
            sorted((item for item in self.findings if item.is_open), key=lambda item: order.index(item.kind.severity))
        )

    @property
    def is_ready(self) -> bool:
        """An empty cluster would come up whole: exact, no open error, nothing withheld."""
        errors = any(item.kind.severity is Severity.ERROR for item in self.open_findings)
        return self.proof.exact and not errors and not any(item.withheld for item in self.selections.values())

    def as_json(self) -> dict[str, Any]:
        """The report (product contract of ``convert``)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "playbook": self.options.playbook,
            "environments": {
                name: {**summary.as_json(), "ansible": self.recorded[name].ansible,
                       "hosts": list(self.recorded[name].hosts), "seconds": dict(self.recorded[name].seconds)}
                for name, summary in self.environments.items()
            },
            "proof": self.proof.as_json(),
            "findings": [finding.as_json() for finding in self.findings],
            "forecast": {"ready": self.is_ready, "decisions_open": len(self.open_findings)},
            "seconds": dict(self.seconds),
        }  # fmt: skip


def summarise(
    recorded: RecordedEnvironment, selection: Selection, unresolved_places: set[tuple[str, int]]
) -> EnvironmentSummary:
    """Count one environment.

    Args:
        recorded: the environment as recorded.
        selection: what of it may be written.
        unresolved_places: file and line of every task with an error finding of its own.
    """
    accounts = recorded.accounts
    places = {(task.file, task.line) for task in selection.unresolved_tasks} | unresolved_places | set(accounts.failed)
    withheld = {(task.file, task.line) for task in selection.withheld_tasks}
    return EnvironmentSummary(
        tasks=len(accounts.planned), recorded=len(accounts.recorded), skipped_by_when=len(accounts.skipped),
        not_reached=len(accounts.not_reached), unresolved=len(places & accounts.planned.keys()),
        withheld=len(withheld), objects=len(selection.clear) + len(_own_sealed(selection)),
        releases=len(selection.releases),
    )  # fmt: skip


def _own_sealed(selection: Selection) -> list[object]:
    """Sealed objects of the playbook; the values Secrets of releases are ours."""
    ours = {
        (documents.values_secret["metadata"]["namespace"], documents.values_secret["metadata"]["name"])
        for documents in selection.releases.values()
        if documents.values_secret is not None
    }
    return [reference for reference in selection.sealed
            if reference.kind != "Secret" or (reference.namespace, reference.name) not in ours]  # fmt: skip
