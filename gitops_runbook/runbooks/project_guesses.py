"""What file names, ``ansible.cfg`` and inventory groups tell about a project; guesses, each with its reason."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.documents.positions import read_with_positions
from gitops_runbook.errors import UnreadableInput

ENVIRONMENT_NAMES = frozenset({
    "dev", "development", "test", "testing", "qa", "uat", "int", "integration", "sandbox", "demo", "lab", "canary",
    "stage", "staging", "stg", "preprod", "pre-prod", "preview", "prod", "production", "prd", "live", "dr",
})  # fmt: skip

_PLAYBOOKS = ("site", "playbooks/site", "deploy", "playbooks/deploy", "main", "playbooks/main")
_INVENTORY_FOLDERS = ("inventories", "inventory", "environments")
_INVENTORY_FILES = ("hosts", "hosts.ini", "hosts.yml", "hosts.yaml", "inventory", "inventory.ini", "inventory.yml",
                    "inventory.yaml", "inventory/hosts", "inventory/hosts.ini", "inventory/hosts.yml",
                    "inventory/hosts.yaml", "inventories/hosts", "inventories/hosts.ini", "inventories/hosts.yml",
                    "inventories/hosts.yaml")  # fmt: skip
_NOT_INVENTORY = frozenset({"group_vars", "host_vars", "__pycache__"})
_INVENTORY_SUFFIXES = frozenset({"", ".ini", ".yml", ".yaml"})
_HOSTS = re.compile(r"^(?:-\s+|\s+)hosts:", re.MULTILINE)
_IMPORT = re.compile(r"^\s*(?:-\s+)?(?:ansible\.builtin\.)?(?:import_playbook|include_playbook):", re.MULTILINE)
_GROUP = re.compile(r"^\[([^\]:\s]+)(?::(?:children|vars))?\]", re.MULTILINE)


@dataclass(frozen=True)
class Guessed:
    """A value and why it is guessed; an empty value means none was found, an empty reason that it is certain."""

    value: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.value or 'nothing'}: {self.reason}"


@dataclass(frozen=True)
class GuessedEnvironment:
    """An environment; ``inventory`` paths are relative to the project."""

    name: str
    limit: str
    inventory: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        return f"environment {self.name}: {self.reason}"


@dataclass(frozen=True)
class ProjectGuesses:
    """All that was guessed about a project."""

    platform: Guessed
    playbook: Guessed
    vault_password: Guessed
    environments: Mapping[str, GuessedEnvironment]

    def all(self) -> list[Guessed | GuessedEnvironment]:
        """Every guess with a reason, in the order of the file."""
        certain = (self.platform, self.playbook, self.vault_password)
        return [guess for guess in certain if guess.reason] + list(self.environments.values())


def guess_project(project: Path) -> ProjectGuesses:
    """Look at a project's files; nothing of it is run."""
    settings = _read_settings(project)
    label = _label(project.resolve().name) or "platform"
    return ProjectGuesses(
        platform=Guessed(label, "named after the project's folder"),
        playbook=_guess_playbook(project),
        vault_password=_guess_vault_password(project, settings),
        environments={environment.name: environment for environment in _guess_environments(project, settings)},
    )


