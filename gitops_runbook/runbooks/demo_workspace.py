"""The folder of ``gitops-runbook demo``: the sample as a workspace, with age keys of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import OutputRefused, ToolMissing
from gitops_runbook.workspace import CONFIGURATION_FILE, Workspace, find_workspace, packaged_folder

_SAMPLE = "examples/mlops-platform"
_MARK = "# gitops-runbook demo"
_ABOUT = f"""{_MARK}

Made by `gitops-runbook demo`; delete the folder when you are done.

| where | what |
| --- | --- |
| `convert.html` | the executed notebook, to read: open this first |
| `mlops-platform/` | the sample: an Ansible project and its `gitops-runbook.yaml` |
| `mlops-platform/21-convert.ipynb` | the executed notebook, to open in JupyterLab and to run again |
| `mlops-platform/repository/` | the Flux repository, Secrets encrypted |
| `without-password/` | the Flux repository as it comes out without the vault password |
| `mlops-platform/runs/` | the records of the notebook's runs |
| `keys/` | private age keys that open the encrypted Secrets; throw-away keys for this demo, not for a real platform |
"""


@dataclass(frozen=True)
class DemoWorkspace:
    """Where things are.

    Attributes:
        key_file: private age keys of all environments, as ``SOPS_AGE_KEY_FILE`` takes it.
        without_password: output folder of the conversion without vault password.
    """

    folder: Path
    workspace: Workspace
    key_file: Path
    without_password: Path


def prepare_demo(folder: Path) -> DemoWorkspace:
    """Copy the sample and make keys; what is there from an earlier demo is kept.

    Raises:
        OutputRefused: the folder holds something else, or cannot be written.
        ToolMissing: pyrage, which makes age keys, is not installed.
    """
    folder = folder.absolute()
    _check_ours(folder)
    root = folder / "mlops-platform"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README.md").write_text(_ABOUT, encoding="utf-8")
        if not (root / CONFIGURATION_FILE).exists():
            ignored = shutil.ignore_patterns("runs", "repository", "__pycache__")
            shutil.copytree(packaged_folder(_SAMPLE), root, ignore=ignored, dirs_exist_ok=True)
        keys = folder / "keys"
        names = find_workspace(root).configuration.environments
        recipients = {name: _recipient(keys / f"{name}.agekey") for name in names}
        key_file = keys / "all.agekey"
        _write_private(key_file, "".join((keys / f"{name}.agekey").read_text(encoding="utf-8") for name in names))
        _name_recipients(root / CONFIGURATION_FILE, recipients)
    except OSError as error:
        raise OutputRefused(str(folder), f"cannot be written: {error.strerror}", "name another folder") from error
    return DemoWorkspace(folder, find_workspace(root), key_file, folder / "without-password")


def _check_ours(folder: Path) -> None:
    about = folder / "README.md"
    ours = about.is_file() and about.read_text(encoding="utf-8", errors="replace").startswith(_MARK)
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputRefused(
            str(folder), "holds something that is no demo", "name another folder: gitops-runbook demo DIR"
        )


def _recipient(file: Path) -> str:
    """The public key to a private key, which is made when it is not there."""
    try:
        from pyrage import x25519  # type: ignore[import-untyped] # noqa: PLC0415 - only the demo makes keys
    except ImportError as error:
        raise ToolMissing("pyrage", "is not installed; it makes the demo's age keys", "pip install pyrage") from error
    if file.exists():
        lines = file.read_text(encoding="utf-8").split()
        identity = x25519.Identity.from_str(next(line for line in lines if line.startswith("AGE-SECRET-KEY-")))
    else:
        identity = x25519.Identity.generate()
        _write_private(file, f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def _name_recipients(configuration: Path, recipients: Mapping[str, str]) -> None:
    """Write the public keys where the sample names none; the rest of the file, comments too, stays as it is."""
    environments = iter(recipients)
    lines = [
        line.replace("null", recipients[next(environments)]) if line.strip() == "age_recipient: null" else line
        for line in configuration.read_text(encoding="utf-8").splitlines(keepends=True)
    ]
    configuration.write_text("".join(lines), encoding="utf-8")
