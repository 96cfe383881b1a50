"""Every planned task is recorded, skipped, failed, or not reached for a reason."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_runbook.ansible.accounting import account
from gitops_runbook.ansible.recording import Line
from gitops_runbook.ansible.recording_findings import recording_findings

from .lines import recording, task

PLACE = ("site.yml", 5)


def planned(*tasks: Line) -> Line:
    common = {"file": "site.yml", "name": "t", "role": "", "via": [[]], "section": "", "plays": ["p"], "matched": True}
    return {"type": "plan", "tasks": [{**common, **item} for item in tasks]}


def at(kind: str, line: int = 5, **fields: Any) -> Line:  # noqa: ANN401 - JSON
    return {"type": kind, "file": "site.yml", "line": line, "name": "t", "role": "", **fields}


def test_a_task_recorded_once_is_recorded_whatever_else_happened_to_it() -> None:
    accounts = account(recording([planned({"line": 5}), task("x", {}, line=5), at("unresolved", error="no")]))

    assert accounts.recorded == {PLACE}
    assert not accounts.failed
    assert not accounts.not_reached


def test_a_task_is_skipped_by_its_own_condition_or_that_of_its_include() -> None:
    tasks = planned({"line": 5}, {"line": 9, "via": [["site.yml:2"]]})

    accounts = account(recording([tasks, at("skipped"), at("skipped", 2)]))

    assert accounts.skipped == {PLACE, ("site.yml", 9)}


@pytest.mark.parametrize(
    ("plan", "lines", "reason"),
    [
        ({"matched": False}, [], "no host of this environment belongs to the play p"),
        ({"via": [["site.yml:2"]]}, [at("unresolved", 2, error="no such file")], "could not be followed: no such file"),
        ({"section": "rescue"}, [], "rescue block"),
        ({"section": "handler"}, [], "nothing notified"),
        ({}, [at("meta", 3, action="end_play", taken=True)], "end_play at site.yml:3"),
        ({}, [at("meta", 3, action="end_play", taken=False)], "nothing led to it"),
    ],
)
def test_a_task_that_was_not_reached_has_a_reason(plan: Line, lines: list[Line], reason: str) -> None:
    accounts = account(recording([planned({"line": 5, **plan}), *lines]))

    assert reason in accounts.not_reached[PLACE]


def findings_of(*lines: Line) -> list[tuple[str, str, str, str]]:
    first = recording(lines)
    found = recording_findings("test", first, first, account(first))
    return [(item.kind.code, item.subject, item.message, item.where) for item in found]


def test_a_variable_nobody_defines_is_one_finding_with_the_first_place() -> None:
    lines = [task("x", {}, line=number, undefined=["domain"]) for number in (3, 3, 7, 9)]

    assert findings_of(planned(), *lines) == [
        ("undefined-variable", "domain", "3 tasks need domain, which nobody defines", "site.yml:3")
    ]


def test_a_locked_file_lists_what_is_treated_as_a_secret() -> None:
    names = [{"type": "secret-variable", "name": f"v{number:02}"} for number in [*range(20), 3]]

    ((code, subject, message, where),) = findings_of(planned(), {"type": "locked", "file": "vault.yml"}, *names)

    assert (code, subject, where) == ("vault-locked", "vault.yml", "vault.yml")
    assert "v00, v01" in message
    assert "and 8 more" in message


def test_tasks_that_were_not_reached_for_one_reason_are_one_finding() -> None:
    tasks = planned(*({"line": number, "matched": False, "name": f"t{number}"} for number in range(1, 6)))

    ((code, _, message, _),) = findings_of(tasks)

    assert code == "task-not-reached"
    assert message == "5 tasks (t1, t2, t3, …): no host of this environment belongs to the play p"


def test_a_guard_that_fails_only_on_an_empty_cluster_is_no_finding() -> None:
    first = recording([planned(), at("assertion", message="no kubeconfig")])
    converged = recording([])

    assert recording_findings("test", first, converged, account(first)) == []
    assert len(recording_findings("test", first, first, account(first))) == 1
