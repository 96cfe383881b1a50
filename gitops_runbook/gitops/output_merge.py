"""Merging a newly generated tree into a folder, three-way, path by path.

The base is what the last conversion generated, one side is the new tree, the other is what stands in the folder. What
only one side changed is taken from that side; what both changed goes through ``git merge-file``; where that fails the
file in the folder stays as it is and the new text is put below ``.gitops-runbook/conflicts/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitops_runbook.clients.git import merge_file
from gitops_runbook.gitops.output_write import CONFLICTS, check_paths, fingerprint, read_content
from gitops_runbook.gitops.sealing import is_sealed
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding


@dataclass(frozen=True)
class Merged:
    """What is to be done to a folder.

    Attributes:
        write: path → text; among them the new texts of conflicting files, below ``.gitops-runbook/conflicts/``.
        delete: paths that are no longer generated and that nobody edited.
        findings: hand edits that were kept and conflicts.
        generated: the whole new tree, which is the base of the next merge.
        seen: path → fingerprint of what stood there while merging.
    """

    write: Mapping[str, str]
    delete: tuple[str, ...]
    findings: tuple[Finding, ...]
    generated: Mapping[str, str] = field(repr=False)
    seen: Mapping[str, str] = field(repr=False)


def merge_tree(
    folder: Path, generated: Mapping[str, str], edited: Mapping[str, str], files: Mapping[str, str]
) -> Merged:
    """Decide about every path of the last and of the new tree; nothing is written.

    Args:
        folder: the output folder.
        generated: path → content of the last generated tree.
        edited: path → fingerprint of what stood there when the last conversion ended, where that was not generated.
        files: path → content of the new tree.

    Raises:
        OutputRefused: a path leads out of the folder.
        CommandFailed: ``git merge-file`` fails.
    """
    check_paths(folder, files)
    merger = _Merger(folder, generated, edited, files)
    for path in sorted({*generated, *files}):
        merger.merge_path(path)
    return merger.result()


class _Merger:
    """Collects what is to be done while the paths are looked at one by one."""

    def __init__(
        self, folder: Path, generated: Mapping[str, str], edited: Mapping[str, str], files: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._generated = generated
        self._edited = edited
        self._files = files
        self._write: dict[str, str] = {}
        self._delete: list[str] = []
        self._findings: list[Finding] = []
        self._seen: dict[str, str] = {}

    def result(self) -> Merged:
        """All of it, with the notes on conflicts of earlier runs cleared away."""
        notes = self._folder / CONFLICTS
        for note in sorted(notes.rglob("*")) if notes.is_dir() else []:
            path = note.relative_to(self._folder).as_posix()
            if note.is_file():
                self._look(path)
                if path not in self._write:
                    self._delete.append(path)
        generated = {path: self._files[path] for path in sorted(self._files)}
        return Merged(self._write, tuple(self._delete), tuple(self._findings), generated, self._seen)

    def merge_path(self, path: str) -> None:
        """Decide about one path."""
        base, new = self._generated.get(path), self._files.get(path)
        content = self._look(path)
        current = _decoded(content)
        if new is None:
            self._no_longer_generated(path, content, base)
        elif content is not None and current == new:
            return
        elif content is None and base is None:
            self._write[path] = new
        elif self._is_open_conflict(path):
            self._conflict(path, new, "is still not merged with what the conversion wrote")
        elif content is None and base == new:
            self._kept(path, "was deleted by hand and stays deleted")
        elif content is None:
            self._conflict(path, new, "was deleted by hand, and the conversion changes it")
        elif base is None:
            self._conflict(path, new, "was there before, and the conversion generates a file of the same name")
        elif current == base:
            self._write[path] = new
        elif base == new:
            self._kept(path, "was edited by hand; the edit was kept")
        else:
            self._merge_texts(path, current, base, new)

    def _merge_texts(self, path: str, current: str | None, base: str, new: str) -> None:
        if current is None:
            self._conflict(path, new, "is no UTF-8 text any more")
        elif any(is_sealed(text) for text in (current, base, new)):
            self._conflict(path, new, "is encrypted and was changed on both sides, which cannot be merged")
        else:
            merged, conflict = merge_file(current, base, new)
            if conflict:
                self._conflict(path, new, "was edited by hand where the conversion changes it")
                return
            self._kept(path, "was edited by hand; the edit was merged with the new text")
            if merged != current:
                self._write[path] = merged

    def _no_longer_generated(self, path: str, content: bytes | None, base: str | None) -> None:
        if content is None:
            return
        if base is not None and content == base.encode():
            self._delete.append(path)
        else:
            self._kept(path, "is no longer generated; it was edited by hand and kept")

    def _is_open_conflict(self, path: str) -> bool:
        """A conflict of an earlier run that nobody has touched since, neither the file nor the note."""
        noted = (self._folder / CONFLICTS / path).is_file()
        return noted and self._edited.get(path) == self._seen[path]

    def _conflict(self, path: str, new: str, what: str) -> None:
        note = f"{CONFLICTS}/{path}"
        self._look(note)
        self._write[note] = new
        message = f"{path} {what}; your file was kept, the new text is {note}"
        self._findings.append(Finding(code("merge-conflict"), "", path, message))

    def _kept(self, path: str, what: str) -> None:
        self._findings.append(Finding(code("hand-edited"), "", path, f"{path} {what}"))

    def _look(self, path: str) -> bytes | None:
        content = read_content(self._folder, path)
        self._seen[path] = fingerprint(content)
        return content


def _decoded(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None
