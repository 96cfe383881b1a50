"""The interpreter of ansible-playbook, from every kind of console script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitops_runbook.ansible.installation import find_installation
from gitops_runbook.errors import ToolMissing


def script(folder: Path, text: str) -> str:
    path = folder / "ansible-playbook"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def linked_python(folder: Path, name: str = "python3") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(sys.executable)
    return folder / name


def test_pip_writes_an_absolute_path(tmp_path: Path) -> None:
    python = linked_python(tmp_path / "bin")

    assert find_installation(script(tmp_path, f"#!{python}\nimport x\n")).python == python


def test_debian_gives_options_behind_the_path(tmp_path: Path) -> None:
    python = linked_python(tmp_path / "bin")

    assert find_installation(script(tmp_path, f"#!{python} -I\nimport x\n")).python == python


@pytest.mark.parametrize("first", ["#!/usr/bin/env python3", "#!/usr/bin/env -S python3 -I"])
def test_env_looks_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    python = linked_python(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert find_installation(script(tmp_path, f"{first}\nimport x\n")).python == python


def test_a_long_path_hides_behind_sh(tmp_path: Path) -> None:
    python = linked_python(tmp_path / "with a space")
    text = f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nimport x\n"

    assert find_installation(script(tmp_path, text)).python == python


def test_pipx_links_to_the_script_and_the_link_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = linked_python(tmp_path / "venv" / "bin")
    real = script(tmp_path / "venv" / "bin", f"#!{python}\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ansible-playbook").symlink_to(real)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert find_installation().python == python


@pytest.mark.parametrize(
    "text", ["", "\x7fELF", "#!/no/such/python\n", "#!/usr/bin/env\n", "#!/bin/sh\nexec x\n", "#!'\n"]
)
def test_a_program_that_does_not_tell_its_python_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ToolMissing, match="does not name the Python"):
        find_installation(script(tmp_path, text))


def test_a_path_that_is_no_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="not installed, or not an executable"):
        find_installation(str(tmp_path))
