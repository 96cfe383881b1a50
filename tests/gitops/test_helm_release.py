from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import Json
from gitops_runbook.gitops.document_names import name_documents
from gitops_runbook.gitops.flux_versions import DEFAULT, resolve
from gitops_runbook.gitops.helm_release import ReleaseDocuments, helm_release
from gitops_runbook.model.desired import Chart, DesiredRelease, HelmOptions, Origin, Taint, TaskReference

_CANARY = "canary-41aa"
_SENTINEL = "vault_0123_"
_HTTP = Chart("airflow", "https://charts.example.org", "1.15.0", "apache")
_OCI = Chart("mlflow", "oci://registry.example.org/charts", "0.7.19")
_TASK = TaskReference("roles/airflow/tasks/main.yml", 12, "deploy", "airflow")


def _release(chart: Chart = _HTTP, options: HelmOptions | None = None, **fields: Json) -> DesiredRelease:
    values = fields.pop("values", {"replicas": 2})
    origin = Origin((_TASK,), 3, "airflow")
    return DesiredRelease("airflow", "orchestration", chart, values, origin, options or HelmOptions(), **fields)


def _written(release: DesiredRelease, flux: str = DEFAULT) -> ReleaseDocuments:
    return helm_release(release, resolve(flux), "staging")


def _spec(options: HelmOptions | None = None, flux: str = DEFAULT) -> Mapping[str, Any]:
    document = _written(_release(options=options), flux).release
    assert document is not None
    spec: Mapping[str, Any] = document["spec"]
    return spec


def _codes(documents: ReleaseDocuments) -> list[str]:
    return [finding.kind.code for finding in documents.findings]


def test_the_release_keeps_name_namespace_and_history_so_that_flux_adopts_it() -> None:
    document = _written(_release()).release
    assert document is not None
    assert document["apiVersion"] == "helm.toolkit.fluxcd.io/v2"
    assert document["metadata"] == {"name": "airflow", "namespace": "orchestration"}
    assert document["spec"]["releaseName"] == "airflow"
    assert document["spec"]["storageNamespace"] == "orchestration"
    assert document["spec"].get("targetNamespace", "orchestration") == "orchestration"


def test_a_chart_of_an_http_repository_is_pinned_in_the_release() -> None:
    documents = _written(_release())
    assert documents.release is not None
    assert documents.source is not None
    assert documents.release["spec"]["chart"] == {
        "spec": {
            "chart": "airflow",
            "version": "1.15.0",
            "sourceRef": {"kind": "HelmRepository", "name": "apache"},
        }
    }
    assert documents.source["kind"] == "HelmRepository"
    assert documents.source["metadata"] == {"name": "apache", "namespace": "orchestration"}


def test_a_chart_of_a_registry_is_pinned_in_its_source() -> None:
    documents = _written(_release(_OCI))
    assert documents.release is not None
    assert documents.source is not None
    assert "chart" not in documents.release["spec"]
    reference = documents.release["spec"]["chartRef"]
    assert reference == {"kind": "OCIRepository", "name": documents.source["metadata"]["name"]}
    assert documents.source["spec"]["ref"] == {"tag": "0.7.19"}


def test_the_release_refers_to_the_source_by_the_name_it_has_among_all() -> None:
    other = DesiredRelease(
        "other", "orchestration", Chart("x", "https://a.example.org", "1.0.0", "apache"), {}, Origin((), 0, "x")
    )
    documents = helm_release(_release(), resolve(DEFAULT), names=name_documents([_release(), other]))
    assert documents.release is not None
    assert documents.source is not None
    name = documents.source["metadata"]["name"]
    assert name != "apache"
    assert documents.release["spec"]["chart"]["spec"]["sourceRef"]["name"] == name


def test_an_unknown_repository_gives_a_finding_and_no_document() -> None:
    documents = _written(_release(Chart("airflow", "./charts")))
    assert (documents.release, documents.source, documents.values_secret) == (None, None, None)
    (finding,) = documents.findings
    assert (finding.kind.code, finding.environment, finding.where) == (
        "chart-unresolved", "staging", "roles/airflow/tasks/main.yml:12",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("repository", "shown"),
    [
        ("./charts", "from ./charts,"), ("", "from nowhere,"),
        (f"git+https://me:{_CANARY}@example.org/x", "from git+https://example.org/x,"),
        (f"https://charts.example.org/x?token={_CANARY}", "from https://charts.example.org/x,"),
    ],
)  # fmt: skip
def test_the_finding_about_a_repository_shows_it_without_credentials(repository: str, shown: str) -> None:
    (finding,) = _written(_release(Chart("airflow", repository))).findings
    assert shown in finding.message
    assert _CANARY not in finding.message


@pytest.mark.parametrize("chart", [_HTTP, _OCI])
def test_a_chart_without_a_version_is_written_with_a_finding(chart: Chart) -> None:
    unpinned = Chart(chart.name, chart.repository)
    documents = _written(_release(unpinned))
    assert _codes(documents) == ["chart-unpinned"]
    assert documents.release is not None


def test_a_release_without_options_works_as_helm_does() -> None:
    spec = _spec()
    assert spec["install"] == {"strategy": {"name": "RetryOnFailure", "retryInterval": "2m"}, "disableWait": True}
    assert spec["upgrade"] == {"crds": "Skip", "disableWait": True}
    assert not {"timeout", "maxHistory"} & set(spec)


