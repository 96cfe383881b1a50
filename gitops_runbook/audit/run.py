"""A run: the record of one execution of a runbook, kept while it happens.

This is the unsealed form: ``run.json``, ``journal.jsonl`` and ``result.json``, each with ``schema_version``.
"""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any, NoReturn

import gitops_runbook
from gitops_runbook.audit.folder import RunFolder, timestamp
from gitops_runbook.audit.steps import Step, StepOutcome, begin
from gitops_runbook.audit.values import kind_of, plain
from gitops_runbook.errors import ParameterError, RunStopped, UsageError
from gitops_runbook.model.checks import RunStatus, run_status
from gitops_runbook.workspace import Workspace
from gitops_runbook.workspace.secret_references import find_secret_literals

SCHEMA_VERSION = 1


class Run:
    """One execution of a runbook. Made by ``open``; complete only after ``finish``.

    Attributes:
        id: name of the run's folder.
        runbook: e.g. ``convert``.
        target: environment, or ``local``.
    """

    def __init__(self, folder: RunFolder, runbook: str, target: str) -> None:
        self.id = folder.path.name
        self.runbook = runbook
        self.target = target
        self._folder = folder
        self._steps: dict[str, StepOutcome] = {}
        self._open_step: Step | None = None
        self._result: dict[str, Any] | None = None
        self._stop_reason = ""
        self._started = datetime.now(UTC)
        self._began = monotonic()

    @classmethod
    def open(cls, workspace: Workspace, runbook: str, target: str, parameters: Mapping[str, object]) -> Run:
        """Make the run's folder and begin its journal.

        Raises:
            UsageError: when runbook or target cannot be part of a folder's name.
            ParameterError: when a parameter cannot be recorded, or looks like a secret.
            OutputRefused: when the runs folder cannot be written.
        """
        recorded = _recordable(parameters)
        run = cls(RunFolder.create(workspace.runs_folder, runbook, target, datetime.now(UTC)), runbook, target)
        run._folder.begin({
            "schema_version": SCHEMA_VERSION, "id": run.id,
            "runbook": {"id": runbook, "version": gitops_runbook.__version__},
            "target": {"name": target}, "parameters": recorded,
            "actor": {"user": _user(), "host": platform.node()},
            "workspace": {"folder": str(workspace.root), "sample": workspace.is_sample},
            "started": timestamp(run._started),
        })  # fmt: skip
        run.write("run_started", {"id": run.id})
        return run

    @property
    def folder(self) -> RunFolder:
        """Where the record is; ``folder.path`` is its path."""
        return self._folder

    @property
    def steps(self) -> list[StepOutcome]:
        """The last attempt at each step, in the order in which the steps were first begun."""
        return list(self._steps.values())

    @property
    def status(self) -> RunStatus:
        """``running`` until the run is finished or stopped."""
        return RunStatus(self._result["status"]) if self._result else RunStatus.RUNNING

    def step(self, name: str) -> Step:
        """Begin a step; use it as ``with run.step("record") as step:``. The name is its identity.

        Raises:
            UsageError: when the run is finished, or another step is still open.
        """
        if self._result:
            remedy = "run the set-up cell again: it starts a new run"
            raise UsageError(f'step "{name}"', f"the run {self.id} is finished", remedy)
        if self._open_step:
            happened = f'the step "{self._open_step.name}" is still open'
            raise UsageError(f'step "{name}"', happened, "end one step before the next begins; steps do not nest")
        earlier = self._steps.get(name)
        outcome = begin(name, earlier.attempt + 1 if earlier else 1)
        self._steps[name] = outcome
        self._open_step = Step(self, outcome, self._closed)
        self.write("step_started", {"step": name, "attempt": outcome.attempt})
        return self._open_step

    def stop(self, reason: str) -> NoReturn:
        """End the run on purpose: the open step is ``skipped``, the run ``stopped`` unless something went wrong before.

        Raises:
            RunStopped: always. The result is on disk when the exception has left the open step.
        """
        if self._open_step is None:
            self.end_on_purpose(reason)
        raise RunStopped(self.runbook, reason, "nothing; the run ended on purpose")

    def end_on_purpose(self, reason: str) -> None:
        """Conclude the run as stopped; ``stop`` and a step that is left by ``RunStopped`` do it."""
        self._stop_reason = reason
        self.write("run_stopped", {"reason": reason})
        self.finish()

    def finish(self) -> RunStatus:
        """Write ``result.json``; calling it again changes nothing.

        Raises:
            UsageError: while a step is open.
        """
        if self._open_step:
            raise UsageError("run.finish()", f'the step "{self._open_step.name}" is still open', "finish after it")
        if self._result is None:
            self._result = self._conclude()
            self.write("run_finished", {"status": self._result["status"]})
            self._folder.end(self._result)
        return self.status

    def write(self, event: str, details: Mapping[str, Any]) -> None:
        """Add an event to the journal."""
        self._folder.append(event, datetime.now(UTC), details)

    def outcome_of(self, step: str) -> StepOutcome | None:
        """Return the last attempt at a step."""
        return self._steps.get(step)

    def unfinished_business(self) -> list[StepOutcome]:
        """Return the closed steps that did not end well."""
        return [outcome for outcome in self.steps if outcome.seconds is not None and not outcome.is_good]

    def _closed(self, _: StepOutcome) -> None:
        self._open_step = None

    def _conclude(self) -> dict[str, Any]:
        status = run_status(outcome.status for outcome in self.steps)
        if self._stop_reason and status in (RunStatus.SUCCEEDED, RunStatus.WARNED, RunStatus.INCOMPLETE):
            status = RunStatus.STOPPED
        return {
            "schema_version": SCHEMA_VERSION, "id": self.id, "runbook": self.runbook, "target": self.target,
            "status": str(status), "reason": self._stop_reason, "sealed": False,
            "started": timestamp(self._started), "finished": timestamp(datetime.now(UTC)),
            "seconds": round(monotonic() - self._began, 3),
            "steps": [outcome.as_json() for outcome in self.steps],
            "checks": [{"step": outcome.name, **check.as_json()} for outcome in self.steps for check in outcome.checks],
            "cells": [], "changes": [],
        }  # fmt: skip


def _recordable(parameters: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    recorded: dict[str, dict[str, Any]] = {}
    for name, value in parameters.items():
        try:
            recorded[name] = {"type": kind_of(value), "value": plain(value)}
        except TypeError as error:
            raise ParameterError(name, str(error), "pass text, a number, true or false, or a list of those") from error
        for _, form in find_secret_literals({name: recorded[name]["value"]}):
            raise ParameterError(name, f"looks like {form}", "pass a reference: env:NAME or file:PATH")
    return recorded


def _user() -> str:
    """The operating system's user; a container may run under a number that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
