"""Find the user's own ansible: the program ``ansible-playbook`` and the Python interpreter it runs in."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import ToolMissing


@dataclass(frozen=True)
class AnsibleInstallation:
    """An installed ansible-core, by its program and its interpreter."""

    ansible_playbook: Path
    python: Path


def find_installation(ansible_playbook: str | None = None) -> AnsibleInstallation:
    """Find ansible-playbook: the one named, else the one on PATH, else the one installed beside this package.

    Raises:
        ToolMissing: when there is none, or its interpreter cannot be told.
    """
    beside = Path(sys.executable).parent / "ansible-playbook"
    found = ansible_playbook or shutil.which("ansible-playbook") or (str(beside) if beside.exists() else None)
    program = shutil.which(found) if found else None
    if program is None:
        raise ToolMissing(
            ansible_playbook or "ansible-playbook",
            "is not installed, or not an executable file",
            "pass --ansible-playbook PATH, or install one: pip install 'gitops-runbook[ansible]'",
        )
    return AnsibleInstallation(Path(program).absolute(), _interpreter_of(Path(program)))


def _interpreter_of(program: Path) -> Path:
    """Read the interpreter from the first lines of a console script (pip, pipx, Debian and long-path forms)."""
    with program.open("rb") as file:
        lines = file.read(1024).decode("utf-8", "replace").splitlines()
    words = _words(lines[0][2:]) if lines and lines[0].startswith("#!") else []
    if words and Path(words[0]).name == "env":
        words = [shutil.which(word) or word for word in words[1:] if not word.startswith("-")]
    if words and Path(words[0]).name == "sh" and len(lines) > 1:  # '''exec' "/long path/python" "$0" "$@"
        words = _words(lines[1].replace("'''exec'", "", 1))[:1]
    if not words or not os.access(words[0], os.X_OK):
        raise ToolMissing(
            str(program),
            "does not name the Python interpreter it runs in",
            "pass --ansible-playbook with the console script of the installation, e.g. VENV/bin/ansible-playbook",
        )
    return Path(words[0])


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # its quotes do not match
        return []
