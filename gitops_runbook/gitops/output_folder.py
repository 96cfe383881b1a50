"""The folder a conversion writes to: what it holds already, and how a new tree is merged into it.

Nothing of anybody's is ever lost: the folder must be empty, exactly as the last conversion left it, or a clean git work
tree; and a file that was edited by hand is merged three-way against the last generated one, or kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from pydantic import BaseModel, TypeAdapter, ValidationError

from gitops_runbook.clients.git import work_tree_of
from gitops_runbook.errors import OutputRefused
from gitops_runbook.gitops.output_merge import Merged, merge_tree
from gitops_runbook.gitops.output_write import (
    STATE,
    Change,
    apply_changes,
    check_paths,
    fingerprint,
    finish_pending,
    read_content,
)
from gitops_runbook.gitops.sealing import EarlierFiles, SealMark, is_sealed

GENERATED = f"{STATE}/generated.json"
MARKS = f"{STATE}/sops.json"

_USERS_OWN = frozenset({"decisions.yaml"})
"""Names of files that people write into the tree; they are neither foreign nor generated."""

_Marks = TypeAdapter(dict[str, SealMark])


class _Generated(BaseModel):
    """``generated.json``.

    Attributes:
        files: path → content, as generated last.
        edited: path → fingerprint of what stood there when the conversion ended, where that was something else; empty
            for a file deleted by hand.
    """

    schema_version: int = 1
    files: dict[str, str]
    edited: dict[str, str] = {}


@dataclass(frozen=True)
class OutputFolder(contextlib.AbstractContextManager["OutputFolder"]):
    """An output folder that may be written, locked against a second conversion until it is closed.

    Attributes:
        generated: path → content as generated last; empty when nothing was.
        earlier: what was sealed last, for :class:`~gitops_runbook.gitops.sealing.Sealer`.
    """

    path: Path
    generated: Mapping[str, str]
    edited: Mapping[str, str]
    earlier: EarlierFiles
    _open: contextlib.ExitStack = field(repr=False, compare=False)

    def close(self) -> None:
        """Give the folder free; a folder made for nothing is removed."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def inspect(folder: Path) -> OutputFolder:
    """Look whether a folder may be written, before anything is done, and lock it. Close the result, or use ``with``.

    An earlier conversion that was killed while it wrote is finished first.

    Raises:
        OutputRefused: the folder holds what would be lost, is no folder, cannot be written, or is in use.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_made(folder))
        stack.enter_context(_locked(folder))
        check_paths(folder, [f"{STATE}/pending.json"])
        finish_pending(folder)
        last = _read_generated(folder)
        _check_nothing_lost(folder, last)
        check_paths(folder, last.files)
        marks = _read_marks(folder)
        earlier = EarlierFiles(_sealed_texts(folder, last), marks)
        return OutputFolder(folder, last.files, last.edited, earlier, stack.pop_all())


def merge(output: OutputFolder, files: Mapping[str, str]) -> Merged:
    """Merge a new tree with what stands in the folder, path by path; nothing is written.

    Raises:
        OutputRefused: a path leads out of the folder.
        CommandFailed: ``git merge-file`` fails.
    """
    return merge_tree(output.path, output.generated, output.edited, files)


def write(output: OutputFolder, merged: Merged, marks: Mapping[str, SealMark]) -> None:
    """Write a merged tree and the marks of its sealed files: everything or nothing, also when the process is killed.

    Raises:
        OutputRefused: there is no room, or somebody changed the folder in the meantime.
    """
    folder = output.path
    changes = [Change(path, None, merged.seen[path]) for path in merged.delete]
    changes += [Change(path, text, merged.seen[path]) for path, text in merged.write.items()]
    edited = {}
    for path, generated in merged.generated.items():
        wanted = fingerprint(generated.encode())
        after = fingerprint(merged.write[path].encode()) if path in merged.write else merged.seen[path]
        if after != wanted:
            edited[path] = after
    state = {
        MARKS: _as_text({path: asdict(marks[path]) for path in sorted(marks)}) if marks else None,
        GENERATED: _as_text(_Generated(files=dict(merged.generated), edited=edited).model_dump()),
    }  # generated.json last: it says that the rest is there
    changes += [Change(path, text, fingerprint(read_content(folder, path))) for path, text in state.items()]
    apply_changes(folder, changes)


def _check_nothing_lost(folder: Path, last: _Generated) -> None:
    """Check the three ways in which a folder may be written: empty, as generated, or a clean git work tree."""
    present = {path for path in _files_of(folder) if PurePosixPath(path).name not in _USERS_OWN}
    touched = {path for path in present if not _is_as_left(folder, path, last)}
    missing = {path for path in last.files if path not in present and last.edited.get(path) != ""}
    if not touched and not missing:
        return
    tree = work_tree_of(folder)
    if tree is None:
        lost = touched | missing
        remedy = "choose an empty folder, or put this one under git and commit, then convert again"
    else:  # what is missing stands in git
        lost = touched.intersection(tree.uncommitted(folder))
        remedy = "commit or stash them (move ignored ones away), or choose another output folder"
    if lost:
        names = ", ".join(sorted(lost)[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
        raise OutputRefused(str(folder), f"holds what the last conversion did not write: {names}", remedy)


def _is_as_left(folder: Path, path: str, last: _Generated) -> bool:
    content = read_content(folder, path)
    expected = last.edited.get(path) or (fingerprint(last.files[path].encode()) if path in last.files else "")
    return content is not None and fingerprint(content) == expected


def _sealed_texts(folder: Path, last: _Generated) -> dict[str, str]:
    """The SOPS files generated last; where nobody knows what was generated, those that stand in the folder."""
    texts = last.files
    if not texts:
        paths = [path for path in _files_of(folder) if path.endswith(".yaml")]
        texts = {path: (read_content(folder, path) or b"").decode(errors="replace") for path in paths}
    return {path: text for path, text in texts.items() if is_sealed(text)}


def _files_of(folder: Path) -> Iterator[str]:
    """All files of the tree, POSIX paths; neither git's folder nor ours, and links are not followed."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in {".git", STATE}]
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in names + links:
            if name != ".git":  # a file in linked work trees
                yield PurePosixPath(Path(parent).relative_to(folder) / name).as_posix()


