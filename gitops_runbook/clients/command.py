"""Run a program and get all of its answer: a command is data, running it is one function.

The child leads a session of its own, so that everything it starts can be ended together, and so that Ctrl-C reaches
only us: we end the child in order instead of both dying at once.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitops_runbook.errors import CommandFailed, ToolMissing

_GRACE_SECONDS = 5.0
_LINES_OF_STDERR = 8
_SHORTEST_CONCEALED = 4
"""Hiding every ``1`` or ``on`` would hide the message and no secret."""


@dataclass(frozen=True)
class Command:
    """What is run, and which answers are good.

    Attributes:
        argv: the program and its arguments; no shell is involved.
        cwd: the folder it runs in; None means ours.
        environment: added to our environment; None as a value removes a variable.
        stdin: text given to it, UTF-8; None means that it reads nothing.
        timeout: seconds until the whole process group is ended; None waits for ever.
        accepted: exit codes that are no failure.
        conceal: texts that an error message must not show, e.g. a password among the arguments.
        remedy: what a reader does when the program answers with an error.
    """

    argv: tuple[str, ...]
    cwd: Path | None = None
    environment: Mapping[str, str | None] | None = None
    stdin: str | None = field(default=None, repr=False)
    timeout: float | None = None
    accepted: Collection[int] = (0,)
    conceal: Sequence[str] = field(default=(), repr=False)
    remedy: str = "run it by hand to see all of its output"

    def __str__(self) -> str:
        return shlex.join(_without(self.conceal, argument) for argument in self.argv)


@dataclass(frozen=True)
class Completed:
    """How a command ended; texts are UTF-8 with their line endings as they were."""

    stdout: str
    stderr: str
    exit_code: int
    seconds: float


def run(command: Command) -> Completed:
    """Run a command to its end.

    Raises:
        ToolMissing: there is no such program, or it may not be run.
        CommandFailed: an exit code that is not accepted, a timeout, a missing folder, or an answer that is not UTF-8.
    """
    started = time.monotonic()
    process = _start(command)
    try:
        stdout, stderr = process.communicate(_encoded(command.stdin), command.timeout)
    except subprocess.TimeoutExpired:
        _end_group(process)
        raise CommandFailed(
            str(command),
            f"it did not end within {command.timeout:g} seconds and was ended",
            "see what it waits for by running it by hand",
        ) from None
    except BaseException:  # Ctrl-C above all: nothing we started may outlive us
        _end_group(process)
        raise
    completed = Completed(
        _decoded(command, stdout), stderr.decode(errors="replace"), process.returncode, time.monotonic() - started
    )
    if completed.exit_code not in command.accepted:
        raise CommandFailed(str(command), _how_it_ended(command, completed), command.remedy)
    return completed


def _start(command: Command) -> subprocess.Popen[bytes]:
    if command.cwd is not None and not command.cwd.is_dir():
        raise CommandFailed(str(command), f"its folder {command.cwd} does not exist", "check the path")
    try:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=_environment(command.environment),
            stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise ToolMissing(
            command.argv[0], f"the program cannot be run: {error.strerror}", "install it and put it on PATH"
        ) from error


def _environment(changes: Mapping[str, str | None] | None) -> dict[str, str] | None:
    if changes is None:
        return None
    merged: dict[str, str | None] = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the child and everything it started: ask first, then insist."""
    deadline = time.monotonic() + _GRACE_SECONDS
    _signal_group(process.pid, signal.SIGTERM)
    while time.monotonic() < deadline:
        process.poll()  # a child that is not waited for stays a member of its group
        if not _signal_group(process.pid, 0):
            break
        time.sleep(0.02)
    else:
        _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal_group(leader: int, number: int) -> bool:
    """Signal every process of a group; False when there is none left."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return False
    return True


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _decoded(command: Command, stdout: bytes) -> str:
    try:
        return stdout.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed(
            str(command), f"its output is not UTF-8 (byte {error.start})", "check the encoding of what it reads"
        ) from error


def _how_it_ended(command: Command, completed: Completed) -> str:
    last_lines = [line.rstrip() for line in completed.stderr.splitlines() if line.strip()][-_LINES_OF_STDERR:]
    code = completed.exit_code
    ending = f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return "\n  ".join((ending, *(_without(command.conceal, line) for line in last_lines)))


def _without(concealed: Sequence[str], text: str) -> str:
    for secret in concealed:
        if len(secret) >= _SHORTEST_CONCEALED:
            text = text.replace(secret, "…")
    return text