def test_nothing_is_suspended_tested_corrected_or_substituted() -> None:
    options = HelmOptions(create_namespace=True, wait=True, atomic=True, timeout="9m", skip_crds=True, force=True)
    assert not {"suspend", "postBuild", "driftDetection", "test", "rollback"} & set(_spec(options))


@pytest.mark.parametrize(
    ("options", "waits"),
    [
        (HelmOptions(), False), (HelmOptions(wait=False), False), (HelmOptions(wait=True), True),
        (HelmOptions(atomic=True), True), (HelmOptions(wait=False, atomic=True), True),
    ],
)  # fmt: skip
def test_flux_waits_where_helm_waited(options: HelmOptions, *, waits: bool) -> None:
    spec = _spec(options)
    assert ("disableWait" not in spec["install"], "disableWait" not in spec["upgrade"]) == (waits, waits)


def test_an_upgrade_is_never_tried_twice_nor_answered_by_uninstalling() -> None:
    for flux in ("2.4.0", "2.7.0", DEFAULT):
        upgrade = _spec(HelmOptions(atomic=True), flux)["upgrade"]
        assert upgrade["remediation"] == {"retries": 0, "remediateLastFailure": True, "strategy": "rollback"}
        assert "strategy" not in upgrade
        assert not {"remediation", "strategy"} & set(_spec(flux=flux)["upgrade"])


def test_an_atomic_installation_is_removed_when_it_fails() -> None:
    install = _spec(HelmOptions(atomic=True))["install"]
    assert install["remediation"] == {"retries": 3, "remediateLastFailure": True}
    assert "strategy" not in install


@pytest.mark.parametrize("flux", ["2.4.0", "2.5.0", "2.6.0"])
def test_versions_without_strategies_get_none(flux: str) -> None:
    spec = _spec(flux=flux)
    assert spec["install"]["remediation"] == {"retries": 3}
    assert not [path for path in _paths(spec) if path.endswith("strategy") or "serverSideApply" in path]


def test_the_other_options_have_their_fields() -> None:
    options = HelmOptions(
        create_namespace=True, timeout="7m30s", skip_crds=True, disable_hooks=True, force=True, history_max=0
    )
    spec = _spec(options, "2.7.0")
    assert (spec["timeout"], spec["maxHistory"]) == ("7m30s", 0)
    assert spec["install"].items() >= {"createNamespace": True, "crds": "Skip", "disableHooks": True}.items()
    assert spec["upgrade"].items() >= {"force": True, "crds": "Skip", "disableHooks": True}.items()


def test_options_without_equivalent_are_findings_of_their_own() -> None:
    options = HelmOptions(timeout="300", force=True, dependency_update=True)
    chart = Chart("airflow", f"https://me:{_CANARY}@charts.example.org", "1.0.0")
    documents = _written(_release(chart, options))
    assert _codes(documents) == ["helm-option"] * 4
    assert len({finding.id for finding in documents.findings}) == 4
    assert documents.release is not None
    assert "timeout" not in documents.release["spec"]
    assert _CANARY not in repr(documents)


def test_force_has_its_equivalent_before_server_side_apply() -> None:
    assert _codes(_written(_release(options=HelmOptions(force=True)), "2.7.0")) == []
    assert _codes(_written(_release(options=HelmOptions(force=True)), "2.8.0")) == ["helm-option"]


def test_secret_values_are_delivered_as_a_whole_file_and_not_inline() -> None:
    release = _release(
        values={"db": {"password": _SENTINEL, "host": "pg"}, "extra": None},
        plaintext_values={"db": {"password": _CANARY, "host": "pg"}, "extra": None},
        taint=Taint(secret=frozenset({"/db/password"})),
    )
    documents = _written(release)
    assert documents.release is not None
    assert documents.values_secret is not None
    assert documents.release["spec"]["valuesFrom"] == [{"kind": "Secret", "name": "airflow-values"}]
    assert documents.release["spec"]["values"] == {"db": {"host": "pg"}, "extra": None}
    assert documents.values_secret["metadata"] == {"name": "airflow-values", "namespace": "orchestration"}
    assert load_all(documents.values_secret["stringData"]["values.yaml"]) == [{"db": {"password": _CANARY}}]
    assert _CANARY not in repr(documents.release)
    assert _SENTINEL not in repr(documents)


def test_a_withheld_secret_stays_referred_to() -> None:
    release = _release(values={"password": _SENTINEL}, taint=Taint(secret=frozenset({"/password"})))
    documents = _written(release)
    assert documents.release is not None
    assert documents.values_secret is None
    assert documents.release["spec"]["valuesFrom"] == [{"kind": "Secret", "name": "airflow-values"}]
    assert "values" not in documents.release["spec"]


def test_a_release_without_values_has_no_empty_field() -> None:
    documents = _written(_release(values={}))
    assert documents.release is not None
    assert not {"values", "valuesFrom"} & set(documents.release["spec"])


def _paths(value: Json, at: str = "") -> Iterator[str]:
    yield at
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _paths(child, f"{at}/{key}")
