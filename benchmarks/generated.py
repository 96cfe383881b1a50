"""A generated platform: any number of realistic objects in nine environments, mostly equal, the same at every call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_runbook.gitops.components import Component, Resource

ENVIRONMENTS = ("alpha", "beta", "canary", "dr", "integration", "performance", "production", "staging", "test")
_PER_SERVICE = 6
_SERVICES_PER_COMPONENT = 100  # kustomize takes quadratic time in the objects of one overlay
_SCRIPT = '#!/bin/sh\nset -eu\n\nwhile ! nc -z "$HOST" 5432; do\n  sleep 1\ndone\nexec /opt/{name}/run --verbose\n'


def components(objects: int = 500, environments: tuple[str, ...] = ENVIRONMENTS) -> list[Component]:
    """Generate about ``objects`` objects per environment, in components of at most 600.

    One service in five differs per environment (replicas, an image tag, a value, a host name); one in ten lives in a
    namespace whose name holds the environment; one in forty is missing in the first environment.
    """
    services = range(max(1, objects // _PER_SERVICE))
    parts = [services[start : start + _SERVICES_PER_COMPONENT] for start in services[::_SERVICES_PER_COMPONENT]]
    found = []
    for number, part in enumerate(parts):
        suffix = f"-{number}" if number else ""
        found.append(
            Component(
                base=f"apps/base{suffix}",
                overlays={name: f"apps/{name}{suffix}" for name in environments},
                resources={name: list(_resources(part, name, environments[0])) for name in environments},
            )
        )
    return found


def _resources(services: range, environment: str, first: str) -> Iterator[Resource]:
    for service in services:
        if service % 40 == 7 and environment == first:
            continue
        name = f"service-{service:04}"
        team = f"team-{service // 50:02}"
        namespace = f"{team}-{environment}" if service % 10 == 3 else team
        for manifest in _service(name, namespace, service, environment):
            yield Resource(manifest, name, f"deploy {name} (roles/{name}/tasks/main.yml:{service % 90 + 1})")


def _service(name: str, namespace: str, number: int, environment: str) -> list[dict[str, Any]]:
    """Six objects, as a role with a Deployment, its surroundings and a chart would apply them."""
    differs = number % 5 == 0
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name, "part-of": "platform"}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        _config_map(name, metadata, environment if differs else "common"),
        _deployment(name, metadata, environment if differs else ""),
        {
            "apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
        },
        {
            "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": metadata,
            "spec": {"selector": {"matchLabels": {"app": name}}, "endpoints": [{"port": "http", "interval": "30s"}]},
        },
        _release(name, namespace, environment if differs else ""),
    ]  # fmt: skip


def _config_map(name: str, metadata: dict[str, Any], environment: str) -> dict[str, Any]:
    properties = "".join(f"{name}.option.{index}=value {index}\n" for index in range(12))
    data = {"LOG_LEVEL": "info", "MODE": environment, "run.sh": _SCRIPT.format(name=name), "app.properties": properties}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _deployment(name: str, metadata: dict[str, Any], environment: str) -> dict[str, Any]:
    length = len(environment)
    container = {
        "name": name,
        "image": f"registry.example.org/{name}:1.{length}0",
        "args": ["--port=8080", "--config=/etc/app/app.properties"],
        "env": [{"name": f"OPTION_{index}", "value": str(index)} for index in range(6)],
        "ports": [{"name": "http", "containerPort": 8080}],
        "envFrom": [{"configMapRef": {"name": name}}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": f"{512 + length}Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod = {
        "serviceAccountName": name,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": name}}, {"name": "tmp", "emptyDir": {}}],
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": 1 + length, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _release(name: str, namespace: str, environment: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "image": {"tag": "0o14", "pullPolicy": "IfNotPresent"},
        "persistence": {"enabled": True, "size": "8Gi", "storageClass": None},
        "ingress": {"hosts": [{"host": f"{name}.{environment or 'all'}.example.org", "paths": ["/"]}]},
        "extra": [{"name": f"item-{index}", "weight": index / 4} for index in range(8)],
    }
    chart = {"chart": name, "version": "1.2.3", "sourceRef": {"kind": "HelmRepository", "name": "platform"}}
    metadata = {"name": f"{name}-cache", "namespace": namespace}
    spec = {"interval": "10m", "chart": {"spec": chart}, "values": values}
    return {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": metadata, "spec": spec}
