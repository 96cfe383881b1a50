"""Which folders may be written: nothing of anybody's is lost."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_runbook.errors import OutputRefused
from gitops_runbook.gitops.output_folder import GENERATED, MARKS, inspect
from gitops_runbook.gitops.output_write import STATE
from gitops_runbook.gitops.sealing import SealMark
from tests.gitops.output_conversion import BASE, OVERLAY, TREE, commit, contents, convert, run_python


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def committed(out: Path) -> Path:
    """A folder with a generated tree, committed."""
    convert(out, TREE)
    commit(out)
    return out


def test_a_missing_folder_is_made_and_filled(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    convert(folder, TREE)
    assert contents(folder) == TREE
    assert json.loads((folder / GENERATED).read_text())["files"] == TREE
    assert {path.name for path in (folder / STATE).iterdir()} == {"generated.json"}


def test_a_folder_made_for_nothing_is_removed_again(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    inspect(folder).close()
    assert not (tmp_path / "deep").exists()


def test_an_unchanged_tree_is_written_again_without_git(out: Path) -> None:
    convert(out, TREE)
    convert(out, {**TREE, OVERLAY: "resources: []\n"})
    assert contents(out) == {**TREE, OVERLAY: "resources: []\n"}


def test_the_same_input_gives_the_same_bytes(out: Path, tmp_path: Path) -> None:
    marks = {BASE: SealMark("0" * 64, ("age1x",))}
    convert(out, TREE, marks)
    convert(tmp_path / "other", dict(reversed(TREE.items())), marks)
    first = contents(out, with_state=True)
    assert contents(tmp_path / "other", with_state=True) == first
    assert not convert(out, TREE, marks).write
    assert contents(out, with_state=True) == first


def test_decisions_and_the_report_are_no_foreign_files(out: Path) -> None:
    convert(out, TREE)
    (out / "decisions.yaml").write_text("[]\n")
    (out / STATE / "report.json").write_text("{}\n")
    convert(out, {BASE: "new: 1\n"})
    assert contents(out) == {BASE: "new: 1\n", "decisions.yaml": "[]\n"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "notes.txt").write_text("mine"),
        lambda out: (out / BASE).write_text("edited: 1\n"),
        lambda out: (out / BASE).unlink(),
        lambda out: (out / "link").symlink_to("/etc"),
    ],
    ids=["foreign file", "edited", "deleted", "foreign link"],
)
def test_without_git_a_changed_folder_is_refused_and_stays_as_it_is(out: Path, spoil: Callable[[Path], None]) -> None:
    convert(out, TREE)
    spoil(out)
    before = contents(out, with_state=True)
    with pytest.raises(OutputRefused, match="git"):
        inspect(out)
    assert contents(out, with_state=True) == before


def test_a_refusal_names_five_files_and_counts_the_rest(out: Path) -> None:
    out.mkdir()
    for number in range(8):
        (out / f"foreign-{number}").touch()
    with pytest.raises(OutputRefused, match=r"foreign-0, .*foreign-4 and 3 more"):
        inspect(out)


def test_a_dirty_work_tree_is_refused(committed: Path) -> None:
    (committed / BASE).write_text("edited: 1\n")
    (committed / "new.yaml").touch()
    with pytest.raises(OutputRefused, match=r"apps/base/app.yaml, new.yaml\n.*commit"):
        inspect(committed)


def test_a_clean_work_tree_with_other_files_is_written(committed: Path) -> None:
    (committed / "README.md").write_text("mine\n")
    commit(committed)
    convert(committed, {**TREE, BASE: "new: 1\n"})
    assert contents(committed) == {**TREE, BASE: "new: 1\n", "README.md": "mine\n"}


def test_converting_twice_without_a_commit_in_between_is_fine(committed: Path) -> None:
    (committed / "README.md").touch()
    commit(committed)
    convert(committed, {**TREE, BASE: "new: 1\n"})
    convert(committed, {OVERLAY: TREE[OVERLAY]})
    convert(committed, TREE)
    assert contents(committed) == {**TREE, "README.md": ""}


def test_a_file_and_an_unreachable_place_are_clear_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputRefused, match="is a file"):
        inspect(tmp_path / "file")
    with pytest.raises(OutputRefused, match="cannot be made"):
        inspect(tmp_path / "file" / "below")


def test_a_folder_that_cannot_be_written_is_refused_at_once(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out.mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(OutputRefused, match="cannot be written"):
        inspect(out)


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 1}', '{"files": {"a": 1}}'])
def test_an_unreadable_record_of_the_last_run_is_refused(out: Path, text: str) -> None:
    convert(out, TREE)
    (out / GENERATED).write_text(text)
    with pytest.raises(OutputRefused, match=r"generated\.json"):
        inspect(out)


def test_a_record_of_a_newer_version_is_refused(out: Path) -> None:
    convert(out, TREE)
    (out / GENERATED).write_text('{"schema_version": 2, "files": {}}')
    with pytest.raises(OutputRefused, match="newer"):
        inspect(out)


def test_unreadable_marks_are_refused(out: Path) -> None:
    convert(out, TREE, {BASE: SealMark("0")})
    (out / MARKS).write_text('{"a": 1}')
    with pytest.raises(OutputRefused, match=r"sops\.json"):
        inspect(out)


def test_two_conversions_at_once_are_refused(out: Path) -> None:
    script = "import sys; from pathlib import Path; from gitops_runbook.gitops.output_folder import inspect\n"
    with inspect(out):
        for attempt in (lambda: inspect(out), lambda: run_python(script + "inspect(Path(sys.argv[1]))", out)):
            with pytest.raises((OutputRefused, subprocess.CalledProcessError)) as caught:
                attempt()
            text = getattr(caught.value, "stderr", "") or str(caught.value)
            assert "another conversion" in text
    convert(out, TREE)
