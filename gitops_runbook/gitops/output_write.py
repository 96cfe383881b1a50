"""Writing many files so that a full disk, an error or a kill leaves either the old tree or the new one.

First everything is written below ``.gitops-runbook/staging`` on the same file system: a full disk is met here, before
anything changed. Then ``.gitops-runbook/pending.json`` is put in place, and from that moment the write counts as
decided: files move one by one, and if the process dies in between, the next conversion finishes it. A file somebody
touched in the meantime is left alone and the new text put beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ValidationError

from gitops_runbook.errors import OutputRefused

STATE = ".gitops-runbook"
"""The folder of the tree that holds what the next conversion must know; never applied to a cluster."""

CONFLICTS = f"{STATE}/conflicts"

_STAGING = f"{STATE}/staging"
"""Holds the new files in ``tree/`` and, until the write is decided, the draft of the journal."""

_JOURNAL = f"{STATE}/pending.json"
_ABSENT = ""
"""Stands for the fingerprint of a file that is not there."""


@dataclass(frozen=True)
class Change:
    """One file to write, or to delete when ``text`` is None; ``before`` is the fingerprint of what stands there."""

    path: str
    text: str | None
    before: str


class _Pending(BaseModel):
    """``pending.json``: path → fingerprints before and after; an empty one means that the file is absent."""

    schema_version: int = 1
    changes: dict[str, tuple[str, str]]


def fingerprint(content: bytes | None) -> str:
    """SHA-256 of a file's content, empty for a file that is absent."""
    return _ABSENT if content is None else hashlib.sha256(content).hexdigest()


def read_content(folder: Path, path: str) -> bytes | None:
    """The bytes at a path of the tree, None when no file is there."""
    target = folder / path
    return target.read_bytes() if target.is_file() else None


def check_paths(folder: Path, paths: Iterable[str]) -> None:
    """Check that paths of the tree are relative, normal, and stay within the folder, links followed.

    Raises:
        OutputRefused: one does not, or it names git's own folder.
    """
    root = folder.resolve()
    seen_parents: set[Path] = set()
    for path in paths:
        pure, target = PurePosixPath(path), folder / path
        if not path or "\0" in path or pure.is_absolute() or str(pure) != path or ".." in pure.parts or path == ".":
            raise OutputRefused(repr(path), "is no plain relative path, so it is not written", "rename the object")
        if any(part.lower() == ".git" for part in pure.parts):
            raise OutputRefused(path, "would be written into git's own folder", "rename the object")
        if target.parent in seen_parents and not target.is_symlink():
            continue
        if not target.resolve().is_relative_to(root):
            raise OutputRefused(
                str(target),
                "a symbolic link leads out of the output folder",
                "remove the link or choose another output folder",
            )
        seen_parents.add(target.parent)


def apply_changes(folder: Path, changes: Iterable[Change]) -> None:
    """Make all changes or none; an interrupted call is finished by :func:`finish_pending`.

    Raises:
        OutputRefused: there is no room, the folder cannot be written, or a file is not any more what it was.
    """
    wanted = [change for change in changes if _after(change) != change.before]
    check_paths(folder, (change.path for change in wanted))
    _check_room(folder, wanted)
    for change in wanted:
        if fingerprint(read_content(folder, change.path)) != change.before:
            raise OutputRefused(
                str(folder / change.path), "changed while the conversion ran; nothing was written", "convert again"
            )
    if wanted:
        _stage(folder, wanted)
        finish_pending(folder)


