"""Modules of collections that are not installed, by the names people give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_runbook.ansible.accounting import account
from gitops_runbook.ansible.recording import FIRST, record

from .conftest import Request
from .projects import write

TASKS = """
    - k8s: {kind: Namespace, name: web, api_version: v1}
    - helm_repository: {name: acme, url: "https://acme.example.org"}
    - helm: {name: a, chart_ref: acme/b, release_namespace: web}
"""


@pytest.mark.parametrize("keyword", ["collections: [kubernetes.core]", "collections:\n    - kubernetes.core"])
def test_short_names_are_those_of_the_collections_the_play_names(
    keyword: str, tmp_path: Path, request_for: Request
) -> None:
    play = f"- hosts: all\n  gather_facts: false\n  {keyword}\n  tasks:{TASKS}"
    project = write(tmp_path / "project", {"site.yml": play, "hosts": "one\n"})

    recording = record(request_for(project), FIRST)

    modules = [line["action"] for line in recording.of_type("task")]
    assert modules == ["kubernetes.core.k8s", "kubernetes.core.helm_repository", "kubernetes.core.helm"]
    assert len(account(recording).planned) == 3