def _read_settings(project: Path) -> Mapping[str, str]:
    """The [defaults] of ansible.cfg; empty when there is none or ansible itself could not read it."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_string(_text(project / "ansible.cfg"))
    except configparser.Error:
        return {}
    return dict(parser["defaults"]) if parser.has_section("defaults") else {}


def _guess_playbook(project: Path) -> Guessed:
    for stem in _PLAYBOOKS:
        for suffix in (".yml", ".yaml"):
            if (project / (stem + suffix)).is_file():
                return Guessed(stem + suffix, "the usual name")
    imports: dict[str, int] = {}
    for folder in (project, project / "playbooks"):
        for path in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
            text = _text(path)
            count = len(_IMPORT.findall(text))
            if count or _HOSTS.search(text):
                imports[path.relative_to(project).as_posix()] = count
    if not imports:
        return Guessed("site.yml", "no playbook was found; write its path")
    found = max(imports, key=lambda name: imports[name])  # the first of several
    if len(imports) == 1:
        return Guessed(found, "the only playbook")
    if imports[found]:
        return Guessed(found, f"of {len(imports)} playbooks the one that imports most others")
    return Guessed(found, f"the first of {len(imports)} playbooks: {', '.join(list(imports)[:6])}")


def _guess_vault_password(project: Path, settings: Mapping[str, str]) -> Guessed:
    path = settings.get("vault_password_file", "").strip()
    if path:
        reason = "from ansible.cfg"
        target = project / Path(path).expanduser()
        if not target.is_file():
            reason += "; the file is not here"
        elif os.access(target, os.X_OK):
            reason += "; it is a program: running it needs allow_project_code: true"
        return Guessed(f"file:{path}", reason)
    if settings.get("vault_identity_list", "").strip():
        return Guessed("", "ansible.cfg names several vault identities; give the one that opens the secrets")
    return Guessed("")


def _guess_environments(project: Path, settings: Mapping[str, str]) -> list[GuessedEnvironment]:
    found = [environment for name in _INVENTORY_FOLDERS for environment in _from_folder(project, name)]
    if found:
        return list({environment.name: environment for environment in found}.values())
    inventories = (
        _configured_inventories(project, settings)
        or [name for name in _INVENTORY_FILES if (project / name).is_file()][:1]
    )
    for inventory in inventories:
        if groups := [group for group in _groups(project / inventory) if _is_environment(group)]:
            return [
                GuessedEnvironment(_label(group), group, (inventory,), f"the group {group} of {inventory}")
                for group in dict.fromkeys(groups)
            ]
    if inventories:
        reason = f"one environment; {', '.join(inventories)} has no groups named like environments"
        return [GuessedEnvironment("production", "all", tuple(inventories), reason)]
    return [GuessedEnvironment("production", "all", (), "no inventory was found; give its path and the environments")]


def _from_folder(project: Path, name: str) -> Iterator[GuessedEnvironment]:
    """Environments as folders or files: inventories/staging/, inventories/staging.yml."""
    folder = project / name
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        label = _label(path.stem if path.is_file() else path.name)
        if path.name.startswith(".") or path.name in _NOT_INVENTORY or not label:
            continue
        files = _inventory_files(path)
        if files and (path.is_dir() or _is_environment(path.stem)):
            # A folder as inventory means all files in it, examples included; a single one is named itself.
            chosen = files[0] if len(files) == 1 else path
            relative = chosen.relative_to(project).as_posix()
            yield GuessedEnvironment(label, "all", (relative,), f"the inventory {relative}")


def _inventory_files(path: Path) -> list[Path]:
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    return [
        candidate
        for candidate in candidates
        if candidate.is_file() and not candidate.name.startswith(".") and candidate.suffix in _INVENTORY_SUFFIXES
    ]


def _configured_inventories(project: Path, settings: Mapping[str, str]) -> list[str]:
    configured = (part.strip() for part in settings.get("inventory", "").split(","))
    return [part for part in configured if part and (project / part).is_file()]


def _groups(inventory: Path) -> list[str]:
    if inventory.suffix in (".yml", ".yaml"):
        try:
            value, _ = read_with_positions(inventory)
        except UnreadableInput:  # a tag of ansible's; then its groups are not guessed, and the file says so
            return []
        return list(_yaml_groups(value))
    return _GROUP.findall(_text(inventory))


def _yaml_groups(groups: object) -> Iterator[str]:
    if isinstance(groups, Mapping):
        for name, group in groups.items():
            yield str(name)
            if isinstance(group, Mapping):
                yield from _yaml_groups(group.get("children"))


def _is_environment(name: str) -> bool:
    return name.lower().replace("_", "-") in ENVIRONMENT_NAMES


def _label(text: str) -> str:
    """Make a DNS label of a name; empty when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")


def _text(path: Path) -> str:
    """Content of a file, wrong bytes replaced; empty when it cannot be read: a guess does without it."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
