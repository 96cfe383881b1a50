"""Replay one recording, in order, into the objects and releases a cluster that was empty would hold afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_runbook.ansible.actions import (
    Action,
    Apply,
    Delete,
    Imperative,
    Problem,
    Read,
    Release,
    Repository,
    Uninstall,
)
from gitops_runbook.ansible.kubectl_commands import Generate
from gitops_runbook.ansible.recording import Line, Recording
from gitops_runbook.ansible.task_actions import actions_of
from gitops_runbook.documents.json_values import Json, canonical, merge_patch
from gitops_runbook.model.desired import TaskReference
from gitops_runbook.model.references import ObjectReference, is_built_in

StrategicMerge = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""(object, patch) → the object afterwards."""


@dataclass
class Trail:
    """Which tasks touched something, when, and what they lacked."""

    order: int
    workload: str
    stage: int
    tasks: list[TaskReference] = field(default_factory=list)
    undefined: set[str] = field(default_factory=set)

    def add(self, line: Line) -> None:
        """Remember one more task."""
        task = task_reference(line)
        if task not in self.tasks:
            self.tasks.append(task)
        self.undefined.update(line.get("undefined") or [])


@dataclass
class ReplayedObject:
    """An object as the tasks so far left it."""

    manifest: Mapping[str, Any]
    last_applied: Mapping[str, Any]
    trail: Trail


@dataclass
class ReplayedRelease:
    """A release as its last task left it, with the chart repositories known by then."""

    release: Release
    repositories: Mapping[str, str]
    trail: Trail


@dataclass(frozen=True)
class Note:
    """Something that becomes a finding; ``code`` is its finding code."""

    code: str
    subject: str
    message: str
    task: TaskReference | None = None


@dataclass
class Replay:
    """The cluster after one recording."""

    objects: dict[ObjectReference, ReplayedObject] = field(default_factory=dict)
    releases: dict[tuple[str, str], ReplayedRelease] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def task_reference(line: Line) -> TaskReference:
    """The task of a recorded line."""
    return TaskReference(line["file"], line["line"], line["name"], line.get("role") or "")


def replay(recording: Recording, generate: Generate, strategic_merge: StrategicMerge = merge_patch) -> Replay:
    """Replay every task line of a recording; a task that cannot be converted becomes a note, never an exception.

    Args:
        recording: the lines of one pass.
        generate: runs ``kubectl create`` without a cluster.
        strategic_merge: merges a built-in object as Kubernetes does, lists by their key; without it lists are replaced.
    """
    replayer = _Replayer(strategic_merge)
    for order, line in enumerate(recording.of_type("task")):
        for action in actions_of(line, generate):
            replayer.take(order, line, action)
    return replayer.result


