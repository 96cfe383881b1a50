from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitops_runbook.clients.git import WorkTree, merge_file, work_tree_of
from gitops_runbook.errors import CommandFailed, UnreadableInput


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.check_output(["git", "-C", str(folder), *arguments], text=True).strip()  # noqa: S607


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "kept").write_text("1\n")
    (folder / "sub" / "removed").write_text("1\n")
    (folder / "outside").write_text("1\n")
    (folder / ".gitignore").write_text("*.log\n")
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message=first")
    return folder


def _tree(folder: Path) -> WorkTree:
    tree = work_tree_of(folder)
    assert tree is not None
    return tree


def test_the_work_tree_is_found_from_any_folder_in_it_even_one_to_be_made(repository: Path) -> None:
    assert _tree(repository / "sub") == WorkTree(repository)
    assert _tree(repository / "sub" / "not" / "yet") == WorkTree(repository)


def test_a_folder_outside_any_repository_has_no_work_tree(tmp_path: Path) -> None:
    assert work_tree_of(tmp_path) is None


def test_a_bare_repository_has_no_work_tree(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet", "--bare", "bare")

    assert work_tree_of(tmp_path / "bare") is None


def test_head_is_the_commit_and_empty_before_the_first(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet", "fresh")

    assert _tree(repository).head() == _git(repository, "rev-parse", "HEAD")
    assert _tree(tmp_path / "fresh").head() == ""


def test_a_fresh_commit_leaves_nothing_uncommitted(repository: Path) -> None:
    assert _tree(repository).uncommitted(repository) == []


def test_everything_that_would_be_lost_is_listed_relative_to_the_folder(repository: Path) -> None:
    sub = repository / "sub"
    (sub / "kept").write_text("2\n")
    (sub / "removed").unlink()
    (sub / "staged").write_text("1\n")
    _git(repository, "add", "sub/staged")
    (sub / "new folder").mkdir()
    (sub / "new folder" / "é -> ü").write_text("1\n")
    (sub / "ignored.log").write_text("1\n")
    (repository / "outside").write_text("2\n")

    below = ["ignored.log", "kept", "new folder/é -> ü", "removed", "staged"]
    assert _tree(repository).uncommitted(sub) == below
    assert _tree(repository).uncommitted(repository) == ["outside", *(f"sub/{path}" for path in below)]


def test_a_renamed_file_counts_under_both_names(repository: Path) -> None:
    _git(repository, "mv", "sub/kept", "sub/moved")

    assert _tree(repository).uncommitted(repository / "sub") == ["kept", "moved"]


def test_a_link_to_the_folder_is_the_folder(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository / "sub")
    (repository / "sub" / "new").write_text("1\n")

    assert _tree(tmp_path / "link").uncommitted(tmp_path / "link") == ["new"]


def test_a_repository_that_git_cannot_read_is_named(repository: Path) -> None:
    (repository / ".git" / "index").write_text("broken")

    with pytest.raises(UnreadableInput, match="git cannot read this repository"):
        _tree(repository).uncommitted(repository)


def test_a_folder_of_another_repository_is_refused(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="outside repository"):
        _tree(repository).uncommitted(tmp_path)


BASE = "".join(f"line {number}\n" for number in range(9))


def test_edits_of_different_places_are_both_kept() -> None:
    current, other = BASE.replace("line 0", "mine"), BASE.replace("line 8", "theirs")

    assert merge_file(current, BASE, other) == (current.replace("line 8", "theirs"), False)


def test_edits_of_the_same_place_are_a_conflict_and_both_are_shown() -> None:
    text, conflict = merge_file(BASE.replace("line 4", "mine"), BASE, BASE.replace("line 4", "theirs"))

    assert conflict
    assert "<<<<<<< edited by hand\nmine\n" in text
    assert "theirs\n>>>>>>> generated now\n" in text


@pytest.mark.parametrize("text", ["", "no newline at the end", "dos\r\nlines\r\n", "é\n"])
def test_equal_texts_merge_to_themselves_byte_for_byte(text: str) -> None:
    assert merge_file(text, text, text) == (text, False)


def test_many_conflicts_are_still_a_conflict_and_no_error() -> None:
    base = "".join(f"line {number}\nsame\nsame\nsame\n" for number in range(300))

    assert merge_file(base.replace("line", "mine"), base, base.replace("line", "theirs"))[1]


def test_the_users_conflict_style_does_not_change_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text("[merge]\n\tconflictStyle = diff3\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")

    assert "|||||||" not in merge_file("a\n", "b\n", "c\n")[0]


def test_binary_texts_cannot_be_merged() -> None:
    with pytest.raises(CommandFailed, match="Cannot merge binary"):
        merge_file("a\0", "b\0", "c\0")
