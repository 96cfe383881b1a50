"""Convert an Ansible project into a Flux repository and prove that both say the same.

Record the playbook in the user's own ansible, replay what it would do, decide what may stand in git, factor the
environments into base and overlays, write, and prove by building. Nothing is written before everything is known.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gitops_runbook.ansible.environments import RecordedEnvironment, record_environments
from gitops_runbook.ansible.project_code import find_project_code, require_allowed
from gitops_runbook.ansible.recording import Line, Pass
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.errors import RunbookError
from gitops_runbook.gitops import flux_versions, output_folder
from gitops_runbook.gitops.clear_secrets import clear_secrets
from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.gitops.output_write import STATE
from gitops_runbook.gitops.overlay_build import overlay_build
from gitops_runbook.gitops.placement import place
from gitops_runbook.gitops.proof import Proof, ProofPrograms, prove
from gitops_runbook.gitops.repository import Inputs, Repository, build_repository
from gitops_runbook.gitops.sealing import Sealer
from gitops_runbook.gitops.selection import Selection, secret_texts, select
from gitops_runbook.model.desired import DesiredState
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding, Severity
from gitops_runbook.model.placeholders import readable
from gitops_runbook.runbooks.conversion import Conversion, ConversionOptions, summarise
from gitops_runbook.runbooks.conversion_input import (
    age_key_file,
    answers,
    check_options,
    decisions_of,
    inventories,
    recording_requests,
    vault_password,
)
from gitops_runbook.toolchain.provision import ensure
from gitops_runbook.workspace import Decision, apply_decisions


class Progress:
    """What a conversion tells while it works; the default tells nothing."""

    def stage(self, name: str) -> None:
        """A new stage begins."""

    def recorded(self, environment: str, taken: Pass, line: Line) -> None:
        """The recorder reported a line."""


@dataclass(frozen=True)
class Programs:
    """The programs a conversion runs."""

    kubectl: Path
    helm: Path
    sops: Path

    @classmethod
    def ensure(cls, progress: Callable[[str], None] = lambda _: None) -> Programs:
        """Find them, or provision them.

        Args:
            progress: is told what is fetched.

        Raises:
            ToolMissing: one can be neither found nor provisioned.
        """
        return cls(*(ensure(name, progress).path for name in ("kubectl", "helm", "sops")))


@dataclass
class Clock:
    """Tells the stages of a conversion, and keeps how many seconds each took."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Tell a stage and time it."""
        self.progress.stage(name)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)


@dataclass(frozen=True)
class Target:
    """Where a conversion writes to, and what it goes by there."""

    options: ConversionOptions
    output: output_folder.OutputFolder
    decisions: Sequence[Decision]
    flux: FluxRelease
    programs: Programs


@dataclass(frozen=True)
class Written:
    """A repository that was written and proven."""

    repository: Repository = field(repr=False)
    selections: Mapping[str, Selection] = field(repr=False)
    proof: Proof
    findings: tuple[Finding, ...]


def convert(
    options: ConversionOptions, progress: Progress | None = None, programs: Programs | None = None
) -> Conversion:
    """Run a conversion from beginning to end.

    Raises:
        RunbookError: bad input, before anything is written; see ``errors``.
    """
    clock = Clock(progress or Progress())
    check_options(options)
    flux = flux_versions.resolve(options.flux_version or flux_versions.DEFAULT)
    with clock.stage("prepare"):
        programs = programs or Programs.ensure(clock.progress.stage)
        project_code = find_project_code(options.project, inventories(options), options.vault_password_file)
        require_allowed(options.project, project_code, allowed=options.allow_project_code)
        requests = recording_requests(options)
    with output_folder.inspect(options.out) as output:
        target = Target(options, output, decisions_of(options), flux, programs)
        with clock.stage("record"):
            kubectl = Kubectl(programs.kubectl)
            recorded = record_environments(requests, Helm(programs.helm), kubectl, clock.progress.recorded)
        written = write_and_prove(recorded, target, clock)
    findings = [*flux.findings(), *_project_code_findings(project_code), *written.findings]
    answered = apply_decisions(_unique(findings), target.decisions, datetime.now(UTC).date())
    summaries = {
        name: summarise(recorded[name], written.selections[name], _unresolved_places(answered, name))
        for name in recorded
    }
    conversion = Conversion(
        options, recorded, written.selections, summaries, written.repository.files,
        written.repository.factored.statistics, tuple(sorted(answered, key=_worst_first)), written.proof,
        dict(clock.seconds), options.report or options.out / STATE / "report.json",
    )  # fmt: skip
    _write_report(conversion)
    return conversion


