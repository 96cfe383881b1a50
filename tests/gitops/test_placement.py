from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gitops_runbook.documents.json_values import Json
from gitops_runbook.gitops.placement import Placement, place
from gitops_runbook.gitops.slots import APPS, CONFIGS, CONTROLLERS, Slot
from gitops_runbook.model.desired import (
    Chart,
    DesiredObject,
    DesiredRelease,
    DesiredState,
    HelmOptions,
    Origin,
    TaskReference,
)
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.references import ObjectReference

Thing = DesiredObject | DesiredRelease

_SECOND_CONFIGS = Slot("infrastructure", "configs", 1)
_SECOND_APPS = Slot("apps", "", 1)
_KAFKA = "kafka.strimzi.io/v1beta2"
_MONITORING = "monitoring.coreos.com/v1"


def _origin(workload: str, order: int, stage: int = 0) -> Origin:
    return Origin((TaskReference(f"roles/{workload}/tasks/main.yml", order + 1, "apply"),), order, workload, stage)


def _object(workload: str, order: int, title: str, *, stage: int = 0, **content: Json) -> DesiredObject:
    """An object by ``apiVersion Kind name`` or ``apiVersion Kind namespace/name``."""
    api_version, kind, place_and_name = title.split(" ")
    namespace, _, name = place_and_name.rpartition("/")
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **content}
    reference = ObjectReference(api_version, kind, namespace, name)
    return DesiredObject(reference, manifest, _origin(workload, order, stage))


def _definition(workload: str, order: int, group: str) -> DesiredObject:
    title = f"apiextensions.k8s.io/v1 CustomResourceDefinition things.{group}"
    return _object(workload, order, title, spec={"group": group})


def _release(workload: str, order: int, title: str, chart: str, **fields: Json) -> DesiredRelease:
    namespace, _, name = title.rpartition("/")
    options = fields.pop("options", HelmOptions())
    values: Mapping[str, Any] = fields.pop("values", {})
    origin = _origin(workload, order, **fields)
    return DesiredRelease(name, namespace or "ns", Chart(chart, "https://x.example.org"), values, origin, options)


def _state(environment: str, *things: Thing) -> DesiredState:
    objects = {thing.reference: thing for thing in things if isinstance(thing, DesiredObject)}
    releases = {(thing.namespace, thing.name): thing for thing in things if isinstance(thing, DesiredRelease)}
    return DesiredState(environment, objects, releases)


def _place(*things: Thing, answers: Mapping[str, str] | None = None) -> Placement:
    return place({"staging": _state("staging", *things)}, answers or {})


def _slots(*things: Thing, answers: Mapping[str, str] | None = None) -> list[Slot]:
    placement = _place(*things, answers=answers)
    return [placement.slot(thing) for thing in things]


def _found(placement: Placement, name: str) -> dict[str, Finding]:
    return {finding.subject: finding for finding in placement.findings if finding.kind.code == name}


_STRIMZI = _release("operators", 1, "data/strimzi", "strimzi-kafka-operator")


# --- the rules ---


def test_a_workload_that_runs_a_program_is_an_application_as_a_whole() -> None:
    things: list[Thing] = [
        _object("mlflow", 1, "v1 ConfigMap ml/settings"),
        _object("mlflow", 2, "rbac.authorization.k8s.io/v1 ClusterRole reader"),
        _object("mlflow", 3, "apps/v1 Deployment ml/mlflow"),
        _object("mlflow", 4, f"{_KAFKA} KafkaTopic ml/events"),
    ]
    assert _slots(_STRIMZI, *things) == [CONTROLLERS, APPS, APPS, APPS, APPS]


@pytest.mark.parametrize("title", [
    "apps/v1 Deployment ml/x", "apps/v1 StatefulSet ml/x", "apps/v1 DaemonSet ml/x", "batch/v1 Job ml/x",
    "batch/v1 CronJob ml/x", "serving.kserve.io/v1 InferenceService ml/x",
    "helm.toolkit.fluxcd.io/v2 HelmRelease ml/x",
])  # fmt: skip
def test_each_kind_that_runs_a_program_makes_an_application(title: str) -> None:
    assert _slots(_object("web", 1, title), _object("web", 2, "scheduling.k8s.io/v1 PriorityClass high")) == [
        APPS,
        APPS,
    ]


