"""``start``, ``step``, ``show``, ``finish``: all a notebook needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from gitops_runbook.audit import Run, Step, StepOutcome
from gitops_runbook.errors import ParameterError, UsageError
from gitops_runbook.model.checks import Check, RunStatus, Status
from gitops_runbook.notebook.board import board
from gitops_runbook.notebook.rendering import Figure, checks, picture, render, verdict
from gitops_runbook.notebook.screen import Screen, choose_screen
from gitops_runbook.workspace import Workspace, find_workspace, locate_workspace

LOCAL = "local"
"""Target of a run that concerns no environment."""


def start(name: str, /, **parameters: object) -> NotebookRun:
    """Begin a run and show its verdict board.

    The workspace is the nearest folder upwards with ``gitops-runbook.yaml``, else a temporary copy of the sample; the
    target is the parameter ``environment`` when it is given and not empty.

    Args:
        name: the runbook, e.g. ``convert``.
        parameters: what the notebook's parameters cell holds; they are recorded.

    Raises:
        ConfigurationError: when the workspace's configuration is wrong.
        ParameterError: when the environment is unknown, or a parameter cannot be recorded.
        OutputRefused: when the record cannot be written.
    """
    here = Path.cwd()
    workspace = find_workspace(here) if locate_workspace(here) else Workspace.sample()
    target = parameters.get("environment") or LOCAL
    if target != LOCAL:
        try:
            workspace.environment(str(target))
        except UsageError as error:
            raise ParameterError(error.subject, error.happened, error.remedy) from error
    record = Run.open(workspace, name, str(target), parameters)
    return NotebookRun(workspace, record, choose_screen(f"board-{record.id}"))


class NotebookRun:
    """A run as a notebook sees it.

    Attributes:
        workspace: where configuration, project and repository are.
        record: the run on disk.
    """

    def __init__(self, workspace: Workspace, record: Run, screen: Screen) -> None:
        self.workspace = workspace
        self.record = record
        self._screen = screen
        self._show_board()

    @property
    def status(self) -> RunStatus:
        """``running`` until ``finish`` or ``stop``."""
        return self.record.status

    def step(self, name: str) -> NotebookStep:
        """Begin a step: ``with run.step("record") as step:``.

        Raises:
            UsageError: when the run is finished, or a step is still open.
        """
        step = NotebookStep(self.record.step(name), self._screen, self._show_board)
        self._show_board()
        return step

    def stop(self, reason: str) -> NoReturn:
        """End the run on purpose.

        Raises:
            RunStopped: always; in a notebook it ends Run All without a traceback.
        """
        try:
            self.record.stop(reason)
        finally:
            self._show_board()

    def finish(self) -> None:
        """Write the result and bring the board up to date.

        Raises:
            UsageError: while a step is open.
        """
        self.record.finish()
        self._show_board()

    def _show_board(self) -> None:
        last = self.record.status is not RunStatus.RUNNING
        self._screen.show_board(board(self.record, sample=self.workspace.is_sample), last=last)


class NotebookStep:
    """A step that also shows; at its end it says how it went, and the board follows."""

    def __init__(self, step: Step, screen: Screen, on_close: Callable[[], None]) -> None:
        self.step = step
        self._screen = screen
        self._on_close = on_close

    @property
    def outcome(self) -> StepOutcome:
        """How it goes."""
        return self.step.outcome

    def check(
        self, name: str, status: Status | str | bool, *, observed: str = "", why: str = "", remedy: str = "",  # noqa: FBT001
        subject: str = "",
    ) -> Check:  # fmt: skip
        """Record the answer to one question; the step shows all of them at its end.

        Raises:
            ValueError: for a failed or warned check without observed, why and remedy.
        """
        return self.step.check(name, status, observed=observed, why=why, remedy=remedy, subject=subject)

    def add(self, check: Check) -> Check:
        """Record a check that a runbook's function made."""
        return self.step.add(check)

    def record(self, name: str, value: object) -> None:
        """Record a typed value.

        Raises:
            TypeError: when the value has no faithful form in JSON.
        """
        self.step.record(name, value)

    def require(self, *steps: str) -> None:
        """Leave this step as ``blocked`` when one of the other steps did not end well."""
        self.step.require(*steps)

    def skip(self, reason: str) -> None:
        """Leave this step as ``skipped``."""
        self.step.skip(reason)

    def show(self, value: object, caption: str = "", *, sort_by: str = "") -> None:
        """Show a value: findings, checks, rows, a mapping, paths, text.

        Args:
            value: what to show.
            caption: what it is.
            sort_by: a column to sort a table by; empty: worst first.

        Raises:
            UsageError: when ``sort_by`` names no column.
        """
        self._screen.show(render(value, caption, sort_by))

    def picture(self, figure: Figure, *, alt: str) -> None:
        """Show a matplotlib figure with a text that says the same.

        Raises:
            ValueError: when ``alt`` is empty.
        """
        self._screen.show(picture(figure, alt))

    def __enter__(self) -> NotebookStep:
        self.step.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return self.step.__exit__(kind, error, trace)
        finally:
            outcome = self.outcome
            if outcome.checks:
                self._screen.show(checks(outcome.checks, f"Checks: {outcome.name}"))
            self._screen.show(verdict(outcome.status, outcome.name, outcome.reason, outcome.remedy))
            self._on_close()
