"""The sample as the benchmarks use it: its folder, its environments, and the programs to run it with."""

from __future__ import annotations

import sys
from pathlib import Path

from gitops_runbook.ansible.installation import AnsibleInstallation, find_installation
from gitops_runbook.ansible.recording import RecordingRequest
from gitops_runbook.toolchain.provision import ensure

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "examples" / "mlops-platform"
PLAYBOOK = "site.yml"
PASSWORD = PROJECT / "vault-password.example"
ENVIRONMENTS = ("production", "staging")
SHARED = ROOT.parent / "shared" / "real"


def installation() -> AnsibleInstallation:
    """The ansible beside this Python, else the one on PATH."""
    beside = Path(sys.executable).parent / "ansible-playbook"
    return find_installation(str(beside) if beside.exists() else None)


def request(environment: str, *, with_password: bool = True) -> RecordingRequest:
    """What to record for one environment of the sample."""
    return RecordingRequest(
        installation(), PROJECT, PLAYBOOK, "all", (f"inventories/{environment}",),
        vault_password_file=PASSWORD if with_password else None,
    )  # fmt: skip


def program(name: str) -> Path:
    """A program, provisioned where it is missing."""
    return ensure(name).path