class _Replayer:
    def __init__(self, strategic_merge: StrategicMerge) -> None:
        self.result = Replay()
        self._strategic_merge = strategic_merge
        self._repositories: dict[str, str] = {}
        self._stages: dict[str, int] = {}
        self._deleted: set[ObjectReference] = set()
        self._by_host: dict[tuple[ObjectReference, str, int, str], tuple[str, str]] = {}
        self._handlers: dict[type, Callable[[int, Line, Any], None]] = {
            Apply: self._apply, Delete: self._delete, Repository: self._repository, Release: self._release,
            Uninstall: self._uninstall, Imperative: self._imperative, Problem: self._problem,
        }  # fmt: skip

    def take(self, order: int, line: Line, action: Action) -> None:
        if not isinstance(action, Read):
            self._handlers[type(action)](order, line, action)

    def _note(self, code: str, subject: str, message: str, line: Line) -> None:
        self.result.notes.append(Note(code, subject, message, task_reference(line)))

    def _apply(self, order: int, line: Line, action: Apply) -> None:
        reference = ObjectReference.of(action.manifest)
        known = self.result.objects.get(reference)
        if known is None and action.how == "patch":
            self._note("object-patched", str(reference), f"{reference} is patched and no task creates it", line)
            return
        if known is None:
            workload = workload_of(line, action.manifest)
            known = ReplayedObject({}, {}, Trail(order, workload, self._stages.get(workload, 0)))
            self.result.objects[reference] = known
        elif task_reference(line) not in known.trail.tasks:
            self._note("applied-twice", str(reference), f"{reference} is applied by more than one task", line)
        known.manifest = _after(known, action, self._strategic_merge)
        if action.how != "patch":
            known.last_applied = action.manifest
        known.trail.add(line)
        self._compare_hosts(reference, line, action)
        if reference in self._deleted and reference.kind == "Job":
            self._note(
                "job-recreated", str(reference), f"{reference} is deleted and created again at each deploy", line
            )
        if reference.kind == "Job" and action.wait:
            self._stages[known.trail.workload] = known.trail.stage + 1

    def _compare_hosts(self, reference: ObjectReference, line: Line, action: Apply) -> None:
        item = canonical(line.get("item"))
        key = (reference, line["file"], line["line"], item)
        host, content = self._by_host.setdefault(key, (line["host"], canonical(action.manifest)))
        if host != line["host"] and content != canonical(action.manifest):
            message = (
                f"{host} and {line['host']} apply different {reference}; the tree holds what {line['host']} applied"
            )
            self._note("hosts-differ", str(reference), message, line)

    def _delete(self, _order: int, line: Line, action: Delete) -> None:
        self._deleted.add(action.reference)
        known = self.result.objects.pop(action.reference, None)
        if action.reference.kind == "Namespace":  # what lives in it goes with it
            for inside in [item for item in self.result.objects if item.namespace == action.reference.name]:
                del self.result.objects[inside]
        if known is None:
            if action.reference.kind != "Job":
                message = f"{action.reference} is removed and never created before"
                self._note("object-absent", str(action.reference), message, line)
        else:
            message = f"{action.reference} is created and removed within the same run"
            self._note("imperative", str(action.reference), message, line)

    def _repository(self, _order: int, _line: Line, action: Repository) -> None:
        self._repositories[action.alias] = action.url

    def _release(self, order: int, line: Line, action: Release) -> None:
        key = (action.namespace, action.name)
        known = self.result.releases.get(key)
        workload = workload_of(line, None) or _dns_label(action.name)
        trail = known.trail if known else Trail(order, workload, self._stages.get(workload, 0))
        trail.add(line)
        self.result.releases[key] = ReplayedRelease(action, dict(self._repositories), trail)

    def _uninstall(self, _order: int, line: Line, action: Uninstall) -> None:
        subject = f"HelmRelease/{action.namespace}/{action.name}"
        if self.result.releases.pop((action.namespace, action.name), None) is None:
            self._note("object-absent", subject, f"{subject} is uninstalled and never installed before", line)
        else:
            self._note("imperative", subject, f"{subject} is installed and removed within the same run", line)

    def _imperative(self, _order: int, line: Line, action: Imperative) -> None:
        subject = str(task_reference(line))
        wait = re.search(r"\bwait\b.*\bjobs?(?:\.batch)?[/ ]", action.what)
        if wait:
            workload = workload_of(line, None)
            self._stages[workload] = self._stages.get(workload, 0) + 1
        self._note("imperative", subject, one_line(action.what), line)

    def _problem(self, _order: int, line: Line, action: Problem) -> None:
        self._note(action.code, str(task_reference(line)), one_line(action.what), line)


def _after(known: ReplayedObject, action: Apply, strategic_merge: StrategicMerge) -> Mapping[str, Any]:
    """The object after one more task: replaced, merged, or applied with what the last one lacks removed."""
    before = known.manifest
    replaces = action.how == "apply" and canonical(before) == canonical(known.last_applied)
    if action.how == "replace" or not before or replaces:
        return action.manifest
    if action.how == "apply":
        before = _without_removed(before, known.last_applied, action.manifest)
    by_key = action.strategic and is_built_in(action.manifest["apiVersion"])
    if by_key and _merges_lists(before, action.manifest):
        return strategic_merge(before, action.manifest)
    merged: Mapping[str, Any] = merge_patch(before, action.manifest)
    return merged


def _merges_lists(before: Json, patch: Json) -> bool:
    """Whether both hold different lists at one place: only then the two kinds of merging may differ."""
    if isinstance(before, list) and isinstance(patch, list):
        return canonical(before) != canonical(patch)
    if isinstance(before, Mapping) and isinstance(patch, Mapping):
        return any(_merges_lists(before[key], patch[key]) for key in patch if key in before)
    return False


def _without_removed(live: Json, last: Json, new: Json) -> Json:
    """Drop what was applied last time and is not applied any more (kubectl apply, three-way merge)."""
    if not (isinstance(live, Mapping) and isinstance(last, Mapping) and isinstance(new, Mapping)):
        return live
    return {
        key: _without_removed(value, last.get(key), new.get(key))
        for key, value in live.items()
        if key in new or key not in last
    }


def workload_of(line: Line, manifest: Mapping[str, Any] | None) -> str:
    """The group of a task's objects: its role, else the file of tasks it stands in, else the object's own app."""
    role = (line.get("role") or "").rpartition(".")[2]
    if role:
        return _dns_label(role)
    folder, _, file = line["file"].rpartition("/")
    if folder.rpartition("/")[2] == "tasks":
        return _dns_label(file.rpartition(".")[0])
    if manifest is None:
        return ""
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    names = [labels.get(f"app.kubernetes.io/{name}") for name in ("part-of", "instance", "name")] + [labels.get("app")]
    if manifest["kind"] == "Namespace":
        return "namespaces"
    return _dns_label(next((name for name in names if isinstance(name, str) and name), metadata["name"]))


def _dns_label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63] or "workload"


def one_line(text: str, most: int = 300) -> str:
    """A text on one line, cut off after so many characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
