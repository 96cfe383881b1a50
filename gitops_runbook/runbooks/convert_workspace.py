"""Convert what a workspace's configuration names: the form of ``convert`` the notebook uses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_runbook.clients.private_folder import private_folder
from gitops_runbook.model.checks import Check, Status
from gitops_runbook.runbooks.conversion import Conversion, ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import Progress, convert
from gitops_runbook.runbooks.machine import check_programs
from gitops_runbook.workspace import Workspace


def check_workspace(workspace: Workspace, *, with_secrets: bool = True) -> list[Check]:
    """Ask what a conversion needs: programs, the playbook, and the vault password where one is wanted."""
    checks = [*check_programs(workspace.configuration.ansible.executable), _playbook(workspace)]
    return [*checks, _password(workspace)] if with_secrets else checks


def convert_workspace(
    workspace: Workspace, out: str = "", *, with_secrets: bool = True, progress: Progress | None = None
) -> Conversion:
    """Convert the project of a workspace for all of its environments.

    Args:
        workspace: whose project, environments and repository.
        out: folder to write to, relative to the workspace; empty: the work tree of its repository.
        with_secrets: use the vault password the configuration names; else Secrets from vaults are withheld.
        progress: is told what goes on.

    Raises:
        RunbookError: bad input, before anything is written.
    """
    with vault_password_file(workspace if with_secrets else None) as password:
        return convert(options_from_workspace(workspace, out, password), progress)


def options_from_workspace(
    workspace: Workspace, out: str = "", vault_password_file: Path | None = None
) -> ConversionOptions:
    """Turn a workspace's configuration into the options of a conversion."""
    configuration = workspace.configuration
    ansible, repository = configuration.ansible, configuration.repository
    extra_vars = (json.dumps(ansible.extra_vars),) if ansible.extra_vars else ()
    environments = {
        name: EnvironmentOptions(
            item.limit, item.inventory, extra_vars, (item.age_recipient,) if item.age_recipient else ()
        )
        for name, item in configuration.environments.items()
    }
    folder = (workspace.root / Path(out).expanduser()).resolve() if out else workspace.repository_folder
    return ConversionOptions(
        project=workspace.ansible_project, playbook=ansible.playbook, environments=environments, out=folder,
        path_prefix=repository.path_prefix, tags=",".join(ansible.tags), flux_version=configuration.flux.version,
        vault_password_file=vault_password_file, allow_project_code=ansible.allow_project_code,
        ansible_playbook=ansible.executable,
    )  # fmt: skip


@contextmanager
def vault_password_file(workspace: Workspace | None) -> Iterator[Path | None]:
    """The file with the vault password; one from the environment stands in a private folder for as long as needed.

    Raises:
        UnreadableInput: the environment variable is not set.
    """
    reference = workspace.vault_password if workspace else None
    if workspace is None or reference is None:
        yield None
    elif reference.scheme == "file":
        yield reference.path(workspace.root).absolute()
    else:
        with private_folder() as folder:
            file = folder / "vault-password"
            file.touch(mode=0o600)
            file.write_text(reference.read(workspace.root), encoding="utf-8")
            yield file


def _playbook(workspace: Workspace) -> Check:
    settings = workspace.configuration.ansible
    path = workspace.ansible_project / settings.playbook
    if path.is_file():
        return Check("playbook", Status.PASSED, str(path))
    why, remedy = "there is nothing to record without it", "correct ansible.project and ansible.playbook"
    return Check("playbook", Status.FAILED, f"{path} is not there", why, remedy)


def _password(workspace: Workspace) -> Check:
    reference = workspace.vault_password
    name, why = "vault password", "without it, what comes from a vault is withheld"
    if reference is None:
        remedy = "name it in gitops-runbook.yaml: ansible.vault_password: file:PATH"
        return Check(name, Status.SKIPPED, f"none is named; {why} ({remedy})")
    if reference.scheme == "file" and not reference.path(workspace.root).is_file():
        return Check(
            name, Status.FAILED, f"{reference} is not there", why, "put the file there, or set with_secrets=False"
        )
    return Check(name, Status.PASSED, str(reference))
