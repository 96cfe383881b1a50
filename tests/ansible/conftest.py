"""What the tests of the recorder share."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.ansible import sandbox
from gitops_runbook.ansible.environments import RecordedEnvironment, record_environments
from gitops_runbook.ansible.installation import AnsibleInstallation, find_installation
from gitops_runbook.ansible.recording import FIRST, Pass, Recording, RecordingRequest, record
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl

Request = Callable[..., RecordingRequest]


@pytest.fixture(scope="session")
def installation() -> AnsibleInstallation:
    return find_installation(str(Path(sys.executable).parent / "ansible-playbook"))


@pytest.fixture(scope="session")
def request_for(installation: AnsibleInstallation) -> Request:
    def build(project: Path, playbook: str = "site.yml", limit: str = "all", **others: Any) -> RecordingRequest:  # noqa: ANN401
        return RecordingRequest(installation, project, playbook, limit, **{"inventory": ("hosts",), **others})

    return build


@pytest.fixture
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME, the temporary folder and the memory folder of this test alone, all below one folder."""
    places = tmp_path / "places"
    for name in ("home", "tmp", "memory"):
        (places / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(places / "home"))
    monkeypatch.setenv("TMPDIR", str(places / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(places / "tmp"))
    monkeypatch.setattr(sandbox, "_MEMORY", places / "memory")
    return places


def recorded(request: RecordingRequest, taken: Pass = FIRST) -> Recording:
    return record(request, taken)


def refuse(arguments: Sequence[str]) -> dict[str, Any]:
    raise AssertionError(f"kubectl is not needed here: {arguments}")


def environment(request: RecordingRequest) -> RecordedEnvironment:
    """One environment in all passes; without releases helm is not needed, without kubectl commands kubectl is not."""
    return record_environments(
        {"test": request}, Helm(Path("/no/helm")), Kubectl(Path("/no/kubectl")), lambda *_: None
    )["test"]
