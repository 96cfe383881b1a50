from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gitops_runbook.documents.json_values import Json
from gitops_runbook.errors import UnreadableInput
from gitops_runbook.gitops.chart_sources import comparable
from gitops_runbook.gitops.flux_versions import DEFAULT, resolve
from gitops_runbook.gitops.helm_release import helm_release
from gitops_runbook.gitops.helm_release_reading import BuiltRelease, SourceKey, chart_and_values
from gitops_runbook.model.desired import Chart, DesiredRelease, Manifest, Origin, Taint

_CHART_SPEC = {"chart": "shop", "version": "1.0.0", "sourceRef": {"kind": "HelmRepository", "name": "stable"}}


def _manifest(**spec: Json) -> Manifest:
    return {
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "apps"},
        "spec": {"chart": {"spec": _CHART_SPEC}, **spec},
    }


def _secret(**fields: Json) -> dict[tuple[str, str], Manifest]:
    return {("apps", "web-values"): {"kind": "Secret", **fields}}


def _round_trip(release: DesiredRelease) -> BuiltRelease:
    documents = helm_release(release, resolve(DEFAULT))
    assert documents.release is not None
    assert documents.source is not None
    source = documents.source
    key: SourceKey = (source["kind"], source["metadata"]["namespace"], source["metadata"]["name"])
    secret = documents.values_secret
    secrets = {} if secret is None else {(secret["metadata"]["namespace"], secret["metadata"]["name"]): secret}
    return chart_and_values(documents.release, {key: source}, secrets)


@pytest.mark.parametrize(
    "chart",
    [
        Chart("shop", "https://charts.example.org/", "1.2.3", "stable"),
        Chart("shop", "https://charts.example.org"),
        Chart("shop", "https://charts.example.org", "*"),
        Chart("shop", "oci://registry.example.org/charts", "1.2.3+build.7"),
        Chart("shop", "oci://registry.example.org/charts", "~1.2"),
        Chart("shop", "oci://registry.example.org/charts"),
    ],
)
def test_what_was_written_reads_back_equal(chart: Chart) -> None:
    built = _round_trip(DesiredRelease("web", "apps", chart, {"a": 1}, Origin((), 0, "w")))
    assert (built.name, built.namespace, built.storage_namespace) == ("web", "apps", "apps")
    assert comparable(built.chart) == comparable(chart) == built.chart


def test_the_secret_values_come_before_the_inline_ones() -> None:
    release = DesiredRelease(
        "web", "apps", Chart("shop", "https://charts.example.org", "1.0.0"), {"p": "vault_1_", "a": None},
        Origin((), 0, "w"), taint=Taint(secret=frozenset({"/p"})), plaintext_values={"p": "0123", "a": None},
    )  # fmt: skip
    built = _round_trip(release)
    assert built.value_texts == ['p: "0123"\n', '{"a": null}']
    assert built.unread == ()


def test_a_withheld_secret_is_reported_as_unread() -> None:
    manifest = _manifest(valuesFrom=[{"kind": "Secret", "name": "web-values"}], values={"a": 1})
    built = chart_and_values(manifest, {}, {})
    assert (built.value_texts, built.unread) == (['{"a": 1}'], ("Secret/web-values",))


@pytest.mark.parametrize("reference", [{"kind": "ConfigMap"}, {"targetPath": "a.b"}, {"valuesKey": "other.yaml"}])
def test_a_reference_that_is_merged_otherwise_is_not_taken_for_a_values_file(reference: dict[str, str]) -> None:
    manifest = _manifest(valuesFrom=[{"kind": "Secret", "name": "web-values", **reference}])
    built = chart_and_values(manifest, {}, _secret(stringData={"values.yaml": "a: 1"}))
    assert built.value_texts == []
    assert len(built.unread) == 1


def test_encoded_data_is_read_like_text() -> None:
    manifest = _manifest(valuesFrom=[{"kind": "Secret", "name": "web-values", "valuesKey": "v.yaml"}])
    built = chart_and_values(manifest, {}, _secret(data={"v.yaml": base64.b64encode(b"a: 1").decode()}))
    assert built.value_texts == ["a: 1"]


def test_broken_base64_is_an_error_that_names_the_secret() -> None:
    manifest = _manifest(valuesFrom=[{"kind": "Secret", "name": "web-values"}])
    with pytest.raises(UnreadableInput, match="Secret/apps/web-values"):
        chart_and_values(manifest, {}, _secret(data={"values.yaml": "YTog!MQ=="}))


def test_a_missing_source_is_an_unknown_repository() -> None:
    assert chart_and_values(_manifest(), {}, {}).chart == Chart("shop", "", "1.0.0")


def test_a_source_of_another_namespace_is_another_source() -> None:
    sources: dict[SourceKey, Manifest] = {
        ("HelmRepository", "other", "stable"): {"spec": {"url": "https://x.example.org"}}
    }
    assert chart_and_values(_manifest(), sources, {}).chart.repository == ""
    elsewhere = {**_CHART_SPEC, "sourceRef": {"kind": "HelmRepository", "name": "stable", "namespace": "other"}}
    manifest = _manifest(chart={"spec": elsewhere})
    assert chart_and_values(manifest, sources, {}).chart.repository == "https://x.example.org"


def test_a_change_of_name_or_namespace_shows() -> None:
    built = chart_and_values(_manifest(releaseName="old", targetNamespace="t", storageNamespace="s"), {}, {})
    assert (built.name, built.namespace, built.storage_namespace) == ("old", "t", "s")


def test_without_a_name_it_is_the_one_helm_controller_makes() -> None:
    assert chart_and_values(_manifest(), {}, {}).name == "web"
    assert chart_and_values(_manifest(targetNamespace="shop"), {}, {}).name == "shop-web"
    assert chart_and_values(_manifest(targetNamespace="n" * 49), {}, {}).name == "n" * 49 + "-web"
    assert chart_and_values(_manifest(targetNamespace="n" * 50), {}, {}).name.startswith("n" * 40 + "-")
    long = _manifest(targetNamespace="a-very-lengthy-target-namespace")
    long_named: Any = {**long, "metadata": {"name": "with-a-nice-object-name", "namespace": "apps"}}
    assert chart_and_values(long_named, {}, {}).name == "a-very-lengthy-target-namespace-with-a-n-97af5d7f41f3"


def test_a_release_without_a_chart_is_an_error() -> None:
    manifest: Any = {"metadata": {"name": "web", "namespace": "apps"}, "spec": {}}
    with pytest.raises(UnreadableInput, match="HelmRelease/apps/web"):
        chart_and_values(manifest, {}, {})


def test_inline_values_keep_types_nulls_and_order() -> None:
    values = {"z": "1.10", "a": None, "n": 1e3, "t": True, "l": [{}, "", "😀"]}
    built = chart_and_values(_manifest(values=values), {}, {})
    assert json.loads(built.value_texts[0]) == values
    assert list(json.loads(built.value_texts[0])) == list(values)
    assert "\\ud83d" not in built.value_texts[0]  # Go's YAML reader refuses escaped surrogates
