"""Find what travels with the package: the notebooks and the sample."""

from __future__ import annotations

from pathlib import Path

import gitops_runbook
from gitops_runbook.errors import UnreadableInput


def packaged_folder(name: str) -> Path:
    """Find ``notebooks`` or ``examples/mlops-platform``: beside the package in a checkout, inside it in a wheel.

    Raises:
        UnreadableInput: when this installation has it in neither place.
    """
    package = Path(gitops_runbook.__file__).parent
    for candidate in (package / "shipped" / name, package.parent / name):
        # Beside an installed package lies site-packages, where a folder of that name may belong to somebody else.
        if candidate.is_dir() and (package in candidate.parents or (package.parent / "pyproject.toml").is_file()):
            return candidate
    raise UnreadableInput(name, "is missing from this installation", "install gitops-runbook again")
