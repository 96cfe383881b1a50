"""Statuses, and which one outweighs which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_runbook.model.checks import BEST_TO_WORST, Check, RunStatus, Status, run_status, worst

statuses = st.lists(st.sampled_from(Status))


def test_every_status_has_a_rank() -> None:
    assert sorted(BEST_TO_WORST) == sorted(Status)


@given(statuses, statuses)
def test_worst_of_two_groups_is_the_worst_of_their_worst(left: list[Status], right: list[Status]) -> None:
    if left and right:
        assert worst(left + right) == worst([worst(left), worst(right)])


def test_nothing_counts_as_not_run() -> None:
    assert worst([]) is Status.NOT_RUN


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ([], RunStatus.INCOMPLETE),
        ([Status.PASSED], RunStatus.SUCCEEDED),
        ([Status.SKIPPED], RunStatus.SUCCEEDED),
        ([Status.PASSED, Status.WARNED], RunStatus.WARNED),
        ([Status.PASSED, Status.UNKNOWN], RunStatus.FAILED),
        ([Status.WARNED, Status.BLOCKED], RunStatus.FAILED),
        ([Status.WARNED, Status.ERROR], RunStatus.FAILED),
        ([Status.PASSED, Status.NOT_RUN], RunStatus.INCOMPLETE),
        ([Status.FAILED, Status.NEEDS_APPROVAL], RunStatus.NEEDS_APPROVAL),
    ],
)
def test_a_run_ends_as_its_worst_step(steps: list[Status], verdict: RunStatus) -> None:
    assert run_status(steps) is verdict


@pytest.mark.parametrize("status", [Status.FAILED, Status.WARNED])
@pytest.mark.parametrize("missing", ["observed", "why", "remedy"])
def test_a_bad_check_that_does_not_explain_itself_cannot_be_made(status: Status, missing: str) -> None:
    parts = {"observed": "seen", "why": "matters", "remedy": "do", missing: " "}
    with pytest.raises(ValueError, match=missing):
        Check("a", status, **parts)


@pytest.mark.parametrize("status", [Status.ERROR, Status.UNKNOWN, Status.BLOCKED, Status.SKIPPED])
def test_a_check_without_an_answer_says_why(status: Status) -> None:
    with pytest.raises(ValueError, match="observed"):
        Check("a", status)
    assert Check("a", status, "because").status is status


def test_a_status_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="green"):
        Check("a", "green")  # type: ignore[arg-type]
