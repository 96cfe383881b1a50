"""A folder for files that may hold secrets: nobody else may read it, and where possible it never reaches a disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a tmpfs; the folder made in it is ours alone (mode 0700)


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder, removed at the end; in memory where the system has a memory file system."""
    place = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(prefix="gitops-runbook-", dir=place) as folder:
        yield Path(folder)