def test_namespaces_definitions_and_chart_sources_of_an_application_come_first() -> None:
    things: list[Thing] = [
        _object("web", 1, "v1 Namespace web"),
        _object("web", 2, "source.toolkit.fluxcd.io/v1 HelmRepository web/stable"),
        _object("web", 3, "apps/v1 Deployment web/web"),
    ]
    assert _slots(*things) == [CONTROLLERS, CONTROLLERS, APPS]


def test_an_operator_from_a_well_known_chart_comes_first_and_what_it_serves_second() -> None:
    kafka = _object("kafka", 5, f"{_KAFKA} Kafka data/events")
    assert _slots(_STRIMZI, kafka) == [CONTROLLERS, CONFIGS]


def test_a_release_that_brings_nothing_is_an_application() -> None:
    assert _slots(_release("airflow", 1, "orchestration/airflow", "airflow")) == [APPS]


def test_an_operator_is_known_by_the_name_of_its_release_chart_or_workload() -> None:
    assert _slots(
        _release("a", 1, "ns/acme-operator", "acme"),
        _release("b", 1, "ns/acme", "acme-controller"),
        _release("operators", 1, "ns/acme2", "acme2"),
    ) == [CONTROLLERS, CONTROLLERS, CONTROLLERS]


def test_a_release_that_carries_the_name_of_the_groups_owner_brings_it() -> None:
    thing = _object("shop", 5, "shop.acme.io/v1 Shop ns/one")
    assert _slots(_release("acme", 1, "ns/acme", "acme"), thing) == [CONTROLLERS, CONFIGS]
    assert _slots(_release("shop-chart", 1, "ns/shop", "shop"), thing) == [APPS, CONFIGS]


def test_an_operator_that_shares_a_word_is_preferred_to_an_application_that_does() -> None:
    portal = _release("portal", 1, "ns/azimuth", "azimuth")
    operator = _release("capi", 2, "ns/azimuth-capi-operator", "azimuth-capi-operator")
    resource = _object("capi", 3, "azimuth.stackhpc.com/v1 Template ns/a")
    assert _slots(portal, operator, resource) == [APPS, CONTROLLERS, CONFIGS]


def test_a_well_known_chart_brings_only_the_groups_of_the_table() -> None:
    placement = _place(
        _release("crossplane", 1, "ns/crossplane", "crossplane"),
        _object("other", 2, "realm.keycloak.crossplane.io/v1 Realm ns/r"),
    )
    assert list(_found(placement, "crd-provider-unknown")) == ["realm.keycloak.crossplane.io"]


def test_an_operator_of_plain_manifests_comes_first_as_a_whole_and_its_resources_second() -> None:
    things: list[Thing] = [
        _definition("acme", 1, "acme.example.org"),
        _object("acme", 2, "v1 ServiceAccount ns/acme"),
        _object("acme", 3, "apps/v1 Deployment ns/acme"),
        _object("acme", 4, "v1 Service ns/acme"),
        _object("acme", 5, "acme.example.org/v1 Thing ns/one"),
        _object("acme", 6, "v1 ConfigMap ns/after"),
    ]
    assert _slots(*things) == [CONTROLLERS] * 4 + [CONFIGS] * 2


def test_one_manifest_with_definition_operator_and_resource_is_parted() -> None:
    things: list[Thing] = [
        _definition("acme", 1, "acme.example.org"),
        _object("acme", 1, "apps/v1 Deployment ns/acme"),
        _object("acme", 1, "acme.example.org/v1 Thing ns/one"),
    ]
    assert _slots(*things) == [CONTROLLERS, CONTROLLERS, CONFIGS]


def test_a_program_that_comes_after_the_resources_of_its_workload_is_no_operator() -> None:
    things: list[Thing] = [
        _definition("site", 1, "acme.example.org"),
        _object("site", 2, "apps/v1 Deployment ns/acme"),
        _object("site", 3, "acme.example.org/v1 Thing ns/one"),
        _object("site", 4, "apps/v1 Deployment ns/web"),
    ]
    assert _slots(*things) == [CONTROLLERS, CONTROLLERS, APPS, APPS]


def test_an_operator_whose_definitions_nobody_sees_is_known_by_its_workload() -> None:
    things: list[Thing] = [
        _object("elastic_operator", 1, "apps/v1 StatefulSet es/elastic"),
        _object("elasticsearch", 2, "elasticsearch.k8s.elastic.co/v1 Elasticsearch es/logs"),
    ]
    placement = _place(*things)
    assert [placement.slot(thing) for thing in things] == [CONTROLLERS, CONFIGS]
    assert not _found(placement, "crd-provider-unknown")


