"""The output folder: nothing of anybody's is lost, and nothing is half-written."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gitops_runbook.errors import OutputRefused
from gitops_runbook.gitops import output_write
from gitops_runbook.gitops.output_folder import GENERATED, MARKS, inspect, merge, write
from gitops_runbook.gitops.output_merge import Merged
from gitops_runbook.gitops.output_write import CONFLICTS, STATE, finish_pending
from gitops_runbook.gitops.sealing import SealMark

BASE = "apps/base/app.yaml"
OVERLAY = "apps/staging/kustomization.yaml"
TREE = {BASE: "a: 1\nb: 2\nc: 3\nd: 4\n", OVERLAY: "resources: [../base]\n", "infrastructure/base/x.yaml": "x: 1\n"}
SEALED = "kind: Secret\ndata:\n  a: ENC[AES256_GCM,data:{0},iv:eA==,tag:eA==,type:str]\nsops:\n  mac: ENC[{0}]\n"


def convert(folder: Path, files: Mapping[str, str], marks: Mapping[str, SealMark] | None = None) -> Merged:
    with inspect(folder) as output:
        merged = merge(output, files)
        write(output, merged, marks or {})
        return merged


def contents(folder: Path, *, with_state: bool = False) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and (with_state or STATE not in path.parts)
    }


def codes(merged: Merged) -> dict[str, str]:
    return {finding.subject: finding.kind.code for finding in merged.findings}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([shutil.which("git") or "git", "-C", str(folder), *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def committed(out: Path) -> Path:
    """A folder with a generated tree, committed."""
    convert(out, TREE)
    commit(out)
    return out


# --- may it be written at all ---


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


def run_python(script: str, *arguments: object) -> None:
    argv = [sys.executable, "-c", script, *map(str, arguments)]
    subprocess.run(argv, check=True, capture_output=True, text=True)


# --- three-way merge ---


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


# --- paths ---


@pytest.mark.parametrize(
    "path",
    ["/etc/x", "../x", "a/../../x", "a//b", "./a", "", ".", "a\0b", ".git/hooks/post-commit", "sub/.GIT/config", "a/"],
)
def test_paths_that_could_leave_the_folder_are_refused(out: Path, path: str) -> None:
    with inspect(out) as output, pytest.raises(OutputRefused):
        merge(output, {path: "x"})
    assert not out.exists()


def test_a_link_out_of_the_folder_is_not_followed(committed: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (committed / "linked").symlink_to(elsewhere)
    commit(committed)
    with inspect(committed) as output, pytest.raises(OutputRefused, match="symbolic link"):
        merge(output, {**TREE, "linked/x.yaml": "x"})
    assert not list(elsewhere.iterdir())


def test_a_linked_state_folder_is_refused_before_anything_in_it_is_touched(out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "staging").mkdir(parents=True)
    out.mkdir()
    (out / STATE).symlink_to(elsewhere)
    with pytest.raises(OutputRefused, match="symbolic link"):
        inspect(out)
    assert (elsewhere / "staging").is_dir()


def test_a_file_in_the_way_of_a_folder_and_the_reverse_are_refused(out: Path) -> None:
    out.mkdir()
    (out / "apps").write_text("a file")
    (out / "infrastructure/base/x.yaml").mkdir(parents=True)
    (out / "infrastructure/base/x.yaml/mine").touch()
    commit(out)
    before = contents(out)
    for path in (BASE, "infrastructure/base/x.yaml"):
        with inspect(out) as output, pytest.raises(OutputRefused, match="stands where"):
            write(output, merge(output, {path: "x"}), {})
    assert contents(out) == before


def test_a_generated_file_may_become_a_folder_and_the_reverse(out: Path) -> None:
    for files in ({"a": "1", "b/c": "2"}, {"a/b": "3", "b": "4"}, {"a": "1", "b/c": "2"}):
        convert(out, files)
        assert contents(out) == files


# --- everything or nothing ---


def test_a_full_disk_changes_nothing_and_is_explained(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert(out, TREE)
    before = contents(out, with_state=True)
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == "x.yaml":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputRefused, match=r"needs [0-9,]+ bytes .*No space left"):
        convert(out, {path: text + "new: 1\n" for path, text in TREE.items()})
    assert contents(out, with_state=True) == before


def test_a_real_limit_of_the_system_is_met_before_anything_changes(out: Path) -> None:
    """The kernel refuses to write more than 100,000 bytes into one file."""
    convert(out, TREE)
    before = contents(out, with_state=True)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
        with pytest.raises(OutputRefused, match="nothing was changed"):
            convert(out, {**TREE, BASE: "x" * 200_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert contents(out, with_state=True) == before


def test_a_full_disk_in_a_new_folder_leaves_no_folder(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputRefused):
        convert(out, TREE)
    assert not out.exists()


class _KilledError(BaseException):
    """Ends a run where a kill would; nothing in between may catch it."""


def _kill_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Die at the given change of the file system's tree."""
    left = [calls]

    def dying(name: str) -> None:
        real = getattr(Path, name)

        def call(*arguments: object, **options: object) -> object:
            if left[0] == 0:
                raise _KilledError
            left[0] -= 1
            return real(*arguments, **options)

        monkeypatch.setattr(Path, name, call)

    for name in ("replace", "unlink", "rmdir", "mkdir", "write_bytes", "write_text"):
        dying(name)


