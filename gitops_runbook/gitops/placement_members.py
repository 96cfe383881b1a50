"""What is placed in the tree: the objects and releases of all environments, and what placement asks about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from gitops_runbook.gitops.crd_providers import is_custom
from gitops_runbook.model.desired import DesiredObject, DesiredRelease, DesiredState, Manifest
from gitops_runbook.model.references import CLUSTER_SCOPED_KINDS

Thing = DesiredObject | DesiredRelease
Key = tuple[str, ...]
"""The identity of a thing across environments, whose namespaces may have different names."""

WORKLOAD_KINDS = frozenset(
    {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"}
)

_CUSTOM_APPLICATIONS = frozenset(
    {
        ("argoproj.io", "CronWorkflow"), ("argoproj.io", "Rollout"), ("argoproj.io", "Workflow"),
        ("flink.apache.org", "FlinkDeployment"), ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("machinelearning.seldon.io", "SeldonDeployment"), ("mlops.seldon.io", "Model"), ("ray.io", "RayJob"),
        ("ray.io", "RayService"), ("serving.knative.dev", "Service"), ("serving.kserve.io", "InferenceService"),
        ("sparkoperator.k8s.io", "ScheduledSparkApplication"), ("sparkoperator.k8s.io", "SparkApplication"),
    }
)  # fmt: skip
"""Custom resources that run somebody's program, as a Deployment does; others configure a platform."""


def key_of(thing: Thing) -> Key:
    """The identity of a thing across environments; things of one name in several namespaces are placed alike."""
    if isinstance(thing, DesiredRelease):
        return ("release", thing.origin.workload, thing.name)
    reference = thing.reference
    return ("object", thing.origin.workload, reference.group, reference.kind, reference.name)


@dataclass(frozen=True)
class Member:
    """One object or release of one environment."""

    environment: str
    thing: Thing

    @cached_property
    def key(self) -> Key:
        """Its identity across environments."""
        return key_of(self.thing)

    @property
    def workload(self) -> str:
        """The workload it belongs to."""
        return self.thing.origin.workload

    @property
    def order(self) -> int:
        """When Ansible applied it; smaller is earlier."""
        return self.thing.origin.order

    @property
    def release(self) -> DesiredRelease | None:
        """The release, when it is one."""
        return self.thing if isinstance(self.thing, DesiredRelease) else None

    @property
    def content(self) -> Manifest:
        """The manifest of an object, the values of a release."""
        return self.thing.values if isinstance(self.thing, DesiredRelease) else self.thing.manifest

    @property
    def kind(self) -> str:
        """The object's kind; empty for a release."""
        return "" if isinstance(self.thing, DesiredRelease) else self.thing.reference.kind

    @property
    def name(self) -> str:
        """The name of the object or release."""
        return self.thing.name if isinstance(self.thing, DesiredRelease) else self.thing.reference.name

    @property
    def title(self) -> str:
        """Kind and name, for messages about all environments."""
        return f"{self.kind or 'HelmRelease'}/{self.name}"

    @property
    def namespace(self) -> str:
        """Where it lives; empty for cluster-scoped objects."""
        return self.thing.namespace if isinstance(self.thing, DesiredRelease) else self.thing.reference.namespace

    @cached_property
    def group(self) -> str:
        """The API group of a custom resource; empty for anything else."""
        group = "" if isinstance(self.thing, DesiredRelease) else self.thing.reference.group
        return group if is_custom(group) else ""

    @property
    def is_definition(self) -> bool:
        """It is a CustomResourceDefinition."""
        return self.kind == "CustomResourceDefinition" and not self.group

    @property
    def is_fixed(self) -> bool:
        """It always stands with the controllers: a Namespace, a definition, or a source of Flux."""
        return self.is_definition or self.is_namespace or self.group == "source.toolkit.fluxcd.io"

    @property
    def is_namespace(self) -> bool:
        """It is a Namespace."""
        return self.kind == "Namespace" and not self.group

    @property
    def is_cluster_scoped(self) -> bool:
        """It is known to have no namespace; of custom resources nobody can know offline."""
        return not self.group and self.kind in CLUSTER_SCOPED_KINDS

    @property
    def is_application(self) -> bool:
        """It runs somebody's program."""
        if self.group:
            return (self.group, self.kind) in _CUSTOM_APPLICATIONS
        return self.release is not None or self.kind in WORKLOAD_KINDS


def read_members(states: Mapping[str, DesiredState]) -> Iterator[Member]:
    """All things of all environments, each environment in the order in which Ansible applied them."""
    for environment, state in sorted(states.items()):
        things: list[Thing] = [*state.objects.values(), *state.releases.values()]
        for thing in sorted(things, key=lambda thing: thing.origin.order):
            yield Member(environment, thing)
