"""Two real projects run to their end, and what became of each task is known."""

from __future__ import annotations

import shutil
from pathlib import Path

from gitops_runbook.ansible.accounting import Accounts, account
from gitops_runbook.ansible.recording import FIRST, Recording, record

from .conftest import Request


def recorded_or_skipped(accounts: Accounts) -> float:
    return (len(accounts.recorded) + len(accounts.skipped)) / len(accounts.planned)


def require_complete(recording: Recording, at_least: int) -> None:
    accounts = account(recording)
    assert len(accounts.planned) >= at_least
    assert recorded_or_skipped(accounts) >= 0.9
    accounted = accounts.recorded | accounts.skipped | accounts.failed.keys() | accounts.not_reached.keys()
    assert accounted >= accounts.planned.keys()
    assert all(text.strip() for text in [*accounts.failed.values(), *accounts.not_reached.values()])
    assert "Traceback" not in str(recording.lines)


def test_the_homelab_is_recorded_to_its_end(shared: Path, tmp_path: Path, request_for: Request) -> None:
    project = tmp_path / "homelab"
    shutil.copytree(shared / "real" / "ansible_homelab_kubernetes", project)
    variables = project / "inventory" / "production" / "group_vars"
    example = next(path for path in variables.iterdir() if "example" in path.name)
    shutil.copy(example, variables / "all.yml")

    require_complete(record(request_for(project, "playbooks/site.yml", inventory=()), FIRST), 200)


def test_the_azimuth_collection_is_recorded_to_its_end(shared: Path, tmp_path: Path, request_for: Request) -> None:
    project = shared / "real" / "ansible-collection-azimuth-ops"
    hosts = tmp_path / "hosts"
    hosts.write_text("[azimuth_deploy]\nlocalhost ansible_connection=local\n")

    require_complete(record(request_for(project, "playbooks/deploy.yml", inventory=(str(hosts),)), FIRST), 120)
