"""The workspace: the nearest folder upwards with ``gitops-runbook.yaml``, or the packaged sample."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import ConfigurationError, UsageError
from gitops_runbook.workspace.configuration import Configuration, Environment
from gitops_runbook.workspace.packaged import packaged_folder
from gitops_runbook.workspace.reading import CONFIGURATION_FILE, nearest, read_configuration
from gitops_runbook.workspace.secret_references import SecretReference

_SAMPLE = "examples/mlops-platform"


@dataclass(frozen=True)
class Workspace:
    """A configuration and the folder it describes.

    Attributes:
        root: absolute path of the folder with the configuration file.
        is_sample: it is a temporary copy of the packaged sample, not the user's own.
    """

    root: Path
    configuration: Configuration
    is_sample: bool = False

    @classmethod
    def sample(cls) -> Workspace:
        """Copy the packaged sample into a new temporary folder.

        The folder stays when the program ends, because the records of its runs are in it; the operating system clears
        temporary folders.

        Raises:
            UnreadableInput: when this installation has no sample.
        """
        root = Path(tempfile.mkdtemp(prefix="gitops-runbook-sample-")).resolve() / "mlops-platform"
        shutil.copytree(packaged_folder(_SAMPLE), root, ignore=shutil.ignore_patterns("runs", "__pycache__"))
        return cls(root, read_configuration(root / CONFIGURATION_FILE), is_sample=True)

    def environment(self, name: str) -> Environment:
        """Look an environment up.

        Raises:
            UsageError: when there is none of that name; says which one was probably meant.
        """
        environments = self.configuration.environments
        if name in environments:
            return environments[name]
        near = nearest(name, environments)
        remedy = f'write "{near}"' if near else "use one of: " + ", ".join(environments)
        raise UsageError(f'environment "{name}"', f"is not in {self.root / CONFIGURATION_FILE}", remedy)

    def cluster_path(self, environment: str) -> str:
        """The folder of an environment's cluster in the repository, e.g. ``clusters/staging``."""
        return self.environment(environment).path or f"clusters/{environment}"

    @property
    def ansible_project(self) -> Path:
        """Absolute path of the Ansible project."""
        return self._path(self.configuration.ansible.project)

    @property
    def repository_folder(self) -> Path:
        """Absolute path of the work tree of the GitOps repository."""
        return self._path(self.configuration.repository.folder)

    @property
    def runs_folder(self) -> Path:
        """Absolute path of the folder with the records."""
        return self._path(self.configuration.runs.folder)

    @property
    def vault_password(self) -> SecretReference | None:
        """Where the vault password is found; ``file:`` paths are relative to ``root``."""
        reference = self.configuration.ansible.vault_password
        return SecretReference.parse(reference, "file", "env") if reference else None

    def _path(self, text: str) -> Path:
        return (self.root / Path(text).expanduser()).resolve()


def locate_workspace(start: Path) -> Path | None:
    """Return the nearest folder upwards, ``start`` included, that has a configuration file."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / CONFIGURATION_FILE).is_file()), None)


def find_workspace(start: Path) -> Workspace:
    """Read the nearest workspace upwards.

    Raises:
        ConfigurationError: when there is none, or its configuration file is wrong.
    """
    root = locate_workspace(start)
    if root is None:
        happened = f"neither this folder nor one above it has a {CONFIGURATION_FILE}"
        raise ConfigurationError(str(start), happened, "make a workspace: gitops-runbook init DIR --from-ansible PATH")
    return Workspace(root, read_configuration(root / CONFIGURATION_FILE))
