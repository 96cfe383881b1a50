"""The central promise, against reality: what is recorded is what the real ansible puts on the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import exactness
from benchmarks.sample import request
from gitops_runbook.ansible.environments import record_environments
from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.find import find


@pytest.fixture(scope="module")
def _collection() -> None:
    try:
        find("kubernetes.core")
    except ToolMissing as missing:
        pytest.skip(f"{missing.subject}: {missing.happened}")


@pytest.mark.usefixtures("_collection")
@pytest.mark.parametrize("environment", ["production", pytest.param("staging", marks=pytest.mark.long)])
def test_every_object_and_release_of_the_sample_is_identical(environment: str, helm_path: Path, kubectl: Path) -> None:
    real = exactness.real_run(environment)
    assert real.returncode == 0, real.output
    assert len(real.objects) >= 30
    assert len(real.releases) >= 6
    recorded = record_environments(
        {environment: request(environment)}, Helm(helm_path), Kubectl(kubectl).generate, lambda *_: None
    )
    assert exactness.compare(recorded[environment].state, real) == []
    key = next(key for key, item in recorded[environment].state.objects.items() if key.kind == "ConfigMap")
    del real.objects[key.api_version, key.kind, key.namespace, key.name]  # the control: the comparison sees it
    assert exactness.compare(recorded[environment].state, real) == [
        f"only recorded: {(key.api_version, key.kind, key.namespace, key.name)}"
    ]
