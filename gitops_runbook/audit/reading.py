"""Read a run's folder back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_runbook.errors import UnreadableInput
from gitops_runbook.model.checks import RunStatus


@dataclass(frozen=True)
class RunRecord:
    """A run as its folder tells it.

    Attributes:
        status: ``incomplete`` when there is no result, i.e. it never finished.
        run: content of ``run.json``.
        result: content of ``result.json``, empty when there is none.
        events: lines of ``journal.jsonl``.
    """

    path: Path
    status: RunStatus
    run: Mapping[str, Any]
    result: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]


def read_run(path: Path) -> RunRecord:
    """Read a run's folder and check the chain of its journal.

    Raises:
        UnreadableInput: when a file is missing, is no JSON, or the chain is broken; names the file and line.
    """
    head = _read(path / "run.json")
    events = _read_journal(path / "journal.jsonl", head)
    result_path = path / "result.json"
    result = _parse(result_path, _read(result_path)) if result_path.exists() else {}
    status = RunStatus(result["status"]) if result else RunStatus.INCOMPLETE
    return RunRecord(path, status, _parse(path / "run.json", head), result, events)


def _read_journal(path: Path, head: bytes) -> tuple[Mapping[str, Any], ...]:
    previous = hashlib.sha256(head).hexdigest()
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(_read(path).split(b"\n")[:-1], start=1):
        event = _parse(path, line, number)
        if event.get("previous") != previous:
            happened = "does not follow from what stands before it"
            raise UnreadableInput(f"{path}:{number}", happened, "take the folder from where it was first stored")
        previous = hashlib.sha256(line).hexdigest()
        events.append(event)
    return tuple(events)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(str(path), f"cannot be read: {error.strerror}", "is this the folder of a run?") from error


def _parse(path: Path, content: bytes, line: int = 1) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise UnreadableInput(f"{path}:{line}", "is no JSON", "the run was cut off or the file changed") from error
    if not isinstance(value, dict):
        raise UnreadableInput(f"{path}:{line}", "is no JSON object", "the file was changed by hand")
    return value
