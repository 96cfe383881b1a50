"""Is this machine ready: the programs runbooks run, and the workspace they work in. Looks only, changes nothing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from gitops_runbook.ansible.installation import find_installation
from gitops_runbook.clients.command import Command, run
from gitops_runbook.errors import ConfigurationError, RunbookError, ToolMissing
from gitops_runbook.model.checks import Check, Status
from gitops_runbook.toolchain.find import can_be_provisioned, find, recipe_of
from gitops_runbook.workspace import Workspace, find_workspace, locate_workspace

_PROGRAMS = {
    "kubectl": "it builds the tree with kustomize",
    "helm": "it reads the values of Helm releases",
    "sops": "it encrypts Secrets",
}
_ANSIBLE_ANSWERS_WITHIN = 60.0  # seconds


def check_machine(folder: Path) -> list[Check]:
    """Look at the Python, the programs, git and the workspace a folder belongs to."""
    name, observed = "python", f"{platform.python_version()} in {sys.prefix}"
    workspace, seen = _workspace(folder)
    ansible = workspace.configuration.ansible.executable if workspace else None
    return [Check(name, Status.PASSED, observed), *check_programs(ansible), _git(), seen]


def check_programs(ansible_playbook: str | None = None) -> list[Check]:
    """Look for what a conversion runs; a program that will be provisioned when it is needed is a warning.

    Args:
        ansible_playbook: the user's own; None: the one on PATH, or the one beside this package.
    """
    return [_ansible(ansible_playbook), *_provisioned_programs()]


def _ansible(named: str | None) -> Check:
    try:
        found = find_installation(named)
        answer = run(Command((str(found.ansible_playbook), "--version"), timeout=_ANSIBLE_ANSWERS_WITHIN))
    except RunbookError as error:
        why = "the playbook is recorded inside your own ansible"
        return Check("ansible-playbook", Status.FAILED, error.happened, why, error.remedy)
    version = answer.stdout.partition("\n")[0].removeprefix("ansible-playbook ").strip("[]")
    return Check("ansible-playbook", Status.PASSED, f"{version}, {found.ansible_playbook}")


def _provisioned_programs() -> Iterator[Check]:
    for name, purpose in _PROGRAMS.items():
        try:
            tool = find(name)
        except ToolMissing as error:
            # What can be provisioned is fetched when it is needed, so that its absence stops nobody.
            status = Status.WARNED if can_be_provisioned(recipe_of(name)) else Status.FAILED
            yield Check(name, status, error.happened, purpose, error.remedy)
        else:
            yield Check(name, Status.PASSED, f"{tool.version} from {tool.origin}, {tool.path}")


def _git() -> Check:
    try:
        version = run(Command(("git", "--version"))).stdout.strip()
    except RunbookError as error:
        return Check("git", Status.FAILED, error.happened, "hand edits are merged by git", "install git 2.30 or newer")
    return Check("git", Status.PASSED, version.removeprefix("git version "))


def _workspace(folder: Path) -> tuple[Workspace | None, Check]:
    name = "workspace"
    if locate_workspace(folder) is None:
        return None, Check(name, Status.SKIPPED, "no gitops-runbook.yaml here or above; notebooks use the sample")
    try:
        workspace = find_workspace(folder)
    except ConfigurationError as error:
        happened = f"{error.subject}: {error.happened}"
        return None, Check(name, Status.FAILED, happened, "no runbook can start without it", error.remedy)
    return workspace, Check(name, Status.PASSED, str(workspace.root))
