"""What a conversion is given, looked at before anything runs: paths that exist, one request for each environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gitops_runbook.ansible.environments import resolve_paths
from gitops_runbook.ansible.installation import find_installation
from gitops_runbook.ansible.recording import RecordingRequest
from gitops_runbook.errors import UsageError
from gitops_runbook.runbooks.conversion import ConversionOptions
from gitops_runbook.workspace import Decision, read_decisions


def check_options(options: ConversionOptions) -> None:
    """Look whether everything that was named exists.

    Raises:
        UsageError: names what does not, and what is near.
    """
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


def inventories(options: ConversionOptions) -> list[str]:
    """The inventories of all environments, each once."""
    return sorted({path for item in options.environments.values() for path in item.inventory})


def recording_requests(options: ConversionOptions) -> dict[str, RecordingRequest]:
    """One request for each environment, in the order of their names.

    Raises:
        ToolMissing: there is no ansible-playbook.
    """
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


def decisions_of(options: ConversionOptions) -> Sequence[Decision]:
    """What somebody committed in ``decisions.yaml`` at the root of the tree; nothing where there is none.

    Raises:
        ConfigurationError: it is wrong; names file and line.
    """
    file = _tree_root(options) / "decisions.yaml"
    return read_decisions(file) if file.is_file() else []


def answers(decisions: Sequence[Decision]) -> dict[str, str]:
    """The choices that still count: id of the finding → choice."""
    today = datetime.now(UTC).date()
    return {item.id: item.choice for item in decisions if item.expires is None or item.expires >= today}


def vault_password(options: ConversionOptions) -> str | None:
    """The vault password as ansible reads it; a script is asked by ansible only, and then marks are impossible."""
    file = options.vault_password_file
    if file is None or os.access(file, os.X_OK):
        return None
    return file.read_text(encoding="utf-8").strip()


def age_key_file() -> Path | None:
    """The private age keys that ``SOPS_AGE_KEY_FILE`` names, for the proof and to see what is unchanged."""
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    return Path(named) if named else None
