"""Outcomes: the closed sets of statuses, what one check saw, and which outcome outweighs which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a step or a check ended.

    ``error``: it crashed. ``unknown``: it could not find out, which never counts as passed. ``blocked``: something it
    needs did not succeed. ``skipped``: left out on purpose, with a reason. ``not_run``: nobody got to it.
    """

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    ERROR = "error"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    NEEDS_APPROVAL = "needs_approval"
    NOT_RUN = "not_run"


class RunStatus(StrEnum):
    """How a run ended, or that it has not; ``incomplete``: it never reached ``finish()``."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    WARNED = "warned"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    KERNEL_DIED = "kernel_died"
    STOPPED = "stopped"
    NEEDS_APPROVAL = "needs_approval"
    DENIED = "denied"
    INCOMPLETE = "incomplete"
    ABANDONED = "abandoned"


class CellStatus(StrEnum):
    """How a notebook cell ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not_run"


BEST_TO_WORST = (
    Status.SKIPPED, Status.PASSED, Status.WARNED, Status.NOT_RUN, Status.UNKNOWN, Status.BLOCKED, Status.FAILED,
    Status.ERROR, Status.NEEDS_APPROVAL,
)  # fmt: skip
"""The order of ``worst``. It follows the exit codes (5 before 3 before 4 before 0); ``skipped`` is below ``passed`` so
that a step with one skipped check still counts as passed."""

_RANK = {status: rank for rank, status in enumerate(BEST_TO_WORST)}


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst of them by ``BEST_TO_WORST``; of nothing it is ``not_run``.

    >>> worst([Status.PASSED, Status.UNKNOWN, Status.WARNED])
    <Status.UNKNOWN: 'unknown'>
    """
    return max(statuses, key=_RANK.__getitem__, default=Status.NOT_RUN)


def badness(status: Status) -> int:
    """Rank within ``BEST_TO_WORST``, to sort worst first."""
    return _RANK[status]


def run_status(steps: Iterable[Status]) -> RunStatus:
    """Return how a run with these step outcomes ends when it reaches its end; without any step it is incomplete."""
    verdict = worst(steps)
    if verdict is Status.NEEDS_APPROVAL:
        return RunStatus.NEEDS_APPROVAL
    if verdict is Status.WARNED:
        return RunStatus.WARNED
    if verdict in (Status.PASSED, Status.SKIPPED):
        return RunStatus.SUCCEEDED
    return RunStatus.INCOMPLETE if verdict is Status.NOT_RUN else RunStatus.FAILED


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Attributes:
        name: what was asked, e.g. ``every overlay builds``.
        observed: what was seen.
        why: why it matters.
        remedy: what the reader does next.
        subject: the object, file or address it is about; empty when the name says it.

    Raises:
        ValueError: on construction of a failed or warned check without observed, why and remedy, or of one that is
            unknown, blocked or an error without observed.
    """

    name: str
    status: Status
    observed: str = ""
    why: str = ""
    remedy: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))
        needed: tuple[str, ...] = ()
        if self.status in (Status.FAILED, Status.WARNED):
            needed = ("observed", "why", "remedy")
        elif self.status not in (Status.PASSED, Status.NOT_RUN):
            needed = ("observed",)
        missing = [name for name in ("name", *needed) if not getattr(self, name).strip()]
        if missing:
            raise ValueError(f'check "{self.name}" is {self.status} and does not say: {", ".join(missing)}')

    def as_json(self) -> dict[str, str]:
        """The check as records hold it."""
        return {key: str(value) for key, value in asdict(self).items()}
