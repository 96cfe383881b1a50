"""How a command ends: every outcome has its exit code, and only a defect of ours shows a traceback."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ParamSpec

import typer

import gitops_runbook
from gitops_runbook.errors import RunbookError

DEFECT, READER_GONE = 1, 141
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_P = ParamSpec("_P")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or a termination; ``exit_code`` is 128 + the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Interruption:
    """Tells other threads that the user wants to end: they call ``check`` now and then."""

    def __init__(self) -> None:
        self._number = 0
        self._asked = threading.Event()

    def check(self) -> None:
        """Leave the thread's work when the user has asked for it.

        Raises:
            Interrupted: somebody pressed Ctrl-C, or terminated us.
        """
        if self._asked.is_set():
            raise Interrupted(self._number)

    def ask(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal; a second one changes nothing, because ending in order is under way.

        Raises:
            Interrupted: the first time.
        """
        if self._asked.is_set():
            return
        self._number = number
        self._asked.set()
        raise Interrupted(number)


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Take Ctrl-C and termination as a wish to end in order, while the block runs."""
    found = Interruption()
    before = {number: signal.signal(number, found.ask) for number in _SIGNALS}
    try:
        yield found
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ends_in_order(command: Callable[_P, int | None]) -> Callable[_P, None]:
    """Turn what a command returns or raises into an exit code and, on standard error, a message.

    A command returns its exit code, or None for 0.
    """

    @functools.wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> None:
        try:
            code = command(*arguments, **options)
            sys.stdout.flush()
        except RunbookError as error:
            code = explain(error)
        except KeyboardInterrupt as error:
            code = getattr(error, "exit_code", 128 + signal.SIGINT)
            say("gitops-runbook: interrupted; what was started has ended")
        except BrokenPipeError:
            code = _reader_gone()
        except typer.Exit:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort says that it is one
            code = _defect(error)
        raise typer.Exit(code or 0)

    return run


def explain(error: RunbookError) -> int:
    """Print an error of ours: what it is about, what happened, what to do next; return its exit code."""
    say(f"{error.subject}\n  {error.happened}\nNext: {error.remedy}")
    return error.exit_code


def say(text: str) -> None:
    """Write to standard error; control characters, which could forge a terminal, become visible."""
    sys.stderr.write("".join(sign if sign.isprintable() or sign == "\n" else f"\\x{ord(sign):02x}" for sign in text))
    sys.stderr.write("\n")
    sys.stderr.flush()


def _defect(error: Exception) -> int:
    traceback.print_exception(error)
    say(
        f"\ngitops-runbook {gitops_runbook.__version__}: {type(error).__name__}\n"
        "  this is a defect of gitops-runbook, not of your project\n"
        "Next: report it with the lines above (they may name your files and hosts) and the command you gave"
    )
    return DEFECT


def _reader_gone() -> int:
    """Whoever read our output has closed it, e.g. ``| head``; Python would complain once more at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_GONE
