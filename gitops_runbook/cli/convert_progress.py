"""How a conversion tells what it does: live on a terminal, line by line in a log, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Display
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from gitops_runbook.ansible.recording import Line, Pass
from gitops_runbook.runbooks.convert import Progress

Check = Callable[[], None]

_STAGES = {
    "prepare": "finding programs, and code of the project that ansible would run here",
    "record": "recording the playbook in your ansible; no task takes effect",
    "decide": "deciding what may stand in git, and where",
    "factor": "finding what the environments have in common",
    "write": "writing the tree",
    "prove": "building the tree and comparing it with the recording",
}


@contextmanager
def conversion_progress(check: Check) -> Iterator[Progress]:
    """Choose the form that suits standard error.

    Args:
        check: called from the threads that work; what it raises ends them.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield LogProgress(check)
        return
    columns = (SpinnerColumn(finished_text="✔"), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Display(*columns, console=console, transient=True) as display:
        yield LiveProgress(display, check)


class LogProgress(Progress):
    """One line per stage, and one per pass of a recording that is complete."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._started = time.monotonic()
        self._tasks: dict[tuple[str, str], int] = {}

    def stage(self, name: str) -> None:
        """Write what begins, with the seconds since the start."""
        self._check()
        self._say(f"{name}: {_STAGES[name]}" if name in _STAGES else f"  {name}")

    def recorded(self, environment: str, taken: Pass, line: Line) -> None:
        """Count tasks; write a line when the pass is complete."""
        self._check()
        key = (environment, taken.name)
        if line["type"] == "task":
            self._tasks[key] = self._tasks.get(key, 0) + 1
        elif line["type"] == "end":
            self._say(f"  {environment}: pass {taken.name}, {self._tasks.get(key, 0)} tasks")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - self._started:5.1f} s] {text}\n")
        sys.stderr.flush()


class LiveProgress(Progress):
    """A line per stage, and while recording a line per environment and pass with its number of tasks."""

    def __init__(self, display: Display, check: Check) -> None:
        self._display = display
        self._check = check
        self._stage: TaskID | None = None
        self._passes: dict[tuple[str, str], tuple[TaskID, int]] = {}

    def stage(self, name: str) -> None:
        """Begin a line; the one before is complete, and so are the passes."""
        self._check()
        if name not in _STAGES and self._stage is not None:
            self._display.update(self._stage, description=f"  {name}")
            return
        for task in [self._stage, *(task for task, _ in self._passes.values())]:
            if task is not None:
                self._display.update(task, total=1, completed=1)
        self._stage = self._display.add_task(f"{name}: {_STAGES.get(name, '')}", total=None)

    def recorded(self, environment: str, taken: Pass, line: Line) -> None:
        """Count the tasks of a pass on its own line."""
        self._check()
        key = (environment, taken.name)
        if key not in self._passes:
            self._passes[key] = (self._display.add_task("", total=None), 0)
        task, count = self._passes[key]
        count += line["type"] == "task"
        self._passes[key] = (task, count)
        done = line["type"] == "end"
        self._display.update(
            task, description=f"  {environment}, pass {taken.name}: {count} tasks", total=1, completed=int(done)
        )
