"""The wire oracle: what a playbook REALLY does to a cluster, seen on the wire, without a cluster."""

from .events import Event, HelmEvent, KubectlEvent, ObjectEvent, OracleResult, Release
from .run import fake_cluster, run_oracle

__all__ = [
    "Event",
    "HelmEvent",
    "KubectlEvent",
    "ObjectEvent",
    "OracleResult",
    "Release",
    "fake_cluster",
    "run_oracle",
]
