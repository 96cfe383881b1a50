"""Who brings which custom resource definitions, as data: well-known charts, installers, and what a cluster comes with.

Charts are named as their publishers name them; the groups are those of their ``crds/`` folder or CRD templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gitops_runbook.model.desired import Chart
from gitops_runbook.model.references import BUILT_IN_GROUPS

_COREOS = ("monitoring.coreos.com",)
_ARGO = ("argoproj.io",)
_TRAEFIK = ("traefik.io", "traefik.containo.us", "hub.traefik.io")
_ELASTIC = tuple(
    f"{kind}.k8s.elastic.co"
    for kind in (
        "agent", "apm", "autoscaling", "beat", "elasticsearch", "enterprisesearch", "kibana", "logstash", "maps",
        "packageregistry", "stackconfigpolicy",
    )
)  # fmt: skip
_ISTIO = tuple(f"{part}.istio.io" for part in ("networking", "security", "telemetry", "extensions", "install"))
_MINIO = ("minio.min.io", "sts.min.io", "job.min.io")
_KYVERNO = ("kyverno.io", "policies.kyverno.io", "reports.kyverno.io", "wgpolicyk8s.io")
_GATEKEEPER = tuple(
    f"{part}.gatekeeper.sh" for part in ("config", "templates", "mutations", "expansion", "externaldata", "status")
)
_FLUX = tuple(f"{part}.toolkit.fluxcd.io" for part in ("source", "kustomize", "helm", "notification", "image"))

CHART_GROUPS: dict[str, tuple[str, ...]] = {
    # messaging, data
    "strimzi-kafka-operator": ("kafka.strimzi.io", "core.strimzi.io"),
    "confluent-for-kubernetes": ("platform.confluent.io",),
    "rabbitmq-cluster-operator": ("rabbitmq.com",),
    "nack": ("jetstream.nats.io",), "minio-operator": _MINIO,
    "cloudnative-pg": ("postgresql.cnpg.io",), "postgres-operator": ("acid.zalan.do",),
    "pgo": ("postgres-operator.crunchydata.com",), "pg-operator": ("pgv2.percona.com",),
    "psmdb-operator": ("psmdb.percona.com",), "pxc-operator": ("pxc.percona.com",),
    "mysql-operator": ("mysql.oracle.com",), "mariadb-operator": ("k8s.mariadb.com",),
    "mariadb-operator-crds": ("k8s.mariadb.com",), "community-operator": ("mongodbcommunity.mongodb.com",),
    "community-operator-crds": ("mongodbcommunity.mongodb.com",), "redis-operator": ("redis.redis.opstreelabs.in",),
    "altinity-clickhouse-operator": ("clickhouse.altinity.com",), "milvus-operator": ("milvus.io",),
    "eck-operator": _ELASTIC, "eck-operator-crds": _ELASTIC, "opensearch-operator": ("opensearch.opster.io",),
    "flink-kubernetes-operator": ("flink.apache.org",), "spark-operator": ("sparkoperator.k8s.io",),
    # machine learning
    "kserve": ("serving.kserve.io",), "kserve-crd": ("serving.kserve.io",),
    "seldon-core-operator": ("machinelearning.seldon.io",), "seldon-core-v2-crds": ("mlops.seldon.io",),
    "seldon-core-v2-setup": ("mlops.seldon.io",), "kuberay-operator": ("ray.io",),
    "training-operator": ("kubeflow.org",), "kueue": ("kueue.x-k8s.io",), "gpu-operator": ("nvidia.com",),
    "node-feature-discovery": ("nfd.k8s-sigs.io",), "volcano": ("batch.volcano.sh", "scheduling.volcano.sh"),
    # observability
    "kube-prometheus-stack": _COREOS, "kube-prometheus": _COREOS, "prometheus-operator": _COREOS,
    "prometheus-operator-crds": _COREOS, "grafana-operator": ("grafana.integreatly.org",),
    "opentelemetry-operator": ("opentelemetry.io",), "jaeger-operator": ("jaegertracing.io",),
    "victoria-metrics-operator": ("operator.victoriametrics.com",),
    "victoria-metrics-operator-crds": ("operator.victoriametrics.com",),
    "victoria-metrics-k8s-stack": ("operator.victoriametrics.com",),
    "fluent-operator": ("fluentbit.fluent.io", "fluentd.fluent.io"), "logging-operator": ("logging.banzaicloud.io",),
    # security, secrets, policy
    "cert-manager": ("cert-manager.io", "acme.cert-manager.io"), "trust-manager": ("trust.cert-manager.io",),
    "external-secrets": ("external-secrets.io", "generators.external-secrets.io"),
    "sealed-secrets": ("bitnami.com",), "vault-secrets-operator": ("secrets.hashicorp.com",),
    "kyverno": _KYVERNO, "gatekeeper": _GATEKEEPER, "trivy-operator": ("aquasecurity.github.io",),
    "keycloak-operator": ("k8s.keycloak.org",),
    # delivery, control planes
    "argo-cd": _ARGO, "argo-workflows": _ARGO, "argo-rollouts": _ARGO, "argo-events": _ARGO,
    "tekton-pipeline": ("tekton.dev",), "tekton-operator": ("operator.tekton.dev",), "flux2": _FLUX,
    "crossplane": ("pkg.crossplane.io", "apiextensions.crossplane.io", "secrets.crossplane.io", "ops.crossplane.io",
                   "protection.crossplane.io"),
    "cluster-api-operator": ("operator.cluster.x-k8s.io",),
    "knative-operator": ("operator.knative.dev",), "keda": ("keda.sh", "eventing.keda.sh"),
    "keda-add-ons-http": ("http.keda.sh",), "dapr": ("dapr.io",), "vertical-pod-autoscaler": ("autoscaling.k8s.io",),
    "karpenter": ("karpenter.sh", "karpenter.k8s.aws"), "karpenter-crd": ("karpenter.sh", "karpenter.k8s.aws"),
    # network, storage, back-up
    "traefik": _TRAEFIK, "traefik-crds": _TRAEFIK, "metallb": ("metallb.io",), "cilium": ("cilium.io",),
    "tigera-operator": ("operator.tigera.io", "crd.projectcalico.org", "projectcalico.org"),
    "gateway-helm": ("gateway.envoyproxy.io", "gateway.networking.k8s.io"), "contour": ("projectcontour.io",),
    "emissary-ingress": ("getambassador.io",), "kong": ("configuration.konghq.com",),
    "nginx-ingress": ("k8s.nginx.org", "appprotect.f5.com"), "linkerd-crds": ("linkerd.io", "policy.linkerd.io"),
    "aws-load-balancer-controller": ("elbv2.k8s.aws",), "longhorn": ("longhorn.io",), "openebs": ("openebs.io",),
    "rook-ceph": ("ceph.rook.io", "objectbucket.io"), "velero": ("velero.io",),
    "snapshot-controller": ("snapshot.storage.k8s.io", "groupsnapshot.storage.k8s.io"),
}  # fmt: skip
"""Chart name → the API groups whose definitions it brings."""

_CHARTS_WITH_COMMON_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("operator", "min.io"): _MINIO,
    ("base", "istio"): _ISTIO,
}
"""(chart name, part of its repository's address or alias) → groups, where the chart's name alone says too little."""

INSTALLERS = frozenset(
    {
        "pkg.crossplane.io", "apiextensions.crossplane.io", "operators.coreos.com", "operator.cluster.x-k8s.io",
        "operator.knative.dev", "operator.tekton.dev", "operator.tigera.io", "templates.gatekeeper.sh",
        "install.istio.io",
    }
)  # fmt: skip
"""Groups whose objects make an operator install further definitions."""

_WITH_THE_CLUSTER = ("fluxcd.io", "openshift.io", "cattle.io", "gke.io", "cloud.google.com")
"""Domains of groups that Flux, OpenShift, k3s and Rancher, or Google's clusters bring with them."""

_OPERATOR_WORDS = ("operator", "controller", "crd")

_SHORTEST_WORD = 4
_COMMON_WORDS = frozenset(
    {
        "operator", "operators", "controller", "controllers", "crds", "cluster", "kube", "kubernetes", "core", "apps",
        "system", "cloud", "monitoring", "networking", "security", "serving", "data", "platform", "common", "charts",
        "manager",
    }
)  # fmt: skip


def is_custom(group: str) -> bool:
    """Say whether objects of this API group need a custom resource definition."""
    return "." in group and group not in BUILT_IN_GROUPS


def comes_with_cluster(group: str) -> bool:
    """Say whether a cluster has the definitions of this group without anybody installing them."""
    return any(group == domain or group.endswith(f".{domain}") for domain in _WITH_THE_CLUSTER)


def is_known_group(group: str) -> bool:
    """Say whether the table knows which chart brings this group."""
    tables = (*CHART_GROUPS.values(), *_CHARTS_WITH_COMMON_NAMES.values())
    return any(group in groups for groups in tables)


def chart_groups(chart: Chart) -> tuple[str, ...]:
    """The groups a well-known chart brings; empty for any other chart."""
    if chart.name in CHART_GROUPS:
        return CHART_GROUPS[chart.name]
    origin = f"{chart.repository} {chart.alias}".lower()
    return next(
        (groups for (name, part), groups in _CHARTS_WITH_COMMON_NAMES.items() if name == chart.name and part in origin),
        (),
    )


def sounds_like_operator(*names: str) -> bool:
    """Say whether one of these names is that of something that brings definitions: …operator, …crds, …controller."""
    return any(word in name.lower() for name in names for word in _OPERATOR_WORDS)


def shares_word(group: str, names: Iterable[str]) -> bool:
    """Say whether a name shares a telling word with the group, e.g. ``strimzi`` with ``kafka.strimzi.io``."""
    return bool(_words(group.rpartition(".")[0]) & {word for name in names for word in _words(name)})


def names_owner(group: str, names: Iterable[str]) -> bool:
    """Say whether a name holds the owner of the group's domain: ``strimzi`` of ``kafka.strimzi.io``, not ``kafka``."""
    owner = group.split(".")[-2] if "." in group else ""
    if len(owner) < _SHORTEST_WORD or owner in _COMMON_WORDS:
        return False
    return any(f"-{owner}-" in f"-{re.sub(r'[^a-z0-9]+', '-', name.lower())}-" for name in names)


def _words(text: str) -> set[str]:
    words = re.split(r"[^a-z0-9]+", text.lower())
    return {word for word in words if len(word) >= _SHORTEST_WORD and word not in _COMMON_WORDS}
