"""The central promise, against reality: what is recorded is what the real ansible puts on the wire."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks import exactness
from benchmarks.sample import installation, request
from gitops_runbook.ansible.environments import record_environments
from gitops_runbook.ansible.recording import RecordingRequest
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.find import find
from tests.oracle import run_oracle

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def _collection() -> None:
    try:
        find("kubernetes.core")
    except ToolMissing as missing:
        pytest.skip(f"{missing.subject}: {missing.happened}")


@pytest.mark.usefixtures("_collection")
def test_every_way_to_apply_and_to_merge_ends_where_the_real_one_does(
    helm_path: Path, kubectl: Path, tmp_path: Path
) -> None:
    """One object applied twice in each mode; lists, strings, templates, generators; values and flags of Helm."""
    project = Path(shutil.copytree(DATA / "semantics", tmp_path / "project"))
    found = installation()
    real = run_oracle(
        project, "site.yml", ["hosts.ini"], "all", ansible_playbook=found.ansible_playbook,
        collections=find("kubernetes.core").path, python=found.python, helm=helm_path, kubectl=kubectl,
        kinds=[("example.org/v1", "Widget", True)],
    )  # fmt: skip
    assert real.returncode == 0, real.output
    request = RecordingRequest(found, project, "site.yml", "all", ("hosts.ini",))
    recorded = record_environments({"test": request}, Helm(helm_path), Kubectl(kubectl), lambda *_: None)["test"]
    # The API server drops the namespace of a cluster-scoped object; the fake one keeps what was sent.
    dropped = [line for line in exactness.compare(recorded.state, real) if "ClusterRole" in line]
    assert exactness.compare(recorded.state, real) == dropped
    assert len(dropped) == 1
    assert (len(real.objects), len(real.releases)) == (22, 3)


@pytest.mark.usefixtures("_collection")
@pytest.mark.parametrize("environment", ["production", pytest.param("staging", marks=pytest.mark.long)])
def test_every_object_and_release_of_the_sample_is_identical(environment: str, helm_path: Path, kubectl: Path) -> None:
    real = exactness.real_run(environment)
    assert real.returncode == 0, real.output
    assert len(real.objects) >= 30
    assert len(real.releases) >= 6
    recorded = record_environments(
        {environment: request(environment)}, Helm(helm_path), Kubectl(kubectl), lambda *_: None
    )
    assert exactness.compare(recorded[environment].state, real) == []
    key = next(key for key, item in recorded[environment].state.objects.items() if key.kind == "ConfigMap")
    del real.objects[key.api_version, key.kind, key.namespace, key.name]  # the control: the comparison sees it
    assert exactness.compare(recorded[environment].state, real) == [
        f"only recorded: {(key.api_version, key.kind, key.namespace, key.name)}"
    ]
