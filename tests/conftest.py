"""What every test gets: a clean environment, and the real programs where they can be had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.find import find

_USERS_OWN = ("ANSIBLE_", "GIT_", "HELM_", "KUBE", "SOPS_")
_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "VAULT_TOKEN")
_KEPT = frozenset({"KUBEBUILDER_ASSETS"})


@pytest.fixture(autouse=True)
def _nothing_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No cluster, no key, no token and no git configuration of the person who runs the tests."""
    for name in os.environ:
        if name not in _KEPT and (name.startswith(_USERS_OWN) or name in _TOKENS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp().parent))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.com")


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """A kubectl that will do."""
    return _program("kubectl")


@pytest.fixture(scope="session")
def kustomize(kubectl: Path) -> Kustomize:
    """Kustomize and Go's reading of YAML."""
    return Kustomize(kubectl)


@pytest.fixture(scope="session")
def helm_path() -> Path:
    """A helm that will do."""
    return _program("helm")


@pytest.fixture(scope="session")
def helm(helm_path: Path) -> Helm:
    """Helm 3."""
    return Helm(helm_path)


@pytest.fixture(scope="session")
def sops_path() -> Path:
    """A sops that will do."""
    return _program("sops")


@pytest.fixture(scope="session")
def sops(sops_path: Path) -> Sops:
    """The real sops."""
    return Sops(sops_path)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real repositories to try things on; they lie beside the checkout and do not belong to it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


def _program(name: str) -> Path:
    """Only looks; ``scripts/test`` provisions beforehand, because tests use no network."""
    try:
        return find(name).path
    except ToolMissing as missing:
        pytest.skip(f"{missing.subject}: {missing.happened}")
