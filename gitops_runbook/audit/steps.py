"""One step of a run: what it asked, what it recorded, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Any, Protocol

from gitops_runbook.audit.folder import timestamp
from gitops_runbook.audit.values import kind_of, plain
from gitops_runbook.errors import RunbookError, RunStopped
from gitops_runbook.model.checks import Check, Status, worst

_GOOD = (Status.PASSED, Status.WARNED, Status.SKIPPED)


@dataclass
class StepOutcome:
    """How one attempt at a step went.

    Attributes:
        attempt: 1 for the first time; a cell that is run again makes the next one, and the last one counts.
        seconds: wall time; None while it runs.
        reason: why it is not passed: the error, what it waits for, why it was skipped.
        remedy: what the reader does next, when there is something to do.
        values: what it recorded, each as ``{"type": …, "value": …}``.
    """

    name: str
    attempt: int
    started: datetime
    status: Status = Status.NOT_RUN
    seconds: float | None = None
    reason: str = ""
    remedy: str = ""
    checks: list[Check] = field(default_factory=list)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """What depends on this step may go on."""
        return self.status in _GOOD

    def as_json(self) -> dict[str, Any]:
        """The outcome as ``result.json`` holds it."""
        return {
            "name": self.name, "attempt": self.attempt, "status": str(self.status),
            "started": timestamp(self.started), "seconds": self.seconds, "reason": self.reason,
            "remedy": self.remedy, "values": self.values,
        }  # fmt: skip


class Journal(Protocol):
    """What a step needs of its run."""

    def write(self, event: str, details: Mapping[str, Any]) -> None:
        """Add an event to the journal."""

    def outcome_of(self, step: str) -> StepOutcome | None:
        """Return the last attempt at another step."""

    def end_on_purpose(self, reason: str) -> None:
        """Conclude the run as stopped."""

    def unfinished_business(self) -> list[StepOutcome]:
        """Return the steps that did not end well."""


class _StepBlockedError(Exception):
    """Leaves the body of a step that cannot do its work."""


class _StepSkippedError(Exception):
    """Leaves the body of a step that was left out on purpose."""


class Step:
    """A context manager around the work of one step.

    An exception of ours is recorded as ``failed`` with its remedy and the run goes on; what depends on the step is
    then ``blocked``. Any other exception is recorded as ``error`` and raised again.
    """

    def __init__(self, journal: Journal, outcome: StepOutcome, on_close: Callable[[StepOutcome], None]) -> None:
        self.outcome = outcome
        self._journal = journal
        self._on_close = on_close
        self._began = monotonic()

    @property
    def name(self) -> str:
        """The step's identity within the runbook."""
        return self.outcome.name

    def check(
        self, name: str, status: Status | str | bool, *, observed: str = "", why: str = "", remedy: str = "",  # noqa: FBT001
        subject: str = "",
    ) -> Check:  # fmt: skip
        """Record the answer to one question.

        Args:
            name: what was asked.
            status: the outcome; True is passed, False is failed.
            observed: what was seen.
            why: why it matters; not needed for a check that passed.
            remedy: what to do next; not needed for a check that passed.
            subject: the object it is about.

        Raises:
            ValueError: for a status that does not exist, or a failed or warned check that does not explain itself.
        """
        if isinstance(status, bool):
            status = Status.PASSED if status else Status.FAILED
        return self.add(Check(name, Status(status), observed, why, remedy, subject))

    def add(self, check: Check) -> Check:
        """Record a check that somebody else made."""
        self.outcome.checks.append(check)
        self._journal.write("check", {"step": self.name, **check.as_json()})
        return check

    def record(self, name: str, value: object) -> None:
        """Record a value under a name, typed.

        Raises:
            TypeError: when the value has no faithful form in JSON.
        """
        typed = {"type": kind_of(value), "value": plain(value)}
        self.outcome.values[name] = typed
        self._journal.write("value", {"step": self.name, "name": name, **typed})

    def require(self, *steps: str) -> None:
        """Leave this step as ``blocked`` when one of the other steps did not end well or has not run."""
        for name in steps:
            other = self._journal.outcome_of(name)
            if other is None or not other.is_good:
                raise _StepBlockedError(f'it needs the step "{name}", which is {other.status if other else "not run"}')

    def skip(self, reason: str) -> None:
        """Leave this step as ``skipped``."""
        raise _StepSkippedError(reason)

    def close(self, status: Status, reason: str = "", remedy: str = "") -> None:
        """End the step; the context manager does it."""
        self.outcome.status, self.outcome.reason, self.outcome.remedy = status, reason, remedy
        self.outcome.seconds = round(monotonic() - self._began, 3)
        self._journal.write("step_finished", {
            "step": self.name, "attempt": self.outcome.attempt, "status": str(status),
            "seconds": self.outcome.seconds, "reason": reason, "remedy": remedy,
        })  # fmt: skip
        self._on_close(self.outcome)

    def __enter__(self) -> Step:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        match error:
            case None:
                checks = [check.status for check in self.outcome.checks]
                self.close(worst(checks) if checks else Status.PASSED)
                return True
            case _StepBlockedError():
                self.close(Status.BLOCKED, str(error))
            case _StepSkippedError():
                self.close(Status.SKIPPED, str(error))
            case RunStopped():
                self.close(Status.SKIPPED, error.happened)
                self._journal.end_on_purpose(error.happened)
                return False
            case RunbookError():
                self.close(Status.FAILED, f"{error.subject}: {error.happened}", error.remedy)
            case NameError() if self._is_consequence(error, trace):
                others = ", ".join(outcome.name for outcome in self._journal.unfinished_business())
                self.close(Status.BLOCKED, f'it needs "{error.name}", which did not come out of: {others}')
            case _:
                self.close(Status.ERROR, f"{type(error).__name__}: {error}")
                return False
        return True

    def _is_consequence(self, error: NameError, trace: TracebackType | None) -> bool:
        """A name the step's own body does not find, after a step that would have defined it went wrong."""
        in_body = trace is not None and trace.tb_next is None
        return in_body and type(error) is NameError and bool(self._journal.unfinished_business())


def begin(name: str, attempt: int) -> StepOutcome:
    """Start the clock of an attempt."""
    return StepOutcome(name, attempt, datetime.now(UTC))
