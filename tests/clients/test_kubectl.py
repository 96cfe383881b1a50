"""Objects that kubectl generates without a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_runbook.clients.kubectl import Kubectl
from gitops_runbook.errors import CommandFailed


def test_an_object_is_generated_without_a_cluster(kubectl: Path) -> None:
    manifest = Kubectl(kubectl).generate(["create", "configmap", "settings", "--from-literal=level=1.10"])
    assert manifest["kind"] == "ConfigMap"
    assert manifest["data"] == {"level": "1.10"}


def test_refused_arguments_are_an_error_that_hides_their_values(kubectl: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        Kubectl(kubectl).generate(["create", "secret", "generic", "token", "--from-literal=hunter2hunter2"])
    assert "hunter2hunter2=" not in str(caught.value)


def test_a_kubeconfig_of_the_user_plays_no_part(kubectl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/no/such/kubeconfig")
    assert Kubectl(kubectl).generate(["create", "namespace", "ml"])["metadata"]["name"] == "ml"


def test_lists_of_a_built_in_object_are_merged_by_their_key(kubectl: Path) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "web"},
           "spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "i:2"}]}}  # fmt: skip
    patch = {"metadata": {"labels": {"x": "1"}}, "spec": {"containers": [{"name": "a", "image": "i:9"}]}}
    merged = Kubectl(kubectl).strategic_merge(pod, patch)
    assert merged["spec"]["containers"] == [{"name": "a", "image": "i:9"}, {"name": "b", "image": "i:2"}]
    assert merged["metadata"] == {"name": "p", "namespace": "web", "labels": {"x": "1"}}
