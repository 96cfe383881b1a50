"""The findings about a recording itself: what ansible could not evaluate, and what was answered by a placeholder.

One finding per cause, not per task: a person reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gitops_runbook.ansible.accounting import Accounts, Place, place_of
from gitops_runbook.ansible.recording import Line, Recording
from gitops_runbook.ansible.replay import one_line
from gitops_runbook.model.desired import TaskReference
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding

_UNDEFINED = re.compile(r"'([A-Za-z_]\w*)' is undefined")
_MISSING_PLUGIN = re.compile(
    r"[Nn]o (?:filter|test) named '([\w.]+)'|Could not load \"([\w.]+)\"|lookup plugin '([\w.]+)' not found"
    r"|[Tt]he role '([\w.-]+)' was not found"
)
_FILTERS_OF_COLLECTIONS = ("json_query", "ipaddr", "ipv4", "ipsubnet", "random_mac")
_MOST_NAMES = 12
_MOST_TEXT = 400

Add = Callable[[str, str, str, str], None]
"""Takes the code, the subject, the message and ``file:line`` or nothing."""


def recording_findings(environment: str, first: Recording, converged: Recording, accounts: Accounts) -> list[Finding]:
    """Find what a person must know about a recording before its result is looked at."""
    found: dict[str, Finding] = {}

    def add(name: str, subject: str, message: str, where: str) -> None:
        finding = Finding(code(name), environment, subject, message, where)
        found.setdefault(finding.id, finding)

    _add_locked(first, add)
    for line in first.of_type("unreadable"):
        add("unreadable-file", line["file"], f"{line['file']} is not UTF-8", line["file"])
    _add_undefined(first, add)
    for line in first.of_type("unresolved"):
        if not _undefined_in(line):
            add(_failure(line), _task(line), one_line(line["error"], _MOST_TEXT), _where(place_of(line)))
    _add_answers(first, add)
    for line in _assertions_in_both(first, converged):
        add("assertion-failed", _task(line), one_line(line["message"], _MOST_TEXT), _where(place_of(line)))
    _add_not_reached(accounts, add)
    return list(found.values())


def _failure(line: Line) -> str:
    if _MISSING_PLUGIN.search(line["error"]):
        return "collection-missing"
    return "include-unresolved" if line["action"].startswith("ansible.builtin.include_") else "task-unresolved"


def _add_locked(recording: Recording, add: Add) -> None:
    names = sorted({line["name"] for line in recording.of_type("secret-variable")})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    shown = ", ".join(names[:_MOST_NAMES]) + more
    secrets = f"; treated as secrets: {shown}" if names else "; no task needs a variable nobody else defines"
    for line in recording.of_type("locked"):
        file = line["file"]
        add("vault-locked", file, f"{file} is encrypted as a whole and no vault password was given{secrets}", file)


def _add_undefined(recording: Recording, add: Add) -> None:
    needed: dict[str, list[Place]] = {}
    for line in recording.of_type("task", "unresolved"):
        for name in [*(line.get("undefined") or ()), *_undefined_in(line)]:
            places = needed.setdefault(name, [])
            if place_of(line) not in places:
                places.append(place_of(line))
    for name, places in needed.items():
        tasks = "a task needs" if len(places) == 1 else f"{len(places)} tasks need"
        add(*_missing(name, tasks), _where(places[0]))


def _undefined_in(line: Line) -> list[str]:
    return _UNDEFINED.findall(line["error"])[:1] if line["type"] == "unresolved" else []


def _missing(name: str, tasks: str) -> tuple[str, str, str]:
    """A missing name is a variable, a filter of a collection, or the hint of an ``undef()``."""
    if "." in name or name in _FILTERS_OF_COLLECTIONS:
        return "collection-missing", name, f"{tasks} the filter {name}, which is not installed"
    if " " in name:
        return "undefined-variable", name, f"{tasks} a value that is missing: {name}"
    return "undefined-variable", name, f"{tasks} {name}, which nobody defines"


def _add_answers(recording: Recording, add: Add) -> None:
    for line in recording.of_type("lookup"):
        terms = one_line(", ".join(map(str, line["terms"])), 80)
        if line["nature"] == "environment":
            message = f"{terms} is read from the environment of the machine that converts"
            add("environment-variable", terms, message, "")
        elif line["nature"] == "live":
            message = f"lookup {line['name']} was answered by a placeholder"
            add("lookup-stubbed", f"{line['name']}({terms})", message, "")


def _assertions_in_both(first: Recording, converged: Recording) -> Iterator[Line]:
    """A guard that fails in both worlds fails for every cluster; one that fails in one of them looks at the cluster."""
    also = {place_of(line) for line in converged.of_type("assertion")}
    return (line for line in first.of_type("assertion") if place_of(line) in also)


def _add_not_reached(accounts: Accounts, add: Add) -> None:
    by_reason: dict[str, list[Place]] = {}
    for place, reason in accounts.not_reached.items():
        by_reason.setdefault(reason, []).append(place)
    for reason, places in by_reason.items():
        names = [accounts.planned[place].name for place in places]
        several = f"{len(names)} tasks ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        tasks = names[0] if len(names) == 1 else several
        add(
            "task-not-reached",
            one_line(reason, _MOST_TEXT),
            f"{tasks}: {one_line(reason, _MOST_TEXT)}",
            _where(places[0]),
        )


def _task(line: Line) -> str:
    return str(TaskReference(line["file"], line["line"], line["name"]))


def _where(place: Place) -> str:
    return f"{place[0]}:{place[1]}"
