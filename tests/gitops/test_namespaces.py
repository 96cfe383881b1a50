from __future__ import annotations

from gitops_runbook.gitops.namespaces import derived_namespaces, missing_namespaces
from gitops_runbook.model.desired import (
    Chart,
    DesiredObject,
    DesiredRelease,
    DesiredState,
    HelmOptions,
    Origin,
    TaskReference,
)
from gitops_runbook.model.references import ObjectReference

_TASK = TaskReference("roles/web/tasks/main.yml", 7, "apply")


def _object(kind: str, name: str, namespace: str = "", order: int = 0) -> DesiredObject:
    reference = ObjectReference("v1", kind, namespace, name)
    return DesiredObject(reference, {"kind": kind}, Origin((_TASK,), order, "web"))


def _release(name: str, namespace: str, *, create: bool = False) -> DesiredRelease:
    options = HelmOptions(create_namespace=create)
    return DesiredRelease(name, namespace, Chart("c", "https://x.example.org"), {}, Origin((_TASK,), 9, "web"), options)


def _state(*things: DesiredObject | DesiredRelease) -> DesiredState:
    objects = {thing.reference: thing for thing in things if isinstance(thing, DesiredObject)}
    releases = {(thing.namespace, thing.name): thing for thing in things if isinstance(thing, DesiredRelease)}
    return DesiredState("staging", objects, releases)


def test_a_namespace_that_helm_creates_becomes_an_object_once() -> None:
    state = _state(_release("a", "ml", create=True), _release("b", "ml", create=True), _release("c", "other"))
    assert derived_namespaces(state) == ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml"}},)


def test_a_namespace_that_a_task_applies_is_not_derived_again() -> None:
    state = _state(_object("Namespace", "ml"), _release("a", "ml", create=True))
    assert derived_namespaces(state) == ()
    assert missing_namespaces(state) == ()


def test_a_namespace_nobody_creates_is_one_error_that_names_its_first_user() -> None:
    state = _state(_object("Secret", "late", "ml", order=5), _object("ConfigMap", "early", "ml", order=2))
    (finding,) = missing_namespaces(state)
    assert (finding.kind.code, finding.environment, finding.subject) == ("namespace-missing", "staging", "Namespace/ml")
    assert "ConfigMap/ml/early" in finding.message
    assert finding.where == "roles/web/tasks/main.yml:7"
    assert finding.is_open


def test_a_namespace_that_one_release_creates_exists_for_all() -> None:
    assert missing_namespaces(_state(_release("a", "ml", create=True), _object("Secret", "s", "ml"))) == ()


def test_namespaces_every_cluster_has_are_neither_derived_nor_missed() -> None:
    names = ("default", "kube-system", "kube-public", "flux-system")
    state = _state(*(_release("r", name, create=True) for name in names), *(_object("Secret", "s", n) for n in names))
    assert derived_namespaces(state) == ()
    assert missing_namespaces(state) == ()


def test_a_cluster_scoped_object_needs_no_namespace_even_when_the_playbook_gives_it_one() -> None:
    assert missing_namespaces(_state(_object("ClusterRole", "reader", "nowhere"))) == ()


def test_a_release_needs_its_namespace_too_and_an_object_of_that_name_is_none() -> None:
    (finding,) = missing_namespaces(_state(_release("a", "ml"), _object("ConfigMap", "ml", "default")))
    assert finding.subject == "Namespace/ml"
    assert "HelmRelease/ml/a" in finding.message
