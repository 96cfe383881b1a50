from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.find import cache_folder, find
from gitops_runbook.toolchain.provision import provision
from tests.toolchain.conftest import Index


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def _put(folder: Path, script: str) -> Path:
    program = folder / "greet"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("v1.9.0-dispatcher", "1.9.0"),
        ("Client Version: v1.9.1\nKustomize Version: v5.7.1", "1.9.1"),
        ("v1.9.2+g3d8990f", "1.9.2"),
        ("greet 1.9", "1.9"),
    ],
)
def test_a_program_on_path_that_will_do_is_taken(index: Index, on_path: Path, printed: str, version: str) -> None:
    index.publish()
    program = _put(on_path, f"echo '{printed}'")

    tool = find("greet")

    assert (tool.path, tool.version, tool.origin) == (program, version, "PATH")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 1.1.9", "is version 1.1.9"),
        ("echo 2.0.0", "is version 2.0.0"),
        ("echo hello", "does not say its version"),
        ("echo 1.9; exit 3", "does not say its version"),
    ],
)
def test_a_program_on_path_that_will_not_do_is_named_with_what_is_needed(
    index: Index, on_path: Path, script: str, reason: str
) -> None:
    index.publish()
    program = _put(on_path, script)

    with pytest.raises(ToolMissing) as missing:
        find("greet")

    assert missing.value.happened == f"{program} {reason}; >= 1.2 and < 2 is needed"
    assert missing.value.remedy.startswith(f"run `{sys.executable} -m gitops_runbook.toolchain greet`, or install")


def test_a_program_too_old_on_path_gives_way_to_the_one_in_the_cache(index: Index, on_path: Path) -> None:
    index.publish()
    _put(on_path, "echo 1.1.9")

    [provisioned] = provision(["greet"])

    assert find("greet") == provisioned


def test_a_program_beside_python_is_found_when_the_environment_is_not_active(
    index: Index, on_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.publish()
    environment = tmp_path / "environment"
    environment.mkdir()
    program = _put(environment, "echo 1.9")
    monkeypatch.setattr(sys, "executable", str(environment / "python"))

    assert find("greet").path == program
    assert find("greet").path != _put(on_path, "echo 1.8")
    assert find("greet").path == on_path / "greet"


def test_an_unknown_tool_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ToolMissing, match=r"helm, kubectl, kubernetes\.core, sops"):
        find("helmet")


@pytest.mark.parametrize(
    ("own", "users", "expected"),
    [
        ("/a", "/b", "/a"),
        ("", "/b", "/b/gitops-runbook"),
        ("", "relative", "/home/someone/.cache/gitops-runbook"),
        ("", "", "/home/someone/.cache/gitops-runbook"),
        ("~/mine", "", "/home/someone/mine"),
    ],
)
def test_the_cache_is_where_the_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, own: str, users: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("GITOPS_RUNBOOK_CACHE", own)
    monkeypatch.setenv("XDG_CACHE_HOME", users)

    assert cache_folder() == Path(expected)
