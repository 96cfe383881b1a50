"""Convert an Ansible project into a Flux repository and prove that both say the same.

Record the playbook in the user's own ansible, replay what it would do, decide what may stand in git, factor the
environments into base and overlays, write, and prove by building. Nothing is written before everything is known.
"""

from __future__ import annotations

import difflib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from gitops_runbook.ansible.environments import record_environments, resolve_paths
from gitops_runbook.ansible.installation import find_installation
from gitops_runbook.ansible.project_code import find_project_code, require_allowed
from gitops_runbook.ansible.recording import Line, Pass, RecordingRequest
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.errors import RunbookError, UsageError
from gitops_runbook.gitops import flux_versions, output_folder
from gitops_runbook.gitops.clear_secrets import clear_secrets
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
from gitops_runbook.toolchain.provision import ensure
from gitops_runbook.workspace import Decision, apply_decisions, read_decisions


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
    def ensure(cls) -> Programs:
        """Find them, or provision them.

        Raises:
            ToolMissing: one can be neither found nor provisioned.
        """
        return cls(*(ensure(name).path for name in ("kubectl", "helm", "sops")))


@dataclass
class _Clock:
    """Seconds by stage."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.progress.stage(name)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)


def convert(
    options: ConversionOptions, progress: Progress | None = None, programs: Programs | None = None
) -> Conversion:
    """Run a conversion from beginning to end.

    Raises:
        RunbookError: bad input, before anything is written; see ``errors``.
    """
    clock = _Clock(progress or Progress())
    _check_options(options)
    flux = flux_versions.resolve(options.flux_version or flux_versions.DEFAULT)
    with clock.stage("prepare"):
        programs = programs or Programs.ensure()
        project_code = find_project_code(options.project, _inventories(options), options.vault_password_file)
        require_allowed(options.project, project_code, allowed=options.allow_project_code)
        requests = _requests(options)
    with output_folder.inspect(options.out) as output:
        decisions = _decisions(options)
        with clock.stage("record"):
            helm, kubectl = Helm(programs.helm), Kubectl(programs.kubectl)
            recorded = record_environments(requests, helm, kubectl.generate, clock.progress.recorded)
        findings = [finding for item in recorded.values() for finding in item.findings]
        findings += [*flux.findings(), *_project_code_findings(project_code)]
        states = {name: item.state for name, item in recorded.items()}
        with clock.stage("decide"):
            selections = {name: select(state, flux, has_recipient=bool(options.environments[name].recipients))
                          for name, state in states.items()}  # fmt: skip
            written = {name: _written(states[name], selections[name]) for name in states}
            placement = place(written, _answers(decisions))
        recipients = {name: item.recipients for name, item in options.environments.items() if item.recipients}
        inputs = Inputs(written, selections, placement, recipients, flux, options.path_prefix)
        sealer = Sealer(Sops(programs.sops), recipients, _password(options), output.earlier, _age_key_file())
        with clock.stage("factor"), tempfile.TemporaryDirectory(prefix="gitops-runbook-") as scratch:
            repository = build_repository(
                inputs, sealer, overlay_build(Kustomize(programs.kubectl)), Path(scratch), clock.progress.stage
            )
        findings += _exposed_secrets(options, repository, states)
        with clock.stage("write"):
            merged = output_folder.merge(output, repository.files)
            output_folder.write(output, merged, repository.marks)
        with clock.stage("prove"):
            proof = _prove(options.out, repository, states, programs)
    findings += [item for selection in selections.values() for item in selection.findings]
    findings += [*placement.findings, *repository.findings, *merged.findings]
    answered = apply_decisions(_unique(findings), decisions, datetime.now(UTC).date())
    summaries = {
        name: summarise(recorded[name], selections[name], _unresolved_places(answered, name)) for name in recorded
    }
    conversion = Conversion(
        options, recorded, selections, summaries, repository.files, repository.factored.statistics,
        tuple(sorted(answered, key=_worst_first)), proof, dict(clock.seconds),
        options.report or options.out / STATE / "report.json",
    )  # fmt: skip
    _write_report(conversion)
    return conversion


def _check_options(options: ConversionOptions) -> None:
    if not options.project.is_dir():
        raise UsageError(str(options.project), "is no folder", "name the folder of the Ansible project")
    playbook = options.project / options.playbook
    if not playbook.is_file():
        near = ", ".join(_playbooks_like(playbook.stem, options.project))
        hint = f"did you mean {near}? It" if near else "the playbook"
        raise UsageError(str(playbook), "there is no such playbook", f"{hint} is given relative to the project")
    for environment in options.environments.values():
        resolve_paths(options.project, environment.inventory)
        for variable in environment.extra_vars:
            if variable.startswith("@") and not (options.project / variable[1:]).is_file():
                raise UsageError(f"-e {variable}", "there is no such file", "give a path relative to the project")
    if options.vault_password_file is not None and not os.access(options.vault_password_file, os.R_OK):
        raise UsageError(str(options.vault_password_file), "cannot be read", "name the file with the vault password")


def _playbooks_like(stem: str, project: Path) -> list[str]:
    """Playbooks stand at the top of a project or in a folder of their own, not among roles and variables."""
    found = [path for pattern in ("*.y*ml", "playbooks/**/*.y*ml") for path in sorted(project.glob(pattern))]
    near = difflib.get_close_matches(stem, [path.stem for path in found], n=3)
    names = {*near, "site", "main", "deploy"}
    return [path.relative_to(project).as_posix() for path in found if path.stem in names][:3]


def _inventories(options: ConversionOptions) -> list[str]:
    return sorted({path for item in options.environments.values() for path in item.inventory})


def _requests(options: ConversionOptions) -> dict[str, RecordingRequest]:
    installation = find_installation(options.ansible_playbook)
    return {
        name: RecordingRequest(
            installation, options.project, options.playbook, item.limit, item.inventory, item.extra_vars, options.tags,
            options.skip_tags, options.vault_password_file,
        )
        for name, item in sorted(options.environments.items())
    }  # fmt: skip


def _tree_root(options: ConversionOptions) -> Path:
    return options.out / options.path_prefix if options.path_prefix else options.out


def _decisions(options: ConversionOptions) -> Sequence[Decision]:
    file = _tree_root(options) / "decisions.yaml"
    return read_decisions(file) if file.is_file() else []


def _answers(decisions: Sequence[Decision]) -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {item.id: item.choice for item in decisions if item.expires is None or item.expires >= today}


def _project_code_findings(files: Sequence[Path]) -> list[Finding]:
    return [Finding(code("project-code"), "", str(file), f"{file} ran on this machine", str(file)) for file in files]


def _password(options: ConversionOptions) -> str | None:
    """The vault password as ansible reads it; a script is asked by ansible only, and then marks are impossible."""
    file = options.vault_password_file
    if file is None or os.access(file, os.X_OK):
        return None
    return file.read_text(encoding="utf-8").strip()


def _age_key_file() -> Path | None:
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    return Path(named) if named else None


def _written(state: DesiredState, selection: Selection) -> DesiredState:
    """The part of the desired state that stands in the tree."""
    objects = {key: item for key, item in state.objects.items() if key in selection.clear or key in selection.sealed}
    releases = {key: item for key, item in state.releases.items() if key in selection.releases}
    return replace(state, objects=objects, releases=releases)


def _exposed_secrets(
    options: ConversionOptions, repository: Repository, states: Mapping[str, DesiredState]
) -> list[Finding]:
    """The last net: a vaulted value that stands in the tree in clear.

    When the project itself holds the same text in clear, the tree says nothing new: that is a finding. Otherwise the
    comparison of the recordings missed something, and nothing is written.

    Raises:
        RunbookError: names the file.
    """
    findings: dict[str, Finding] = {}
    for secret in sorted(set(secret_texts(states))):
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


def _prove(out: Path, repository: Repository, states: Mapping[str, DesiredState], programs: Programs) -> Proof:
    secrets = frozenset(secret_texts(states))
    expected = {name: replace(item, secrets=secrets) for name, item in repository.expected.items()}
    tools = ProofPrograms(Kustomize(programs.kubectl), Helm(programs.helm), Sops(programs.sops), _age_key_file())
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
    "command-complex", "command-unsupported", "generate-name", "manifest-remote", "manifest-unknown",
    "object-incomplete", "object-patched", "task-unresolved",
})  # fmt: skip
"""Findings that say a task's own result is missing; the others are about what the task needs or made."""


def _unresolved_places(findings: Sequence[Finding], environment: str) -> set[tuple[str, int]]:
    places = set()
    for finding in findings:
        if finding.environment == environment and finding.kind.code in _TASK_CODES and ":" in finding.where:
            file, _, line = finding.where.rpartition(":")
            places.add((file, int(line)))
    return places
