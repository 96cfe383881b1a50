"""Make a workspace: ``gitops-runbook.yaml`` filled from the Ansible project, every guess marked, and the notebooks.

Nothing is run and nothing of the project is changed; what is guessed comes from file names, ``ansible.cfg`` and the
group names of inventories.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import OutputRefused, UsageError
from gitops_runbook.runbooks.project_guesses import Guessed, ProjectGuesses, guess_project
from gitops_runbook.workspace import CONFIGURATION_FILE, packaged_folder

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".", ".."})
_WIDTH = 100
_NO_CONTEXT = "no kubeconfig context is known yet; kubectl config get-contexts lists them"
_NO_REPOSITORY = "the GitOps repository does not exist yet"


@dataclass(frozen=True)
class InitResult:
    """What ``initialize`` did.

    Attributes:
        written: absolute paths, the configuration first.
        guesses: what a person should look at, one sentence each; the same stand in the file.
    """

    written: list[Path]
    guesses: list[str]


def initialize(folder: Path, from_ansible: Path | None) -> InitResult:
    """Make a workspace in a folder, which is created when it does not exist.

    Args:
        folder: where the configuration and ``notebooks/`` go.
        from_ansible: the Ansible project; None: the workspace folder itself is to become one.

    Raises:
        UsageError: when ``from_ansible`` is no folder.
        UnreadableInput: when this installation has no notebooks.
        OutputRefused: when a file that would be written exists, or writing fails; then nothing was written.
    """
    if from_ansible is not None and not from_ansible.is_dir():
        raise UsageError(str(from_ansible), "is no folder", "give the folder of the Ansible project: --from-ansible")
    folder = folder.absolute()
    project = (from_ansible or folder).absolute()
    guesses = guess_project(project)
    contents = {folder / CONFIGURATION_FILE: _configuration(folder, project, guesses).encode()}
    notebooks = packaged_folder("notebooks")
    for path in sorted(notebooks.rglob("*.ipynb")):
        relative = path.relative_to(notebooks)
        if not any(part.startswith(".") for part in relative.parts):
            contents[folder / "notebooks" / relative] = path.read_bytes()
    _write_all(contents)
    open_ends = [f"context of {name}: {_NO_CONTEXT}" for name in guesses.environments]
    return InitResult(list(contents), [*map(str, guesses.all()), *open_ends, f"repository.url: {_NO_REPOSITORY}"])


def _write_all(contents: dict[Path, bytes]) -> None:
    """Write all files or none."""
    for path in contents:
        if path.exists() or path.is_symlink():
            raise OutputRefused(str(path), "exists already", "choose another folder, or move the file away")
    made: list[Path] = []
    try:
        for path, content in contents.items():
            for parent in [parent for parent in reversed(path.parents) if not parent.exists()]:
                parent.mkdir()
                made.append(parent)
            with path.open("xb") as stream:
                made.append(path)
                stream.write(content)
    except OSError as error:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise OutputRefused(
            str(error.filename or next(iter(contents))), f"cannot be written: {error.strerror}", "correct it, run again"
        ) from error


def _configuration(folder: Path, project: Path, guesses: ProjectGuesses) -> str:
    relative = Path(os.path.relpath(project, folder)).as_posix()
    lines = [
        "# Written by gitops-runbook init. Look at every line marked guess and remove the mark when it is right.",
        "# All keys: README of gitops-runbook, section Configuration.",
        *_commented("", "platform", guesses.platform),
        "",
        "ansible:",
        f"  project: {_scalar(relative)}",
        *_commented("  ", "playbook", guesses.playbook),
        *_commented("  ", "vault_password", _relative_to(guesses.vault_password, project, folder)),
        "",
        "environments:",
    ]
    for name, environment in guesses.environments.items():
        note = [f"  # guess: {environment.reason}"] if environment.reason else []
        inventory = ", ".join(_scalar(path) for path in environment.inventory)
        lines += [
            *note,
            f"  {name}:",
            f"    limit: {_scalar(environment.limit)}",
            f"    inventory: [{inventory}]",
            f"    context: null  # guess: {_NO_CONTEXT}",
            "    age_recipient: null",
            "    approval: none",
        ]
    lines += [
        "",
        "repository:",
        f'  url: ""  # guess: {_NO_REPOSITORY}',
        "  folder: repository",
        "",
        "services: {}",
    ]
    return "\n".join(lines) + "\n"


def _commented(indent: str, key: str, guess: Guessed) -> list[str]:
    line = f"{indent}{key}: {_scalar(guess.value) if guess.value else 'null'}"
    if not guess.reason:
        return [line]
    comment = f"# guess: {guess.reason}"
    together = f"{line}  {comment}"
    return [together] if len(together) <= _WIDTH else [f"{indent}{comment}", line]


def _relative_to(guess: Guessed, project: Path, folder: Path) -> Guessed:
    """References count from the workspace, paths in ansible.cfg from the project."""
    if not guess.value:
        return guess
    path = guess.value.removeprefix("file:")
    if not path.startswith(("/", "~")):
        path = Path(os.path.relpath(project / path, folder)).as_posix()
    return Guessed(f"file:{path}", guess.reason)


def _scalar(text: str) -> str:
    """Write text as YAML that reads as this text, by YAML 1.1 and 1.2."""
    if _PLAIN.fullmatch(text) and (text.lower() not in _NOT_TEXT or text == "."):
        return text
    return json.dumps(text, ensure_ascii=False)
