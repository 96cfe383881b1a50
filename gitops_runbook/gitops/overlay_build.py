"""The build of overlays as factoring wants it: kustomize as the program it is, its output read as Go reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.model.desired import Manifest

Build = Callable[[Path, Sequence[Path]], Mapping[Path, Sequence[Manifest]]]
"""(root folder, overlay folders relative to it) → overlay folder → the objects its build returns.

Raises:
    CommandFailed: one of the overlays cannot be built.
"""

_SEPARATOR = re.compile(r"^---[ \t]*$\n?", re.MULTILINE)


class BuildsOverlays(Protocol):
    """What is asked of ``clients.kustomize.Kustomize``."""

    def build_all(self, folders: Iterable[Path]) -> dict[Path, str]:
        """Return the YAML that each folder builds to."""


def overlay_build(kustomize: BuildsOverlays) -> Build:
    """Make the function that ``factor`` and the proof build with; overlays run in parallel, on all cores."""

    def build(root: Path, folders: Sequence[Path]) -> Mapping[Path, Sequence[Manifest]]:
        texts = kustomize.build_all([root / folder for folder in folders])
        return BuiltOverlays({folder: texts[root / folder] for folder in folders})

    return build


class BuiltOverlays(Mapping[Path, Sequence[Manifest]]):
    """Built overlays, read one at a time.

    Overlays of one base are nearly equal: a document that also stood in the overlay read before is not read again but
    is the same Python object, so reading costs about one environment, however many there are.
    """

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = texts
        self._last: dict[str, list[Manifest]] = {}

    def __getitem__(self, folder: Path) -> list[Manifest]:
        """Read one overlay.

        Raises:
            KeyError: when it was not built.
            UnreadableInput: when the build returned something that is no YAML.
        """
        read: dict[str, list[Manifest]] = {}
        manifests: list[Manifest] = []
        for text in _SEPARATOR.split(self._texts[folder]):
            if text not in read:
                known = self._last.get(text)
                read[text] = _manifests(text, folder) if known is None else known
            manifests += read[text]
        self._last = read
        return manifests

    def __iter__(self) -> Iterator[Path]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _manifests(text: str, folder: Path) -> list[Manifest]:
    return [document for document in load_all(text, f"build of {folder}") if document is not None]
