"""Events in order become what a cluster that was empty would hold."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_runbook.ansible.recording import Line
from gitops_runbook.ansible.replay import Replay, replay
from gitops_runbook.model.references import ObjectReference

from .conftest import refuse
from .lines import config_map, k8s, recording, shell, task

CONFIG_MAP = ObjectReference("v1", "ConfigMap", "web", "a")
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": "web"}, "spec": {}}


def replayed(*lines: Line) -> Replay:
    return replay(recording(lines), refuse)


def codes(result: Replay) -> list[str]:
    return [note.code for note in result.notes]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (k8s(config_map(b="2"), line=2), {"a": "1", "b": "2"}),
        (k8s(config_map(a=None, b="2"), line=2), {"b": "2"}),
        (k8s(config_map(b="2"), line=2, apply=True), {"b": "2"}),
        (k8s(config_map(b="2"), line=2, force=True), {"b": "2"}),
        (k8s(config_map(b="2"), line=2, state="patched"), {"a": "1", "b": "2"}),
    ],
    ids=["present merges", "null removes", "apply removes what it applied", "force replaces", "patched merges"],
)
def test_a_second_task_changes_the_object_as_its_state_says(second: Line, expected: dict[str, str]) -> None:
    result = replayed(k8s(config_map(a="1")), second)

    assert result.objects[CONFIG_MAP].manifest["data"] == expected
    assert "applied-twice" in codes(result)


def test_what_is_deleted_at_the_end_is_not_there() -> None:
    result = replayed(k8s(config_map(a="1")), k8s(config_map(), state="absent", line=2))

    assert result.objects == {}
    assert codes(result) == ["imperative"]


def test_what_lives_in_a_deleted_namespace_goes_with_it() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "other"}}
    result = replayed(
        k8s(namespace), k8s(config_map(a="1"), line=2), k8s(other, line=3), k8s(namespace, state="absent", line=4)
    )

    assert [str(reference) for reference in result.objects] == ["ConfigMap/other/a"]


def test_lists_are_merged_by_the_key_kubernetes_has_for_them_and_applied_ones_replaced() -> None:
    def pod(*names: str) -> dict[str, Any]:
        containers = [{"name": name, "image": "i"} for name in names]
        metadata = {"name": "p", "namespace": "web"}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}

    asked = []

    def merge(manifest: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON
        asked.append((manifest, patch))
        return {"merged": True}

    merged = replay(recording([k8s(pod("a")), k8s(pod("b"), line=2)]), refuse, merge)
    assert [item.manifest for item in merged.objects.values()] == [{"merged": True}]
    assert asked == [(pod("a"), pod("b"))]
    applied = replay(recording([k8s(pod("a"), apply=True), k8s(pod("b"), line=2, apply=True)]), refuse, merge)
    assert [item.manifest for item in applied.objects.values()] == [pod("b")]


def test_what_is_deleted_and_created_again_is_there_without_its_past() -> None:
    lines = [k8s(config_map(a="1")), k8s(config_map(), state="absent", line=2), k8s(config_map(b="2"), line=3)]

    assert replayed(*lines).objects[CONFIG_MAP].manifest["data"] == {"b": "2"}


def test_a_job_that_is_deleted_and_created_is_a_finding_and_a_waited_one_begins_a_stage() -> None:
    result = replayed(
        k8s(JOB, state="absent", role="app"), k8s(JOB, wait=True, line=2, role="app"),
        k8s(config_map(), line=3, role="app"),
    )  # fmt: skip

    assert codes(result) == ["job-recreated"]
    assert result.objects[ObjectReference.of(JOB)].trail.stage == 0
    assert result.objects[CONFIG_MAP].trail.stage == 1


def test_a_patch_of_what_nobody_creates_is_an_error_and_no_object() -> None:
    result = replayed(k8s(config_map(a="1"), state="patched"))

    assert result.objects == {}
    assert codes(result) == ["object-patched"]


def test_hosts_that_apply_different_objects_are_reported_and_equal_ones_not() -> None:
    equal = replayed(k8s(config_map(a="1")), k8s(config_map(a="1"), host="two"))
    different = replayed(k8s(config_map(a="1")), k8s(config_map(a="2"), host="two"))

    assert codes(equal) == []
    assert codes(different) == ["hosts-differ"]
    assert different.objects[CONFIG_MAP].manifest["data"] == {"a": "2"}


def test_a_chart_repository_is_known_to_the_releases_after_it() -> None:
    result = replayed(
        shell("helm upgrade --install early r/app"), shell("helm repo add r https://charts.example/"),
        shell("helm upgrade --install late r/app -n web"),
    )  # fmt: skip

    assert dict(result.releases["default", "early"].repositories) == {}
    assert dict(result.releases["web", "late"].repositories) == {"r": "https://charts.example"}


def test_a_release_that_is_uninstalled_is_not_there() -> None:
    result = replayed(shell("helm upgrade --install a r/app -n web"), shell("helm uninstall a -n web"))

    assert result.releases == {}


def test_the_last_task_decides_a_release() -> None:
    result = replayed(shell("helm upgrade -i a r/app --version 1.0.0"), shell("helm upgrade -i a r/app --version 1.10"))

    assert result.releases["default", "a"].release.version == "1.10"


@pytest.mark.parametrize(
    ("line", "workload"),
    [
        ({"role": "azimuth.ops.my_app", "file": "roles/x/tasks/main.yml"}, "my-app"),
        ({"role": "", "file": "tasks/kafka.yml"}, "kafka"),
        ({"role": "", "file": "site.yml"}, "a"),
    ],
)  # fmt: skip
def test_a_workload_is_the_role_else_the_task_file_else_the_object(line: dict[str, Any], workload: str) -> None:
    assert replayed(k8s(config_map(), **line)).objects[CONFIG_MAP].trail.workload == workload


def test_a_task_that_failed_inside_is_a_note_with_its_place() -> None:
    note = replayed(k8s(problem="ValueError: no", line=7)).notes[0]

    assert (note.code, note.message, note.task and note.task.line) == ("task-unresolved", "ValueError: no", 7)


def test_tasks_that_touch_no_cluster_leave_nothing() -> None:
    result = replayed(task("ansible.builtin.apt", {"name": "x"}), shell("echo hello"), shell("kubectl get pods"))

    assert (result.objects, result.releases, result.notes) == ({}, {}, [])