def _read_generated(folder: Path) -> _Generated:
    source = folder / GENERATED
    if not source.is_file():
        return _Generated(files={})
    try:
        generated = _Generated.model_validate_json(source.read_bytes())
    except ValidationError as error:
        raise _unreadable(source) from error
    if generated.schema_version != 1:
        raise OutputRefused(
            str(source), f"was written by a newer version (schema {generated.schema_version})", "update gitops-runbook"
        )
    return generated


def _read_marks(folder: Path) -> dict[str, SealMark]:
    source = folder / MARKS
    if not source.is_file():
        return {}
    try:
        return _Marks.validate_json(source.read_bytes())
    except ValidationError as error:
        raise _unreadable(source) from error


def _unreadable(source: Path) -> OutputRefused:
    return OutputRefused(
        str(source),
        "cannot be read, so nobody can tell what was edited by hand",
        f"restore it from git, or remove {source.name} and begin with an empty folder",
    )


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make the folder, and remove it again if it stays empty."""
    if folder.exists() and not folder.is_dir():
        raise OutputRefused(str(folder), "is a file", "choose a folder")
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputRefused(str(folder), f"cannot be made: {error.strerror}", "choose another folder") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise OutputRefused(str(folder), "cannot be written", "change its permissions or choose another folder")
    try:
        yield
    finally:
        for path in missing:
            with contextlib.suppress(OSError):  # not empty: it is used
                path.rmdir()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone; the kernel gives it free when the process ends, however it ends."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise OutputRefused(
            str(folder), "another conversion is writing here", "wait until it has ended, then convert again"
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def _as_text(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False) + "\n"
