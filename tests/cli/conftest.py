"""A tiny project, converted once, and ways to call the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.runbooks.conversion import Conversion, ConversionOptions, EnvironmentOptions
from gitops_runbook.runbooks.convert import convert

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = CHECKOUT / "tests" / "data" / "single-inventory"

Cli: TypeAlias = "Callable[[Sequence[str | Path]], subprocess.CompletedProcess[str]]"


def command(arguments: Sequence[str | Path]) -> list[str]:
    """The command line as the entry point runs it."""
    return [sys.executable, "-c", "from gitops_runbook.cli import main; main()", *map(str, arguments)]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run the command line in ``tmp_path``, as a process of its own."""

    def run(arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "80"}
        return subprocess.run(
            command(arguments), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of a project with one inventory and two groups."""
    return Path(shutil.copytree(PROJECT, tmp_path / "project"))


@pytest.fixture(scope="session")
def conversion(tmp_path_factory: pytest.TempPathFactory, kustomize: Kustomize) -> Conversion:  # noqa: ARG001 - it is run
    """The project converted for both environments, without its vault password."""
    environments = {name: EnvironmentOptions(name, ("hosts.ini",)) for name in ("staging", "production")}
    return convert(ConversionOptions(PROJECT, "site.yml", environments, tmp_path_factory.mktemp("out") / "tree"))