@pytest.mark.parametrize(("workload", "unknown"), [("db", []), ("elsewhere", ["example.com"])])
def test_an_operator_in_the_workload_of_a_resource_brings_it_when_nothing_else_does(
    workload: str, unknown: list[str]
) -> None:
    operator = _release(workload, 1, "ns/pg-op-controller", "pgx")
    placement = _place(operator, _object("db", 2, "example.com/v1 Database ns/one"))
    assert list(_found(placement, "crd-provider-unknown")) == unknown


def test_settings_of_an_operator_bring_nothing() -> None:
    placement = _place(
        _object("acme_operator", 1, "v1 ConfigMap ns/acme"), _object("acme", 2, "acme.example.org/v1 Thing ns/one")
    )
    assert list(_found(placement, "crd-provider-unknown")) == ["acme.example.org"]


def test_what_comes_with_the_cluster_is_brought_by_no_release_of_that_name() -> None:
    things: list[Thing] = [
        _release("console", 1, "ns/openshift", "openshift"), _object("console", 2, "route.openshift.io/v1 Route ns/r"),
    ]  # fmt: skip
    assert _slots(*things) == [APPS, APPS]


@pytest.mark.parametrize(
    ("titles", "slot"),
    [
        (["v1 ConfigMap ns/a", "v1 Secret ns/b", "rbac.authorization.k8s.io/v1 Role ns/c"], APPS),
        (["v1 ConfigMap ns/a", "storage.k8s.io/v1 StorageClass fast"], CONFIGS),
        (["v1 ConfigMap ns/a", f"{_MONITORING} PrometheusRule ns/r"], CONFIGS),
    ],
)
def test_mere_configuration_is_infrastructure_only_when_it_concerns_the_platform(titles: list[str], slot: Slot) -> None:
    assert _slots(*(_object("config", 1, title) for title in titles)) == [slot] * len(titles)


def test_the_rest_of_a_workload_of_namespaces_is_configuration() -> None:
    things: list[Thing] = [
        _object("namespaces", 1, "v1 Namespace ml"),
        _object("namespaces", 2, "v1 ResourceQuota ml/quota"),
    ]
    assert _slots(*things) == [CONTROLLERS, CONFIGS]


def test_what_follows_an_operator_in_its_workload_is_configuration() -> None:
    things: list[Thing] = [
        _release("observability", 1, "mon/kps", "kube-prometheus-stack"),
        _object("observability", 2, f"{_MONITORING} PrometheusRule mon/rules"),
        _object("observability", 3, "v1 ConfigMap mon/dashboard"),
    ]
    assert _slots(*things) == [CONTROLLERS, CONFIGS, CONFIGS]


def test_what_an_operator_may_need_does_not_wait_for_it() -> None:
    things: list[Thing] = [
        _object("observability", 1, "v1 Secret mon/grafana-admin"),
        _object("observability", 2, "v1 Secret elsewhere/other"),
        _release("observability", 3, "mon/kps", "kube-prometheus-stack"),
    ]
    assert _slots(*things) == [CONTROLLERS, CONFIGS, CONTROLLERS]


@pytest.mark.parametrize(("order", "slot"), [(4, CONTROLLERS), (5, CONTROLLERS), (6, CONFIGS)])
def test_what_comes_in_the_task_of_the_last_operator_or_before_does_not_wait(order: int, slot: Slot) -> None:
    operators: list[Thing] = [
        _release("operators-of-us", 5, "b/strimzi", "strimzi-kafka-operator"),
        _release("platform", 2, "a/cert-manager", "cert-manager"),
        _release("platform", 5, "b/velero", "velero"),
    ]
    storage = _object("platform", order, "storage.k8s.io/v1 StorageClass fast")
    settings = _object("platform", order, "v1 ConfigMap b/settings")
    elsewhere = _object("platform", order, "v1 ConfigMap a/settings-of-a")
    assert _slots(*operators, storage, settings, elsewhere)[3:] == [slot, slot, CONFIGS]


def test_a_program_before_an_operator_of_its_workload_stays_an_application() -> None:
    things: list[Thing] = [
        _release("monitoring", 1, "mon/loki", "loki"),
        _object("monitoring", 2, "apps/v1 Deployment mon/exporter"),
        _release("monitoring", 3, "mon/kps", "kube-prometheus-stack"),
    ]
    assert _slots(*things) == [APPS, APPS, CONTROLLERS]