def write_and_prove(recorded: Mapping[str, RecordedEnvironment], target: Target, clock: Clock) -> Written:
    """Decide what may stand in git, factor, seal, write and prove what was recorded.

    Raises:
        RunbookError: nothing was written, or the folder was changed meanwhile.
    """
    options, programs = target.options, target.programs
    states = {name: item.state for name, item in recorded.items()}
    recipients = {name: item.recipients for name, item in options.environments.items() if item.recipients}
    with clock.stage("decide"):
        selections = {name: select(state, target.flux, has_recipient=name in recipients)
                      for name, state in states.items()}  # fmt: skip
        kept = {name: _kept(states[name], selections[name]) for name in states}
        placement = place(kept, answers(target.decisions))
    inputs = Inputs(kept, selections, placement, recipients, target.flux, options.path_prefix)
    sealer = Sealer(Sops(programs.sops), recipients, vault_password(options), target.output.earlier, age_key_file())
    with clock.stage("factor"), tempfile.TemporaryDirectory(prefix="gitops-runbook-") as scratch:
        build = overlay_build(Kustomize(programs.kubectl))
        repository = build_repository(inputs, sealer, build, Path(scratch), clock.progress.stage)
    secrets = frozenset(secret_texts(states))
    exposed = _exposed_secrets(options, repository, secrets)
    with clock.stage("write"):
        merged = output_folder.merge(target.output, repository.files)
        output_folder.write(target.output, merged, repository.marks)
    with clock.stage("prove"):
        proof = _prove(options.out, repository, secrets, programs)
    findings = [finding for item in recorded.values() for finding in item.findings]
    findings += [finding for item in selections.values() for finding in item.findings]
    findings += [*placement.findings, *repository.findings, *exposed, *merged.findings]
    return Written(repository, selections, proof, tuple(findings))


def _project_code_findings(files: Sequence[Path]) -> list[Finding]:
    return [Finding(code("project-code"), "", str(file), f"{file} ran on this machine", str(file)) for file in files]


def _kept(state: DesiredState, selection: Selection) -> DesiredState:
    """The part of the desired state that stands in the tree."""
    objects = {key: item for key, item in state.objects.items() if key in selection.clear or key in selection.sealed}
    releases = {key: item for key, item in state.releases.items() if key in selection.releases}
    return replace(state, objects=objects, releases=releases)


def _exposed_secrets(options: ConversionOptions, repository: Repository, secrets: frozenset[str]) -> list[Finding]:
    """The last net: a vaulted value that stands in the tree in clear.

    When the project itself holds the same text in clear, the tree says nothing new: that is a finding. Otherwise the
    comparison of the recordings missed something, and nothing is written.

    Raises:
        RunbookError: names the file.
    """
    findings: dict[str, Finding] = {}
    for secret in sorted(secrets):
        exposed = clear_secrets(repository.files, [secret])
        if exposed and not _stands_in_project(options.project, secret):
            raise RunbookError(
                exposed[0],
                "a vaulted value would stand here in clear, so nothing was written",
                "look at the task its comment names, and report this: the conversion must find such values itself",
            )
        for path in exposed:
            message = f"a vaulted value is also an ordinary text of the project, and stands in {path}"
            findings[path] = Finding(code("secret-in-clear"), "", path, message)
    return list(findings.values())


def _stands_in_project(project: Path, secret: str) -> bool:
    for folder, folders, names in os.walk(project):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            file = Path(folder) / name
            if file.is_file() and secret.encode() in file.read_bytes():
                return True
    return False


def _prove(out: Path, repository: Repository, secrets: frozenset[str], programs: Programs) -> Proof:
    expected = {name: replace(item, secrets=secrets) for name, item in repository.expected.items()}
    tools = ProofPrograms(Kustomize(programs.kubectl), Helm(programs.helm), Sops(programs.sops), age_key_file())
    return prove(out, repository.overlays, expected, tools)


def _unique(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each identity, in words a person can read."""
    shown = (replace(item, subject=readable(item.subject), message=readable(item.message)) for item in findings)
    return list({finding.id: finding for finding in shown}.values())


def _worst_first(finding: Finding) -> tuple[int, str, str, str]:
    return list(Severity).index(finding.kind.severity), finding.kind.code, finding.environment, finding.subject


def _write_report(conversion: Conversion) -> None:
    conversion.report.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(conversion.as_json(), indent=2, ensure_ascii=False) + "\n"
    temporary = conversion.report.with_name(conversion.report.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(conversion.report)


_TASK_CODES = frozenset({
    "command-complex", "command-unsupported", "generate-name", "live-value", "manifest-remote", "manifest-unknown",
    "nondeterministic", "object-incomplete", "object-patched", "secret-control", "secret-in-object", "task-unresolved",
    "vault-locked",
})  # fmt: skip
"""Findings that say a task's own result is missing; the others are about what the task needs or made."""


def _unresolved_places(findings: Sequence[Finding], environment: str) -> set[tuple[str, int]]:
    places = set()
    for finding in findings:
        if finding.environment == environment and finding.kind.code in _TASK_CODES and ":" in finding.where:
            file, _, line = finding.where.rpartition(":")
            places.update([(file, int(line))] if line.isdigit() else [])
    return places
