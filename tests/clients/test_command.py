from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from gitops_runbook.clients import command
from gitops_runbook.clients.command import Command, run
from gitops_runbook.errors import CommandFailed, ToolMissing


def _python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def _is_alive(pid: int) -> bool:
    """A zombie is not alive; nobody waits for an orphan in some containers."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone(pid: int) -> bool:
    for _ in range(200):
        if not _is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_everything_the_program_answers_is_kept_as_it_was() -> None:
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.stderr.write('note'); sys.exit(3)"

    completed = run(Command(_python(code), stdin="é\r\n\n", accepted=(0, 3)))

    assert (completed.stdout, completed.stderr, completed.exit_code) == ("é\r\n\n", "note", 3)
    assert completed.seconds > 0


def test_more_output_than_a_pipe_holds_does_not_block() -> None:
    text = "x" * 1_000_000

    assert run(Command(_python("import sys; sys.stdout.write(sys.stdin.read())"), stdin=text)).stdout == text


def test_without_stdin_the_program_reads_nothing_and_does_not_wait() -> None:
    assert run(Command(_python("import sys; print(repr(sys.stdin.read()))"), timeout=60)).stdout == "''\n"


def test_environment_is_added_to_ours_and_none_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("REMOVED", "2")
    code = "import os; print(*(os.environ.get(name) for name in ('KEPT', 'REMOVED', 'ADDED')))"

    assert run(Command(_python(code), environment={"REMOVED": None, "ADDED": "3"})).stdout == "1 None 3\n"


def test_a_failure_shows_the_quoted_command_the_exit_code_and_the_last_lines() -> None:
    code = "import sys; [print(f'line {n}', file=sys.stderr) for n in range(100)]; sys.exit(4)"

    with pytest.raises(CommandFailed) as failed:
        run(Command(_python(code, "two words", "it's")))

    assert failed.value.subject.endswith(""" 'two words' 'it'"'"'s'""")
    lines = failed.value.happened.splitlines()
    assert lines[0] == "exit code 4"
    assert [line.strip() for line in lines[1:]] == [f"line {n}" for n in range(92, 100)]


def test_a_program_ended_by_a_signal_says_which() -> None:
    with pytest.raises(CommandFailed, match="it was ended by SIGKILL"):
        run(Command(_python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")))


def test_concealed_texts_are_neither_in_the_command_nor_in_the_message() -> None:
    secret = "it's hunter2"

    with pytest.raises(CommandFailed) as failed:
        run(Command(_python("import sys; sys.exit(sys.argv[1])", f"--set={secret}"), conceal=(secret, "")))

    assert "hunter2" not in str(failed.value)
    assert "--set=…" in failed.value.subject
    assert "--set=…" in failed.value.happened


def test_the_text_given_to_a_program_is_not_in_its_repr() -> None:
    assert "hunter2" not in repr(Command(("sops",), stdin="hunter2", conceal=("hunter2",)))


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ToolMissing, match="no-such-program"):
        run(Command(("no-such-program", "--version")))


def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    file = tmp_path / "plain"
    file.write_text("text")

    with pytest.raises(ToolMissing, match="Permission denied"):
        run(Command((str(file),)))


def test_a_missing_folder_is_not_taken_for_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"its folder .*absent does not exist"):
        run(Command(("true",), cwd=tmp_path / "absent"))


def test_output_that_is_not_utf8_is_said_to_be_so() -> None:
    with pytest.raises(CommandFailed, match="not UTF-8"):
        run(Command(_python(r"import sys; sys.stdout.buffer.write(b'\xff')")))


_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {child!r}])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


@pytest.mark.parametrize(
    "child",
    [
        "import time; time.sleep(600)",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
    ],
    ids=["a grandchild that ends when asked", "a grandchild that has to be killed"],
)
def test_a_timeout_ends_grandchildren_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: str) -> None:
    monkeypatch.setattr(command, "_GRACE_SECONDS", 0.5)
    pid_file = tmp_path / "pid"

    with pytest.raises(CommandFailed, match="did not end within 2 seconds"):
        run(Command(_python(_PARENT.format(child=child), str(pid_file)), timeout=2))

    assert _gone(int(pid_file.read_text()))


def test_ctrl_c_ends_grandchildren_too(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    # The grandchild's parent sends us what the terminal would send.
    code = _PARENT.format(child="import time; time.sleep(600)").replace(
        "time.sleep(600)\n", f"import os, signal; os.kill({os.getpid()}, signal.SIGINT); time.sleep(600)\n"
    )

    with pytest.raises(KeyboardInterrupt):
        run(Command(_python(code, str(pid_file)), timeout=60))

    assert _gone(int(pid_file.read_text()))


def test_ctrl_c_of_the_terminal_does_not_reach_the_child() -> None:
    completed = run(Command(_python("import os; print(os.getsid(0) == os.getpid())")))

    assert completed.stdout == "True\n"


def test_the_positive_control_of_the_tests_above_sees_a_living_process() -> None:
    assert _is_alive(os.getpid())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
