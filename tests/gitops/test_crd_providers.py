from __future__ import annotations

import pytest

from gitops_runbook.gitops.crd_providers import (
    CHART_GROUPS,
    INSTALLERS,
    chart_groups,
    comes_with_cluster,
    is_custom,
    is_known_group,
    names_owner,
    shares_word,
    sounds_like_operator,
)
from gitops_runbook.model.desired import Chart


@pytest.mark.parametrize("group", ["", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io"])
def test_groups_of_kubernetes_itself_need_no_definition(group: str) -> None:
    assert not is_custom(group)


@pytest.mark.parametrize(
    "group", ["kafka.strimzi.io", "gateway.networking.k8s.io", "snapshot.storage.k8s.io", "cluster.x-k8s.io"]
)
def test_other_groups_need_one_even_when_they_end_like_kubernetes_own(group: str) -> None:
    assert is_custom(group)


def test_every_group_of_the_table_is_custom_and_known() -> None:
    for groups in CHART_GROUPS.values():
        assert groups
        for group in groups:
            assert is_custom(group)
            assert is_known_group(group)
    assert all(is_custom(group) for group in INSTALLERS)


@pytest.mark.parametrize(
    ("chart", "group"),
    [
        (Chart("strimzi-kafka-operator", "https://strimzi.io/charts"), "kafka.strimzi.io"),
        (Chart("kube-prometheus-stack", "https://mirror.intern"), "monitoring.coreos.com"),
        (Chart("cert-manager", "oci://quay.io/jetstack/charts"), "acme.cert-manager.io"),
        (Chart("operator", "https://operator.min.io"), "minio.min.io"),
        (Chart("base", "https://istio-release.storage.googleapis.com/charts"), "networking.istio.io"),
        (Chart("base", "https://mirror.intern", alias="istio"), "security.istio.io"),
        (Chart("eck-operator", "https://helm.elastic.co"), "kibana.k8s.elastic.co"),
    ],
)
def test_well_known_charts_bring_their_groups(chart: Chart, group: str) -> None:
    assert group in chart_groups(chart)


@pytest.mark.parametrize(
    "chart", [Chart("base", "https://example.org"), Chart("operator", "oci://a"), Chart("web", "")]
)
def test_a_chart_with_a_common_name_or_an_unknown_one_brings_nothing(chart: Chart) -> None:
    assert chart_groups(chart) == ()


@pytest.mark.parametrize("group", ["helm.toolkit.fluxcd.io", "route.openshift.io", "helm.cattle.io"])
def test_some_groups_come_with_the_cluster(group: str) -> None:
    assert comes_with_cluster(group)


@pytest.mark.parametrize("group", ["kafka.strimzi.io", "notopenshift.io", "fluxcd.io.example.org"])
def test_a_similar_domain_does_not(group: str) -> None:
    assert not comes_with_cluster(group)


def test_a_telling_word_is_shared_and_a_common_one_is_not() -> None:
    assert shares_word("kafka.strimzi.io", ["my-strimzi"])
    assert shares_word("elasticsearch.k8s.elastic.co", ["elastic_operator"])
    assert not shares_word("monitoring.coreos.com", ["monitoring"])
    assert not shares_word("operator.knative.dev", ["some-operator"])
    assert not shares_word("job.min.io", ["min"])


def test_only_the_owner_of_the_domain_names_its_group() -> None:
    assert names_owner("kafka.strimzi.io", ["strimzi"])
    assert names_owner("cert-manager.io", ["my_cert-manager"])
    assert not names_owner("kafka.strimzi.io", ["kafka"])
    assert not names_owner("elasticsearch.k8s.elastic.co", ["elasticsearch"])
    assert not names_owner("cert-manager.io", ["cert-exporter"])
    assert names_owner("keda.sh", ["web", "my-keda"])
    assert not names_owner("min.io", ["min"])
    assert not names_owner("dapr.platform.io", ["platform"])


def test_operators_are_known_by_their_names() -> None:
    assert sounds_like_operator("seldon-core-operator")
    assert sounds_like_operator("web", "kserve-crd")
    assert sounds_like_operator("external-snapshot-Controller")
    assert not sounds_like_operator("airflow", "mlflow")
