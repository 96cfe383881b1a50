"""What became of every k8s, helm and kubectl/helm-command task that ansible loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_runbook.ansible.recording import Line, Recording
from gitops_runbook.model.desired import TaskReference

Place = tuple[str, int]
"""file and line of a task, relative to the project."""


@dataclass(frozen=True)
class Accounts:
    """What became of the tasks of one environment, by place.

    Attributes:
        planned: every task the loader lists, and those in files an include can reach.
        recorded: their final arguments were seen at least once.
        skipped: never run because of their own ``when`` or loop, or that of the include that would bring them.
        failed: could not be evaluated → ansible's message.
        not_reached: none of these → the reason.
    """

    planned: Mapping[Place, TaskReference]
    recorded: frozenset[Place]
    skipped: frozenset[Place]
    failed: Mapping[Place, str]
    not_reached: Mapping[Place, str]


def account(recording: Recording) -> Accounts:
    """Sort the planned tasks of a recording with a plan."""
    tasks: list[Line] = recording.only("plan").get("tasks", [])
    planned = {place_of(task): TaskReference(task["file"], task["line"], task["name"], task["role"]) for task in tasks}
    recorded = {place_of(line) for line in recording.of_type("task")}
    skips = {place_of(line) for line in recording.of_type("skipped")}
    failed = {place_of(line): str(line["error"]) for line in recording.of_type("unresolved")}
    skipped, not_reached = set(), {}
    for task in tasks:
        place = place_of(task)
        if place in recorded or place in failed:
            continue
        includes = [_split(step) for chain in task["via"] for step in chain]
        if place in skips or any(step in skips for step in includes):
            skipped.add(place)
        else:
            not_reached[place] = _reason(task, includes, failed, recording)
    only_failed = {place: text for place, text in failed.items() if place in planned and place not in recorded}
    return Accounts(planned, frozenset(recorded & planned.keys()), frozenset(skipped), only_failed, not_reached)


def place_of(line: Line) -> Place:
    """Where the task of a line stands."""
    return str(line["file"]), int(line["line"])


def _split(step: str) -> Place:
    file, _, line = step.rpartition(":")
    return file, int(line)


def _reason(task: Line, includes: Iterable[Place], failed: Mapping[Place, str], recording: Recording) -> str:
    if not task["matched"]:
        return f"no host of this environment belongs to the play {task['plays'][0]}"
    broken = next((step for step in includes if step in failed), None)
    if broken is not None:
        return f"the include at {broken[0]}:{broken[1]} could not be followed: {failed[broken]}"
    if task["section"] == "rescue":
        return "it stands in a rescue block, which runs only after a failure"
    if task["section"] == "handler":
        return "it is a handler that nothing notified"
    ended = [line for line in recording.of_type("meta") if line["taken"]]
    if ended:
        return f"{ended[0]['action']} at {ended[0]['file']}:{ended[0]['line']} ended the play before"
    return "nothing led to it"