def test_other_releases_of_an_operators_workload_are_applications() -> None:
    things: list[Thing] = [
        _release("monitoring", 1, "mon/kps", "kube-prometheus-stack"),
        _release("monitoring", 2, "mon/loki", "loki"),
        _object("monitoring", 3, f"{_MONITORING} PrometheusRule mon/rules"),
    ]
    assert _slots(*things) == [CONTROLLERS, APPS, APPS]


# --- order ---


def test_what_follows_a_waited_for_job_is_a_stage_of_its_own() -> None:
    things: list[Thing] = [
        _object("airflow", 1, "batch/v1 Job o/migrate"),
        _object("airflow", 2, "apps/v1 Deployment o/web", stage=1),
        _object("airflow", 3, "apps/v1 Deployment o/late", stage=4),
        _object("mlflow", 4, "apps/v1 Deployment ml/mlflow"),
    ]
    assert _slots(*things) == [APPS, _SECOND_APPS, Slot("apps", "", 2), APPS]


def test_resources_of_definitions_that_other_resources_install_come_one_stage_later() -> None:
    things: list[Thing] = [
        _release("crossplane", 1, "ns/crossplane", "crossplane"),
        _object("crossplane", 2, "pkg.crossplane.io/v1 Provider keycloak"),
        _object("crossplane", 3, "realm.keycloak.crossplane.io/v1 Realm ns/r"),
    ]
    placement = _place(*things)
    assert [placement.slot(thing) for thing in things] == [CONTROLLERS, CONFIGS, _SECOND_CONFIGS]
    assert placement.slots == (CONTROLLERS, CONFIGS, _SECOND_CONFIGS)
    assert not _found(placement, "crd-provider-unknown")


def test_an_unknown_group_waits_for_what_may_have_brought_it_and_stays_a_finding() -> None:
    things: list[Thing] = [
        _release("acme", 1, "ns/portal", "portal"),
        _object("acme", 2, "things.example.com/v1 Thing ns/one"),
        _object("acme", 3, "things.example.com/v1 Thing ns/two"),
    ]
    placement = _place(*things)
    assert [placement.slot(thing) for thing in things] == [APPS, _SECOND_APPS, _SECOND_APPS]
    assert list(_found(placement, "crd-provider-unknown")) == ["things.example.com"]


def test_a_chain_of_unknown_groups_is_a_chain_of_stages() -> None:
    things: list[Thing] = [
        _release("portal", 1, "ns/portal", "portal"),
        _object("portal", 2, "zzz.example.com/v1 Z ns/z"),
        _object("portal", 3, "aaa.example.com/v1 A ns/a"),
    ]
    assert _slots(*things) == [APPS, _SECOND_APPS, Slot("apps", "", 2)]


def test_an_unknown_group_does_not_wait_for_what_comes_in_its_own_task() -> None:
    things: list[Thing] = [
        _object("w", 1, "one.example.com/v1 One ns/x"), _object("w", 1, "two.example.org/v1 Two ns/x"),
    ]  # fmt: skip
    assert _slots(*things) == [CONFIGS, CONFIGS]


def test_an_environment_without_the_unknown_group_does_not_hide_what_brings_it() -> None:
    release = _release("portal", 1, "ns/portal", "portal")
    thing = _object("portal", 2, "things.example.com/v1 Thing ns/one")
    placement = place({"a": _state("a", release), "b": _state("b", release, thing)}, {})
    assert placement.slot(thing) == _SECOND_APPS


def test_a_well_known_group_does_not_wait_for_a_release_that_cannot_bring_it() -> None:
    things: list[Thing] = [
        _release("mlflow", 1, "ml/mlflow", "mlflow"),
        _object("mlflow", 2, f"{_MONITORING} ServiceMonitor ml/m"),
    ]
    assert _slots(*things) == [APPS, APPS]


def test_two_unknown_groups_whose_order_differs_between_environments_do_not_chase_each_other() -> None:
    states = {}
    for environment, (one, other) in {"a": (1, 2), "b": (2, 1)}.items():
        things = (_object("w", one, "one.example.com/v1 One ns/x"), _object("w", other, "two.example.org/v1 Two ns/x"))
        states[environment] = _state(environment, *things)
    assert place(states, {}).slots == (CONFIGS,)


