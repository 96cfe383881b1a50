"""The same project gives the same recording in every supported ansible-core.

``long``: installs each version once, into ``$GITOPS_RUNBOOK_CACHE/ansible`` or pytest's cache. Which Python each needs:
2.16 runs on 3.10 to 3.12, 2.17 to 3.12, 2.18 on 3.11 to 3.13, 2.19 the same, 2.20 and 2.21 on 3.12 to 3.14.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.ansible.installation import AnsibleInstallation, find_installation
from gitops_runbook.ansible.recording import CONVERGED, FIRST, Line, Pass, Recording, RecordingRequest, record

from . import nasty
from .conftest import Request
from .projects import write

VERSIONS = {
    "2.16": ("3.12", "3.11", "3.10"),
    "2.17": ("3.12", "3.11", "3.10"),
    "2.18": ("3.13", "3.12", "3.11"),
    "2.19": ("3.13", "3.12", "3.11"),
    "2.20": ("3.14", "3.13", "3.12"),
    "2.21": ("3.14", "3.13", "3.12"),
}
SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mlops-platform"

Installed = Callable[[str], AnsibleInstallation]


def python_for(version: str) -> str | None:
    """A Python of this machine that can run a version: on PATH (shims that find nothing are none), or of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for python in VERSIONS[version]:
        for program in [
            shutil.which(f"python{python}"),
            *sorted(map(str, pyenv.glob(f"{python}.*/bin/python{python}"))),
        ]:
            command = [program or "", "-c", "import venv"]
            if program and subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return program
    return None


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest) -> Installed:
    cache = os.environ.get("GITOPS_RUNBOOK_CACHE") or str(request.config.cache.mkdir("gitops-runbook"))

    def install(version: str) -> AnsibleInstallation:
        folder = Path(cache) / "ansible" / version
        program = folder / "bin" / "ansible-playbook"
        if not program.exists():
            python = python_for(version)
            if python is None:
                pytest.skip(f"ansible-core {version} needs Python {' or '.join(VERSIONS[version])}")
            subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"ansible-core=={version}.*"]
            subprocess.run(pip, check=True)
        return find_installation(str(program))

    return install


def normalised(recording: Recording) -> list[Line]:
    """What must not depend on the version: everything but times, origins (from 2.19 on) and the wording of errors."""
    varying = ("seconds", "origins", "error", "message", "condition", "problem")
    return [
        {key: value for key, value in line.items() if key not in varying}
        for line in recording.lines
        if line["type"] != "start"
    ]


def without_types(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Before 2.19 ansible reads the text of a template again, as Python or JSON: 1 and "1", a text and what it says."""
    if isinstance(value, dict):
        return {key: without_types(item) for key, item in value.items() if key != "values_yaml"}
    if isinstance(value, list):
        return [without_types(item) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return without_types(json.loads(value))
    return value if value is None or isinstance(value, bool) else str(value)


def recordings(request: RecordingRequest, passes: tuple[Pass, ...] = (FIRST, CONVERGED)) -> list[list[Line]]:
    return [normalised(record(request, taken)) for taken in passes]


def nasty_request(tmp_path: Path, request_for: Request) -> RecordingRequest:
    (tmp_path / "canaries").mkdir()
    project = write(tmp_path / "project", nasty.files(str(tmp_path / "canaries")))
    for script in ("vault-script.sh", "files/harm.sh"):
        (project / script).chmod(0o755)
    return request_for(project, inventory=())


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_the_nasty_project_is_recorded_alike_and_nothing_takes_effect(
    version: str, installed: Installed, tmp_path: Path, request_for: Request
) -> None:
    request = nasty_request(tmp_path, request_for)
    expected = recordings(request)

    found = recordings(replace(request, installation=installed(version)))

    assert found == expected
    assert list((tmp_path / "canaries").iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_the_sample_is_recorded_alike(version: str, installed: Installed, request_for: Request) -> None:
    request = request_for(SAMPLE, inventory=("inventories/staging",))
    expected, found = (
        recordings(request, (FIRST,)),
        recordings(replace(request, installation=installed(version)), (FIRST,)),
    )

    if version in ("2.16", "2.17", "2.18"):
        expected, found = without_types(expected), without_types(found)
    assert found == expected


def test_the_version_of_this_environment_is_one_of_them(request_for: Request, tmp_path: Path) -> None:
    project = write(tmp_path, {"site.yml": "- hosts: all\n  gather_facts: false\n  tasks: []\n", "hosts": "one\n"})

    start = record(request_for(project), FIRST).only("start")

    assert start["ansible"].rpartition(".")[0] in VERSIONS
    assert start["python"] == sys.version.split()[0]
