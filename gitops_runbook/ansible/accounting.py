"""Account for every k8s, helm and kubectl/helm-command task that ansible loads: recorded, skipped, unresolved, or why not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_runbook.ansible.recording import Line, Recording
from gitops_runbook.model.desired import TaskReference
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding

Place = tuple[str, int]
"""file and line of a task, relative to the project."""

_UNDEFINED = re.compile(r"'([A-Za-z_]\w*)' is undefined")
_MISSING_PLUGIN = re.compile(r"[Nn]o (?:filter|test) named '([\w.]+)'|Could not load \"([\w.]+)\"|lookup plugin '([\w.]+)' not found")


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
    planned = {_place(task): TaskReference(task["file"], task["line"], task["name"], task["role"])
               for task in recording.only("plan").get("tasks", [])}  # fmt: skip
    recorded = {_place(line) for line in recording.of_type("task")}
    skips = {_place(line) for line in recording.of_type("skipped")}
    failed = {_place(line): str(line["error"]) for line in recording.of_type("unresolved")}
    skipped, not_reached = set(), {}
    for task in recording.only("plan").get("tasks", []):
        place = _place(task)
        if place in recorded or place in failed:
            continue
        includes = [_split(step) for chain in task["via"] for step in chain]
        if place in skips or any(step in skips for step in includes):
            skipped.add(place)
        else:
            not_reached[place] = _reason(task, includes, failed, recording)
    return Accounts(
        planned, frozenset(recorded & planned.keys()), frozenset(skipped),
        {place: text for place, text in failed.items() if place in planned and place not in recorded}, not_reached,
    )  # fmt: skip


def _place(line: Mapping[str, object]) -> Place:
    return str(line["file"]), int(str(line["line"]))


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


def recording_findings(environment: str, first: Recording, converged: Recording, accounts: Accounts) -> list[Finding]:
    """The findings about the recording itself: what ansible could not evaluate, and what was answered by a placeholder."""
    found: dict[str, Finding] = {}

    def add(name: str, subject: str, message: str, where: str = "") -> None:
        finding = Finding(code(name), environment, subject, message, where)
        found.setdefault(finding.id, finding)

    for line in first.of_type("locked"):
        add("vault-locked", line["file"], f"{line['file']} is encrypted as a whole and no vault password was given")
    for line in first.of_type("unreadable"):
        add("unreadable-file", line["file"], f"{line['file']} is not UTF-8", line["file"])
    for name, place in _undefined(first):
        add(*_missing(name), where=f"{place[0]}:{place[1]}")
    for line in first.of_type("unresolved"):
        where, name = f"{line['file']}:{line['line']}", str(line["name"])
        add(_failure_code(line["error"]), name, _one_line(line["error"]), where)
    _add_answers(first, add)
    for line in _assertions_in_both(first, converged):
        add("assertion-failed", str(line["name"]), _one_line(line["message"]), f"{line['file']}:{line['line']}")
    for place, reason in accounts.not_reached.items():
        task = accounts.planned[place]
        add("task-not-reached", str(task), f"{task.name}: {reason}", f"{task.file}:{task.line}")
    return list(found.values())


def _undefined(recording: Recording) -> Iterator[tuple[str, Place]]:
    for line in recording.of_type("task", "unresolved"):
        for name in line.get("undefined") or []:
            yield name, _place(line)


def _missing(name: str) -> tuple[str, str, str]:
    """A missing name is a variable, a filter of a collection, or the hint of an ``undef()``."""
    if "." in name or name in ("json_query", "ipaddr", "random_mac"):
        return "collection-missing", name, f"the filter {name} is not installed"
    if " " in name:
        return "undefined-variable", name, f"a value is missing: {name}"
    return "undefined-variable", name, f"{name} is undefined"


def _failure_code(error: str) -> str:
    if _MISSING_PLUGIN.search(error):
        return "collection-missing"
    return "undefined-variable" if _UNDEFINED.search(error) else "task-unresolved"


def _add_answers(recording: Recording, add: object) -> None:
    assert callable(add)  # noqa: S101 - narrows the type for mypy
    for line in recording.of_type("lookup"):
        terms = ", ".join(map(str, line["terms"]))
        if line["nature"] == "environment":
            add("environment-variable", terms, f"{terms} is read from the environment of the machine that converts")
        elif line["nature"] == "live":
            add("lookup-stubbed", f"{line['name']}({terms})", f"lookup {line['name']} was answered by a placeholder")


def _assertions_in_both(first: Recording, converged: Recording) -> Iterator[Line]:
    """A guard that fails in either world fails for every cluster; one that fails in one of them looks at the cluster."""
    also = {_place(line) for line in converged.of_type("assertion")}
    return (line for line in first.of_type("assertion") if _place(line) in also)


def _one_line(text: str) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= 400 else line[:397] + "…"