def test_a_secret_that_an_operator_names_comes_with_it_whatever_workload_it_is_from() -> None:
    things: list[Thing] = [
        _object("secrets", 1, "v1 Secret mon/grafana-admin"),
        _object("secrets", 2, "v1 Secret mon/unused"),
        _object("operators", 2, "v1 ServiceAccount mon/operator"),
        _object("other", 3, "v1 Secret other/grafana-admin"),
        _release(
            "observability", 4, "mon/kps", "kube-prometheus-stack", values={"admin": {"existing": "grafana-admin"}}
        ),
    ]
    assert _slots(*things) == [CONTROLLERS, APPS, CONTROLLERS, APPS, CONTROLLERS]


def test_what_a_forwarded_object_names_is_forwarded_too() -> None:
    things: list[Thing] = [
        _object("web", 1, "apps/v1 Deployment data/web"),
        _object("web", 2, "v1 ServiceAccount data/runner", imagePullSecrets=[{"name": "pull"}]),
        _object("web", 3, "v1 Secret data/pull"),
        _object("web", 4, "storage.k8s.io/v1 StorageClass fast"),
        _object("kafka", 5, f"{_KAFKA} Kafka data/k", spec={"account": "runner", "storageClass": "fast"}),
    ]
    assert _slots(_STRIMZI, *things)[1:] == [APPS, CONFIGS, CONFIGS, CONFIGS, CONFIGS]


def test_a_label_names_nothing_and_a_program_is_not_forwarded() -> None:
    labels = {"name": "web", "labels": {"app": "settings"}}
    things: list[Thing] = [
        _object("kafka", 1, f"{_KAFKA} Kafka data/web", metadata=labels, spec={"client": "web"}),
        _object("web", 2, "apps/v1 Deployment data/web"),
        _object("web", 3, "v1 ConfigMap data/settings"),
    ]
    assert _slots(*things) == [CONFIGS, APPS, APPS]


# --- environments ---


def test_a_thing_stands_in_the_same_slot_in_all_environments() -> None:
    config = _object("team", 1, "v1 ConfigMap staging-ns/settings")
    production = [
        _object("team", 1, "v1 ConfigMap prod-ns/settings"),
        _object("team", 2, "apps/v1 Deployment prod-ns/web"),
    ]
    staging_rule = _object("team", 3, f"{_MONITORING} PrometheusRule staging-ns/rules")
    states = {"staging": _state("staging", config, staging_rule), "production": _state("production", *production)}
    placement = place(states, {})
    assert placement.of_object("staging", config.reference) == APPS
    assert placement.of_object("production", production[0].reference) == APPS
    assert placement.of_object("staging", staging_rule.reference) == APPS


def test_the_latest_slot_of_all_environments_counts() -> None:
    early, late = (_object("web", 1, "apps/v1 Deployment ns/web", stage=stage) for stage in (0, 1))
    job = _object("web", 0, "batch/v1 Job ns/migrate")
    placement = place({"a": _state("a", job, early), "b": _state("b", job, late)}, {})
    assert placement.of_object("a", early.reference) == placement.of_object("b", late.reference) == _SECOND_APPS


def test_releases_are_found_by_environment_namespace_and_name() -> None:
    placement = _place(_STRIMZI)
    assert placement.of_release("staging", ("data", "strimzi")) == CONTROLLERS
    with pytest.raises(KeyError):
        placement.of_release("staging", ("other", "strimzi"))
    with pytest.raises(KeyError):
        placement.of_object("production", ObjectReference("v1", "Secret", "a", "b"))


def test_nothing_at_all_has_no_slots() -> None:
    assert place({}, {}) == place({"staging": _state("staging")}, {}).__class__((), {}, (), {}, {}, {})


def test_a_release_alone_needs_a_slot_for_its_source() -> None:
    assert _place(_release("airflow", 1, "o/airflow", "airflow")).slots == (CONTROLLERS, APPS)


# --- findings and answers ---


def test_each_workload_has_one_finding_that_says_where_and_why() -> None:
    placement = _place(_STRIMZI, _object("kafka", 5, f"{_KAFKA} Kafka data/events"))
    found = _found(placement, "placement")
    assert set(found) == {"operators", "kafka"}
    assert "infrastructure/controllers" in found["operators"].message
    assert "kafka.strimzi.io" in found["operators"].message
    assert "infrastructure/configs" in found["kafka"].message
    application = _found(_place(_release("airflow", 1, "o/airflow", "airflow")), "placement")["airflow"]
    assert "apps" in application.message
    assert "HelmRelease/airflow" in application.message
    assert found["kafka"].where == "roles/kafka/tasks/main.yml:6"
    assert not found["kafka"].is_open


