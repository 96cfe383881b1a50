"""The three-way merge: hand edits survive, and conflicts are said aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_runbook.gitops.output_folder import GENERATED, inspect
from gitops_runbook.gitops.output_write import CONFLICTS
from gitops_runbook.gitops.sealing import SealMark
from tests.gitops.output_conversion import BASE, OVERLAY, SEALED, TREE, codes, commit, contents, convert


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def committed(out: Path) -> Path:
    """A folder with a generated tree, committed."""
    convert(out, TREE)
    commit(out)
    return out


def test_a_hand_edit_survives_while_the_conversion_says_the_same(committed: Path) -> None:
    (committed / BASE).write_text("edited: 1\n")
    commit(committed)
    for _ in range(2):
        assert codes(convert(committed, TREE)) == {BASE: "hand-edited"}
        assert (committed / BASE).read_text() == "edited: 1\n"


def test_edits_in_different_places_are_merged(committed: Path) -> None:
    (committed / BASE).write_text(TREE[BASE].replace("a: 1", "a: mine"))
    commit(committed)
    merged = convert(committed, {**TREE, BASE: TREE[BASE].replace("d: 4", "d: new")})
    assert codes(merged) == {BASE: "hand-edited"}
    assert (committed / BASE).read_text() == "a: mine\nb: 2\nc: 3\nd: new\n"
    again = convert(committed, {**TREE, BASE: TREE[BASE].replace("d: 4", "d: newer")})  # not committed: still ours
    assert codes(again) == {BASE: "hand-edited"}
    assert (committed / BASE).read_text() == "a: mine\nb: 2\nc: 3\nd: newer\n"


def test_a_conflict_keeps_the_users_file_and_lays_the_new_text_beside(committed: Path) -> None:
    (committed / BASE).write_text("a: mine\n")
    commit(committed)
    new = {**TREE, BASE: "a: new\n"}
    for _ in range(2):  # it stays a conflict until somebody acts
        assert codes(convert(committed, new)) == {BASE: "merge-conflict"}
        assert (committed / BASE).read_text() == "a: mine\n"
        assert (committed / CONFLICTS / BASE).read_text() == "a: new\n"
    (committed / BASE).write_text("a: both\n")
    commit(committed)
    assert codes(convert(committed, new)) == {BASE: "hand-edited"}
    assert (committed / BASE).read_text() == "a: both\n"
    assert not (committed / CONFLICTS).exists()


def test_a_conflict_is_over_when_its_note_is_removed_or_the_new_text_taken(committed: Path) -> None:
    (committed / BASE).write_text("a: mine\n")
    commit(committed)
    new = {**TREE, BASE: "a: new\n"}
    convert(committed, new)
    (committed / CONFLICTS / BASE).unlink()
    assert codes(convert(committed, new)) == {BASE: "hand-edited"}
    (committed / BASE).write_text("a: new\n")
    commit(committed)
    assert not convert(committed, new).findings


def test_a_file_nobody_generated_is_never_overwritten(out: Path) -> None:
    out.mkdir()
    (out / "apps").mkdir()
    (out / "apps/mine.yaml").write_text("mine: 1\n")
    commit(out)
    assert codes(convert(out, {**TREE, "apps/mine.yaml": "new: 1\n"})) == {"apps/mine.yaml": "merge-conflict"}
    assert (out / "apps/mine.yaml").read_text() == "mine: 1\n"


def test_a_file_deleted_by_hand_stays_deleted(committed: Path) -> None:
    (committed / BASE).unlink()
    commit(committed)
    assert codes(convert(committed, TREE)) == {BASE: "hand-edited"}
    assert not (committed / BASE).exists()
    assert codes(convert(committed, {**TREE, BASE: "new: 1\n"})) == {BASE: "merge-conflict"}
    assert not (committed / BASE).exists()
    assert (committed / CONFLICTS / BASE).read_text() == "new: 1\n"


def test_what_is_no_longer_generated_goes_unless_it_was_edited(committed: Path) -> None:
    (committed / BASE).write_text("edited: 1\n")
    commit(committed)
    assert codes(convert(committed, {OVERLAY: TREE[OVERLAY]})) == {BASE: "hand-edited"}
    assert contents(committed) == {OVERLAY: TREE[OVERLAY], BASE: "edited: 1\n"}
    assert not (committed / "infrastructure").exists()


def test_sealed_files_are_never_merged_as_text(out: Path) -> None:
    convert(out, {BASE: SEALED.format("b25l")})
    commit(out)
    rekeyed = SEALED.format("b25l") + "# by sops updatekeys\n"
    (out / BASE).write_text(rekeyed)
    commit(out)
    assert codes(convert(out, {BASE: SEALED.format("b25l")})) == {BASE: "hand-edited"}
    assert codes(convert(out, {BASE: SEALED.format("dHdv")})) == {BASE: "merge-conflict"}
    assert (out / BASE).read_text() == rekeyed


def test_an_edit_that_is_no_text_is_kept(committed: Path) -> None:
    (committed / BASE).write_bytes(b"\xff\xfe")
    commit(committed)
    assert codes(convert(committed, {**TREE, BASE: "new: 1\n"})) == {BASE: "merge-conflict"}
    assert (committed / BASE).read_bytes() == b"\xff\xfe"


def test_earlier_sealed_files_are_found_with_and_without_the_record(out: Path) -> None:
    files = {**TREE, "apps/staging/s.yaml": SEALED.format("b25l")}
    convert(out, files, {"apps/staging/s.yaml": SealMark("m", ("age1x",))})
    with inspect(out) as output:
        assert dict(output.earlier.texts) == {"apps/staging/s.yaml": files["apps/staging/s.yaml"]}
        assert output.earlier.marks["apps/staging/s.yaml"] == SealMark("m", ("age1x",))
    (out / GENERATED).unlink()
    commit(out)
    with inspect(out) as output:
        assert list(output.earlier.texts) == ["apps/staging/s.yaml"]