def finish_pending(folder: Path) -> None:
    """Finish a write that was decided, or clear away one that was not.

    Raises:
        OutputRefused: what was staged is damaged (the machine lost power), or a file cannot be moved.
    """
    staging, journal = folder / _STAGING, folder / _JOURNAL
    if not journal.is_file():
        if staging.exists():
            shutil.rmtree(staging)
        return
    pending = _read_pending(journal)
    check_paths(folder, pending.changes)
    try:
        for path, (before, after) in pending.changes.items():
            if after == _ABSENT:
                _delete(folder, path, before)
        for path, (before, after) in pending.changes.items():
            if after != _ABSENT:
                _move(folder, path, before, after)
        if staging.exists():
            shutil.rmtree(staging)
        journal.unlink()
    except OSError as error:
        raise OutputRefused(
            str(error.filename or folder),
            f"the new tree could not be put in place completely: {error.strerror}",
            "remove the cause and convert again; the write is finished first",
        ) from error


def _check_room(folder: Path, changes: list[Change]) -> None:
    """Check that no file stands where a folder is needed, the reverse, and that the folders can be written."""
    deleted = {change.path for change in changes if change.text is None}
    checked: set[Path] = {folder}
    for change in changes:
        target = folder / change.path
        if target.is_dir() and not _files_below(folder, target) <= deleted:
            raise OutputRefused(str(target), "a folder stands where a file is to be written", "move it away")
        for parent in target.parents:
            if parent in checked:
                break
            checked.add(parent)
            if not parent.exists():
                continue
            if not parent.is_dir() and parent.relative_to(folder).as_posix() not in deleted:
                raise OutputRefused(str(parent), "a file stands where a folder is needed", "move it away")
            if parent.is_dir() and not os.access(parent, os.W_OK | os.X_OK):
                raise OutputRefused(str(parent), "this folder cannot be written", "change its permissions")


def _files_below(folder: Path, target: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in target.rglob("*") if not path.is_dir()}


def _stage(folder: Path, changes: list[Change]) -> None:
    """Write all new texts and the journal; on any failure the folder is as it was."""
    state, staging = folder / STATE, folder / _STAGING
    had_state = state.exists()
    texts = {change.path: change.text.encode() for change in changes if change.text is not None}
    try:
        for path, content in texts.items():
            target = staging / "tree" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if (folder / path).is_file():
                target.chmod((folder / path).stat().st_mode & 0o7777)
        staging.mkdir(parents=True, exist_ok=True)
        pending = _Pending(changes={change.path: (change.before, _after(change)) for change in changes})
        draft = staging / "pending.json"
        draft.write_bytes(pending.model_dump_json().encode())
        draft.replace(folder / _JOURNAL)
    except OSError as error:
        shutil.rmtree(staging if had_state else state, ignore_errors=True)
        needed = sum(len(content) for content in texts.values())
        raise OutputRefused(
            str(folder),
            f"the tree needs {needed:,} bytes and could not be written ({error.strerror}); nothing was changed",
            "make room or choose another output folder, then convert again",
        ) from error


def _read_pending(journal: Path) -> _Pending:
    try:
        pending = _Pending.model_validate_json(journal.read_bytes())
    except (ValidationError, json.JSONDecodeError) as error:
        raise _damaged(journal) from error
    staging = journal.parent / "staging" / "tree"
    for path, (_, after) in pending.changes.items():
        staged = read_content(staging, path)
        if staged is not None and fingerprint(staged) != after:
            raise _damaged(staging / path)
    return pending


def _damaged(path: Path) -> OutputRefused:
    return OutputRefused(
        str(path),
        "an earlier conversion was interrupted here and what it left is damaged",
        f"restore the folder from git, or remove {_JOURNAL} and {_STAGING}",
    )


def _move(folder: Path, path: str, before: str, after: str) -> None:
    staged, target = folder / _STAGING / "tree" / path, folder / path
    if not staged.exists():  # moved before the kill
        return
    if fingerprint(read_content(folder, path)) not in (before, after):  # edited after the kill
        target = folder / CONFLICTS / path
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)


def _delete(folder: Path, path: str, before: str) -> None:
    target = folder / path
    if not target.is_file() or fingerprint(target.read_bytes()) != before:
        return
    target.unlink()
    parent = target.parent
    while parent != folder and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _after(change: Change) -> str:
    return fingerprint(None if change.text is None else change.text.encode())
