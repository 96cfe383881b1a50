"""The folder of one run. Everything that reaches it passes through ``RunFolder._write``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitops_runbook.errors import OutputRefused, UsageError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def timestamp(moment: datetime) -> str:
    """Write a time as records hold it: UTC, milliseconds, ``2026-11-23T10:42:07.250Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RunFolder:
    """Writes the files of one run; the journal is a hash chain.

    Each line of ``journal.jsonl`` holds in ``previous`` the SHA-256 of the line before it (without its line feed), the
    first one that of ``run.json``: nothing in between can be changed, dropped or reordered unnoticed.

    Args:
        path: the folder, made by ``create``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._previous = ""
        self._sequence = 0

    @classmethod
    def create(cls, runs: Path, runbook: str, target: str, now: datetime) -> RunFolder:
        """Make ``<UTC yyyymmddThhmmssZ>-<runbook>-<target>-<6 hex>`` in the runs folder.

        Raises:
            UsageError: when runbook or target is no name in lower case letters, digits and hyphens.
            OutputRefused: when the folder cannot be made.
        """
        for role, name in (("runbook", runbook), ("target", target)):
            if not _NAME.fullmatch(name):
                raise UsageError(f'{role} "{name}"', "cannot be part of a folder's name",
                                 "use lower case letters, digits and hyphens, at most 63")  # fmt: skip
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        path = runs / f"{moment}-{runbook}-{target}-{secrets.token_hex(3)}"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            path.mkdir()
        except OSError as error:
            raise OutputRefused(
                str(path), f"cannot be made: {error.strerror}", "check runs.folder in gitops-runbook.yaml and its mode"
            ) from error
        return cls(path)

    def begin(self, run: Mapping[str, Any]) -> None:
        """Write ``run.json``, which never changes afterwards."""
        self._previous = hashlib.sha256(self._write("run.json", _document(run))).hexdigest()

    def append(self, event: str, moment: datetime, details: Mapping[str, Any]) -> None:
        """Add one line to the journal; it is on disk when this returns."""
        self._sequence += 1
        line = {
            "sequence": self._sequence, "time": timestamp(moment), "event": event, **details,
            "previous": self._previous,
        }  # fmt: skip
        written = self._write("journal.jsonl", json.dumps(line, allow_nan=False) + "\n", append=True)
        self._previous = hashlib.sha256(written[:-1]).hexdigest()

    def end(self, result: Mapping[str, Any]) -> None:
        """Write ``result.json``; a reader sees the whole file or none."""
        self._write("result.json", _document(result))

    def _write(self, name: str, text: str, *, append: bool = False) -> bytes:
        """The one place where a record meets the disk; returns what was written, for the hash chain.

        Raises:
            OutputRefused: when the disk refuses.
        """
        content = text.encode()
        path = self.path / name
        try:
            if append:
                _write_durably(path, content, os.O_APPEND)
            else:
                _write_durably(path.with_name(name + ".partial"), content, os.O_TRUNC)
                path.with_name(name + ".partial").replace(path)
            _sync_folder(self.path)
        except OSError as error:
            raise OutputRefused(
                str(path), f"cannot be written: {error.strerror}", "free space or correct the mode, then run again"
            ) from error
        return content


def _document(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _write_durably(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | mode, 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
