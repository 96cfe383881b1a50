"""The folder one recording works in: ours alone, removed afterwards, and swept up when we were killed meanwhile."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a tmpfs; the folder made in it is ours alone (mode 0700)
_PREFIX = "gitops-runbook-recording-"
_LOCK = "in-use"


@contextmanager
def sandbox(*, private: bool) -> Iterator[Path]:
    """A new folder only we can read.

    Args:
        private: decrypted values will pass through it, so it lies in memory where the system has a memory file system.
    """
    for place in {_MEMORY, Path(tempfile.gettempdir())}:
        _sweep(place)
    parent = _MEMORY if private and os.access(_MEMORY, os.W_OK | os.X_OK) else None
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with (folder / "locking").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "locking").rename(folder / _LOCK)  # nobody ever sees it unlocked while it is in use
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove what recordings left behind that were killed: nobody holds their lock any more."""
    for folder in place.glob(_PREFIX + "*"):
        try:
            with (folder / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, just being made or removed, or somebody else's
            continue
