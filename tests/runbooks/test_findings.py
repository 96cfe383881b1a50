"""Findings that only a whole conversion can make, each provoked by a task of a real playbook."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitops_runbook.model.finding_codes import CODES
from gitops_runbook.model.findings import Severity
from gitops_runbook.runbooks.conversion import Conversion, ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import Programs, convert

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - kubernetes.core.k8s: {kind: Namespace, name: web, api_version: v1}
    - name: generated once
      kubernetes.core.k8s:
        definition:
          apiVersion: v1
          kind: Secret
          metadata: {name: once, namespace: web}
          stringData: {password: "{{ lookup('ansible.builtin.password', '/dev/null') }}"}
    - name: gone
      kubernetes.core.k8s: {state: absent, kind: ConfigMap, api_version: v1, name: old, namespace: web}
    - name: cannot be carried
      kubernetes.core.k8s:
        definition:
          apiVersion: v1
          kind: ConfigMap
          metadata: {name: control, namespace: web}
          data: {bell: "a\\u0080b"}
    - name: keeps values
      kubernetes.core.helm:
        name: keeps
        chart_ref: oci://registry.example.org/charts/a
        chart_version: 1.0.0
        release_namespace: web
        reuse_values: true
        values: {build: "1e3"}
    - name: include
      include_tasks: "{{ 'no-such-file' }}.yml"
"""


@pytest.fixture(scope="module")
def conversion(tmp_path_factory: pytest.TempPathFactory, kubectl: Path, helm_path: Path, sops_path: Path) -> Conversion:
    project = tmp_path_factory.mktemp("project")
    (project / "site.yml").write_text(PLAYBOOK.replace("\\\\", "\\"))
    (project / "hosts").write_text("one\n")
    options = ConversionOptions(
        project, "site.yml", {"test": EnvironmentOptions("all", ("hosts",))}, tmp_path_factory.mktemp("out"),
        ansible_playbook=str(Path(sys.executable).parent / "ansible-playbook"),
    )  # fmt: skip
    return convert(options, programs=Programs(kubectl, helm_path, sops_path))


@pytest.mark.parametrize(
    ("code", "subject"),
    [
        ("create-once-secret", "Secret/web/once"),
        ("object-absent", "ConfigMap/web/old"),
        ("object-not-carried", "ConfigMap/web/control"),
        ("values-live", "HelmRelease/web/keeps"),
        ("yaml-retyped", "HelmRelease/web/keeps"),
        ("include-unresolved", "include (site.yml:30)"),
    ],
)
def test_each_is_found_where_it_is(conversion: Conversion, code: str, subject: str) -> None:
    assert subject in [finding.subject for finding in conversion.findings if finding.kind.code == code]


def test_what_stands_in_the_tree_is_exact_all_the_same(conversion: Conversion) -> None:
    assert conversion.proof.exact
    assert not conversion.is_ready
    summary = conversion.environments["test"]
    assert (summary.objects, summary.releases, summary.withheld) == (1, 1, 1)
    assert not any("name: control\n" in text for text in conversion.files.values())


def test_every_code_is_used_and_says_what_to_do() -> None:
    package = Path(__file__).parents[2] / "gitops_runbook"
    sources = [path.read_text() for path in package.rglob("*.py") if path.name != "finding_codes.py"]
    for name, kind in CODES.items():
        assert any(f'"{name}"' in source for source in sources), name
        assert all((kind.title, kind.why, kind.remedy)), name
        assert kind.choices or kind.severity is not Severity.ERROR