@pytest.mark.parametrize(
    ("choice", "slot"),
    [("infrastructure/controllers", CONTROLLERS), ("infrastructure/configs", CONFIGS), ("apps", APPS)],
)
def test_an_answer_moves_a_workload(choice: str, slot: Slot) -> None:
    things: list[Thing] = [
        _object("ingress", 1, "v1 Namespace edge"),
        _release("ingress", 2, "edge/nginx", "ingress-nginx"),
    ]
    finding = _found(_place(*things), "placement")["ingress"]
    placement = _place(*things, answers={finding.id: choice})
    assert [placement.slot(thing) for thing in things] == [CONTROLLERS, slot]
    assert _found(placement, "placement")["ingress"].decision == choice


def test_an_answer_cannot_put_a_resource_before_its_definition() -> None:
    kafka = _object("kafka", 5, f"{_KAFKA} Kafka data/events")
    found = _found(_place(_STRIMZI, kafka), "placement")
    assert _slots(_STRIMZI, kafka, answers={found["kafka"].id: "infrastructure/controllers"}) == [CONTROLLERS, CONFIGS]
    assert _slots(_STRIMZI, kafka, answers={found["operators"].id: "apps"}) == [APPS, _SECOND_APPS]


def test_an_answer_keeps_the_stages_of_a_workload() -> None:
    things: list[Thing] = [_object("db", 1, "batch/v1 Job ns/a"), _object("db", 2, "apps/v1 Deployment ns/b", stage=1)]
    finding = _found(_place(*things), "placement")["db"]
    assert _slots(*things, answers={finding.id: "infrastructure/configs"}) == [CONFIGS, _SECOND_CONFIGS]


def test_an_answer_nobody_offered_changes_nothing() -> None:
    thing = _release("airflow", 1, "o/airflow", "airflow")
    finding = _found(_place(thing), "placement")["airflow"]
    assert _slots(thing, answers={finding.id: "accept"}) == [APPS]


def test_a_group_without_a_provider_is_one_finding_for_all_its_resources_and_environments() -> None:
    things: list[Thing] = [
        _object("a", 1, f"{_MONITORING} PrometheusRule ns/a"),
        _object("b", 1, f"{_MONITORING} PodMonitor ns/b"),
    ]
    placement = place({"one": _state("one", *things), "two": _state("two", *things)}, {})
    (finding,) = _found(placement, "crd-provider-unknown").values()
    assert (finding.subject, finding.environment, finding.is_open) == ("monitoring.coreos.com", "", True)


@pytest.mark.parametrize("title", [
    "helm.toolkit.fluxcd.io/v2 HelmRelease ns/a", "route.openshift.io/v1 Route ns/a",
    "helm.cattle.io/v1 HelmChart ns/a",
    "networking.k8s.io/v1 Ingress ns/a", "v1 Secret ns/a",
])  # fmt: skip
def test_what_a_cluster_comes_with_needs_no_provider(title: str) -> None:
    assert not _found(_place(_object("web", 1, title)), "crd-provider-unknown")


def test_namespaces_are_derived_or_missed_for_each_environment() -> None:
    release = _release("web", 1, "web/web", "web", options=HelmOptions(create_namespace=True))
    states = {"a": _state("a", release), "b": _state("b", _object("web", 1, "v1 Secret web/s"))}
    placement = place(states, {})
    assert [manifest["metadata"]["name"] for manifest in placement.namespaces["a"]] == ["web"]
    assert placement.namespaces["b"] == ()
    missing = _found(placement, "namespace-missing")
    assert [finding.environment for finding in missing.values()] == ["b"]
    accepted = place(states, {missing["Namespace/web"].id: "exists"})
    assert not _found(accepted, "namespace-missing")["Namespace/web"].is_open


def test_the_same_input_is_placed_and_explained_the_same_whatever_its_order() -> None:
    things: list[Thing] = [
        _STRIMZI, _object("kafka", 5, f"{_KAFKA} Kafka data/events", spec={"a": "one", "b": "two"}),
        _object("web", 6, "v1 Secret data/one"), _object("web", 7, "v1 Secret data/two"),
    ]  # fmt: skip
    forwards, backwards = _place(*things), _place(*things[::-1])
    assert forwards.slots == backwards.slots
    assert forwards.findings == backwards.findings


def test_the_order_of_the_environments_does_not_matter() -> None:
    states = {name: _state(name, _object(name, 1, "v1 Secret missing/s")) for name in ("b", "a")}
    backwards = {name: states[name] for name in ("a", "b")}
    assert place(states, {}).findings == place(backwards, {}).findings
