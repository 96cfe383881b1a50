"""The texts of ``convert``'s options become those of a conversion; mistakes are named before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import UsageError
from gitops_runbook.gitops.age_recipient import check_recipient
from gitops_runbook.runbooks.conversion import ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.project_guesses import GuessedEnvironment, guess_project
from gitops_runbook.workspace.reading import nearest

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SCOPE = re.compile(r"([A-Za-z0-9_-]+):(.*)", re.DOTALL)
_VARIABLE = re.compile(r"[A-Za-z_]\w*=|@.|[{\[]")


@dataclass(frozen=True)
class ConvertArguments:
    """The options as they were given; see ``gitops-runbook convert --help``."""

    project: Path
    playbook: str
    out: Path
    environment: Sequence[str] = ()
    inventory: Sequence[str] = ()
    extra_vars: Sequence[str] = ()
    age_recipient: Sequence[str] = ()
    path_prefix: str = ""
    tags: str = ""
    skip_tags: str = ""
    flux_version: str = ""
    vault_password_file: str = ""
    allow_project_code: bool = False
    ansible_playbook: str = ""
    report: Path | None = None


def conversion_options(given: ConvertArguments) -> ConversionOptions:
    """Read the options.

    Raises:
        UsageError: one cannot be used as given; says what was probably meant.
    """
    project = given.project.absolute()
    limits = _environments(given.environment, project)
    extra_vars = _by_environment(given.extra_vars, limits)
    recipients = _recipients(given.age_recipient, limits)
    environments = {
        name: EnvironmentOptions(
            limit, inventory or tuple(given.inventory), tuple(extra_vars[name]), tuple(recipients[name])
        )
        for name, (limit, inventory) in limits.items()
    }
    return ConversionOptions(
        project=project, playbook=given.playbook, environments=environments, out=given.out.absolute(),
        path_prefix=_prefix(given.path_prefix), tags=given.tags, skip_tags=given.skip_tags,
        flux_version=given.flux_version,
        vault_password_file=_here_or_in(project, given.vault_password_file),
        allow_project_code=given.allow_project_code,
        ansible_playbook=_program(project, given.ansible_playbook),
        report=given.report.absolute() if given.report else None,
    )  # fmt: skip


def _environments(texts: Sequence[str], project: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name → limit and inventories."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for text in texts:
        name, equals, selection = text.partition("=")
        limit, _, inventory = selection.partition("@")
        subject = f"--environment {text}"
        if not equals or not limit:
            example = f"--environment {name or 'staging'}=all@inventories/{name or 'staging'}"
            raise UsageError(subject, "does not say which hosts", f"write NAME=LIMIT[@INVENTORY], e.g. {example}")
        if not _NAME.fullmatch(name):
            remedy = "use lower case letters, digits and hyphens, at most 63, because folders are named after it"
            raise UsageError(subject, f'"{name}" cannot name an environment', remedy)
        if name in found:
            raise UsageError(subject, f"{name} is given twice", "give each environment a name of its own")
        found[name] = (limit, _inventories(inventory))
    if not found:
        raise UsageError("--environment", "is not given", _proposal(project))
    return found


def _inventories(text: str) -> tuple[str, ...]:
    """Several are separated by commas; one that ends in a comma is a list of hosts, as for ansible."""
    if text.endswith(","):
        return (text,)
    return tuple(part for part in text.split(",") if part)


def _proposal(project: Path) -> str:
    guessed = guess_project(project).environments.values() if project.is_dir() else ()
    parts = " ".join(f"--environment {_written(item)}" for item in guessed)
    return f"this project looks like: {parts}" if parts else "name at least one: --environment NAME=LIMIT[@INVENTORY]"


def _written(item: GuessedEnvironment) -> str:
    return f"{item.name}={item.limit}" + (f"@{','.join(item.inventory)}" if item.inventory else "")


def _by_environment(texts: Sequence[str], environments: Iterable[str]) -> dict[str, list[str]]:
    """Environment → extra variables, in the order given; later ones win, as for ansible."""
    found: dict[str, list[str]] = {name: [] for name in environments}
    for text in texts:
        scoped = _SCOPE.fullmatch(text)
        names, variable = [*found], text
        if scoped:
            name, variable = scoped.groups()
            names = [_known(name, found, f"-e {text}")]
        if not _VARIABLE.match(variable):
            raise UsageError(f"-e {text}", "gives no value", "write -e [ENV:]NAME=VALUE or -e [ENV:]@FILE")
        for name in names:
            found[name].append(variable)
    return found


def _recipients(texts: Sequence[str], environments: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in environments}
    for text in texts:
        name, equals, recipient = text.partition("=")
        if not equals:  # the text may be a private key, so it is not repeated
            happened = "does not say for which environment"
            raise UsageError("--age-recipient", happened, f"write --age-recipient {next(iter(found))}=age1…")
        _known(name, found, f"--age-recipient {name}=…")
        check_recipient(name, recipient)
        found[name].append(recipient)
    return found


def _known(name: str, environments: Mapping[str, object], subject: str) -> str:
    if name not in environments:
        near = nearest(name, environments)
        remedy = f"did you mean {near}?" if near else f"use one of: {', '.join(environments)}"
        raise UsageError(subject, f'no --environment is named "{name}"', remedy)
    return name


def _prefix(text: str) -> str:
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or ".." in parts or "\\" in text:
        raise UsageError(f"--path-prefix {text}", "leads out of the repository", "give a folder inside it, e.g. gitops")
    return "/".join(parts)


def _here_or_in(project: Path, text: str) -> Path | None:
    """A file relative to the current folder, else to the project."""
    if not text:
        return None
    here = Path(text).expanduser().absolute()
    return here if here.exists() or not (project / text).exists() else (project / text).absolute()


def _program(project: Path, text: str) -> str | None:
    """A name is looked up on PATH; a path is relative to the current folder, else to the project."""
    if "/" not in text:
        return text or None
    return str(_here_or_in(project, text))