@pytest.mark.parametrize("calls", range(34))
def test_a_killed_write_is_the_old_tree_or_is_finished_by_the_next_run(
    out: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    new = {BASE: "new: 1\n", "apps/new/a.yaml": "new: 2\n", "infrastructure/base/x.yaml": "x: 2\n"}
    convert(out, TREE, {BASE: SealMark("0")})
    before = contents(out, with_state=True)
    with inspect(out) as output:
        merged = merge(output, new)
        with monkeypatch.context() as dying:
            _kill_after(dying, calls)
            try:
                write(output, merged, {})
            except _KilledError:
                killed = True
            else:
                killed = False
    decided = (out / STATE / "pending.json").exists() or not killed
    with inspect(out) as output:
        state = contents(out, with_state=True)
        assert contents(out) == (new if decided or dict(output.generated) == new else TREE)
        assert set(state) - {GENERATED, MARKS} == set(contents(out))
    if contents(out) == TREE:
        assert state == before
    convert(out, new)
    assert contents(out) == new
    print(calls, killed, decided)


def test_a_killed_process_lets_the_folder_go(out: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from gitops_runbook.gitops import output_write\n"
        "from gitops_runbook.gitops.output_folder import inspect, merge, write\n"
        "output_write._move = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "output = inspect(Path(sys.argv[1]))\nwrite(output, merge(output, {'a.yaml': 'a: 1\\n'}), {})\n"
    )
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python(script, out)
    assert caught.value.returncode == -signal.SIGKILL
    assert contents(out) == {}
    inspect(out).close()
    assert contents(out) == {"a.yaml": "a: 1\n"}


def test_an_edit_after_a_kill_is_not_overwritten(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert(out, TREE)
    with monkeypatch.context() as dying, inspect(out) as output:
        dying.setattr(output_write, "finish_pending", lambda _: None)
        write(output, merge(output, {**TREE, BASE: "new: 1\n"}), {})
    (out / BASE).write_text("mine: 1\n")
    finish_pending(out)
    assert (out / BASE).read_text() == "mine: 1\n"
    assert (out / CONFLICTS / BASE).read_text() == "new: 1\n"


def test_damaged_remains_of_a_kill_are_an_error_and_not_a_tree(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert(out, TREE)
    with monkeypatch.context() as dying, inspect(out) as output:
        dying.setattr(output_write, "finish_pending", lambda _: None)
        write(output, merge(output, {**TREE, BASE: "new: 1\n"}), {})
    (out / STATE / "staging/tree" / BASE).write_text("")
    with pytest.raises(OutputRefused, match="damaged"):
        inspect(out)
    (out / STATE / "pending.json").write_text("{")
    with pytest.raises(OutputRefused, match="damaged"):
        inspect(out)
    assert contents(out) == TREE


def test_an_edit_while_the_conversion_runs_is_not_overwritten(out: Path) -> None:
    convert(out, TREE)
    with inspect(out) as output:
        merged = merge(output, {**TREE, BASE: "new: 1\n"})
        (out / BASE).write_text("mine: 1\n")
        with pytest.raises(OutputRefused, match="changed while"):
            write(output, merged, {})
    assert contents(out) == {**TREE, BASE: "mine: 1\n"}


def test_the_mode_of_a_file_stays(committed: Path) -> None:
    (committed / BASE).chmod(0o600)
    convert(committed, {**TREE, BASE: "new: 1\n"})
    assert (committed / BASE).stat().st_mode & 0o777 == 0o600
