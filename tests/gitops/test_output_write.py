"""Writing the tree: only below its folder, and everything or nothing."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from gitops_runbook.errors import OutputRefused
from gitops_runbook.gitops import output_write
from gitops_runbook.gitops.output_folder import GENERATED, MARKS, inspect, merge, write
from gitops_runbook.gitops.output_write import CONFLICTS, STATE, finish_pending
from gitops_runbook.gitops.sealing import SealMark
from tests.gitops.output_conversion import BASE, TREE, commit, contents, convert, run_python


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def committed(out: Path) -> Path:
    """A folder with a generated tree, committed."""
    convert(out, TREE)
    commit(out)
    return out


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
