"""One pass of a real playbook in the real ansible: everything is seen, nothing takes effect."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from gitops_runbook.ansible import recording
from gitops_runbook.ansible.recording import CONVERGED, FIRST, PLAINTEXT, Line, Recording, record
from gitops_runbook.errors import RecordingFailed

from . import nasty
from .conftest import Request
from .projects import HOSTS, PASSWORD, config_map, inline, play, write


def snapshot(folder: Path) -> dict[str, str]:
    """Every file and folder below, with a hash of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def nasty_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nasty")
    (folder / "canaries").mkdir()
    project = write(folder / "project", nasty.files(str(folder / "canaries")))
    for script in ("vault-script.sh", "files/harm.sh"):
        (project / script).chmod(0o755)
    return project


@pytest.fixture(scope="module")
def nasty_recording(nasty_project: Path, request_for: Request) -> Recording:
    return record(request_for(nasty_project, inventory=()), FIRST)


def names(lines: Recording, kind: str = "task") -> list[str]:
    return [line["name"].rpartition(" : ")[2] for line in lines.of_type(kind)]


def test_nothing_is_written_outside_the_sandbox(nasty_project: Path, request_for: Request, own_places: Path) -> None:
    before, before_here = snapshot(nasty_project.parent), snapshot(own_places)

    for taken in (FIRST, CONVERGED):
        record(request_for(nasty_project, inventory=()), taken)

    assert snapshot(nasty_project.parent) == before
    assert snapshot(own_places) == before_here, "HOME, the temporary folder and memory are as they were"


def test_the_canaries_would_tell(nasty_project: Path, tmp_path: Path) -> None:
    (tmp_path / "canaries").mkdir()
    script = (nasty_project / "files" / "harm.sh").read_text().replace(str(nasty_project.parent), str(tmp_path))

    subprocess.run(["/bin/sh", "-c", script], check=True)

    assert snapshot(tmp_path / "canaries") == {"script": hashlib.sha256(b"").hexdigest()}


def test_every_harmful_task_is_seen_with_its_final_arguments(nasty_recording: Recording) -> None:
    seen = set(names(nasty_recording))

    assert {"command", "shell", "raw", "script", "copy", "get_url", "nobody", "asynchronous", "again and again"} <= seen
    assert {"pause in a loop", "debugger", "undefined surroundings", "fails when", "gives up"} <= seen


def test_a_failing_task_ends_neither_its_host_nor_the_run(nasty_recording: Recording) -> None:
    assert nasty_recording.lines[-1]["type"] == "end"
    assert {line["host"] for line in nasty_recording.of_type("task") if line["name"] == "of-public-role"} == {
        "one",
        "two",
    }
    assert "failing" in names(nasty_recording, "assertion")


@pytest.mark.parametrize(
    "name",
    ["in a block", "in always", "once", "delegated", "restarted", "listens", "of-public-role", "of top", "of bottom",
     "of helper", "prompted", "from-vars-file", "defaults", "only-one", "looped-a", "dict-y", "more-2"],
)  # fmt: skip
def test_what_ansible_would_run_is_recorded(nasty_recording: Recording, name: str) -> None:
    documents = {document["metadata"]["name"] for line in nasty_recording.of_type("task") for document in
                 line.get("documents") or () if document.get("metadata")}  # fmt: skip
    assert name in {*names(nasty_recording), *documents}


@pytest.mark.parametrize("name", ["in a rescue", "not notified", "only-two", "never", "unreached"])
def test_what_ansible_would_not_run_is_not_recorded(nasty_recording: Recording, name: str) -> None:
    assert name not in names(nasty_recording)


def test_strategy_free_is_recorded_in_the_same_order_each_time(
    nasty_project: Path, nasty_recording: Recording, request_for: Request
) -> None:
    again = record(request_for(nasty_project, inventory=()), FIRST)

    assert [(line["name"], line["host"]) for line in again.of_type("task")] == [
        (line["name"], line["host"]) for line in nasty_recording.of_type("task")
    ]


def test_module_defaults_of_a_group_reach_the_task(nasty_recording: Recording) -> None:
    line = next(line for line in nasty_recording.of_type("task") if line["name"] == "defaults")

    assert line["arguments"]["namespace"] == "of-the-group"
    assert line["arguments"]["state"] == "present"


def test_dependencies_run_first_and_the_task_of_one_host_runs_once(nasty_recording: Recording) -> None:
    order = names(nasty_recording)

    assert order.index("of bottom") < order.index("of top")
    once = [line for line in nasty_recording.of_type("task") if line["name"] == "once"]
    assert len(once) == len({line["host"] for line in once})


def test_what_nobody_defines_is_named_at_its_task(nasty_recording: Recording) -> None:
    undefined = {
        line["name"]: line["undefined"]
        for line in nasty_recording.of_type("task", "unresolved")
        if line.get("undefined")
    }

    assert undefined["prompted"] == ["asked"]
    assert "undefined surroundings" not in undefined, "how a task runs plays no part"
    assert "delegated" not in undefined, "where a task runs plays no part"


def test_includes_that_cannot_be_followed_are_reported(nasty_recording: Recording) -> None:
    failed = {line["name"]: line["error"] for line in nasty_recording.of_type("unresolved")}

    assert {"unknown include", "missing include", "who knows"} <= set(failed)
    assert "not-there.yml" in failed["missing include"]


def test_the_plan_lists_tasks_that_were_not_reached(nasty_recording: Recording) -> None:
    planned = {task["name"].rpartition(" : ")[2]: task for task in nasty_recording.only("plan")["tasks"]}

    assert {"in a rescue", "never", "not notified", "more-{{ n }}", "of helper"} <= set(planned)
    assert planned["in a rescue"]["section"] == "rescue"


@pytest.mark.parametrize("taken", [FIRST, PLAINTEXT], ids=lambda taken: taken.name)
def test_no_decrypted_value_is_left_anywhere(
    tmp_path: Path, request_for: Request, own_places: Path, taken: recording.Pass
) -> None:
    project = write(tmp_path / "project", {
        "site.yml": play("    - template: {src: a.j2, dest: /tmp/a.yml}\n" + config_map("a", "'{{ secret }}'")),
        "hosts": HOSTS, "group_vars/all.yml": f"secret: {inline('decrypted-canary')}", "templates/a.j2": "{{ secret }}",
    })  # fmt: skip
    password = tmp_path / "password"
    password.write_text(PASSWORD)

    lines = record(request_for(project, vault_password_file=password), taken)

    assert ("decrypted-canary" in str(lines.lines)) == (taken is PLAINTEXT)
    assert list(own_places.rglob("*/*")) == []
    assert not any("decrypted-canary" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_a_killed_ansible_leaves_no_process_and_no_folder(
    tmp_path: Path, request_for: Request, own_places: Path
) -> None:
    project = write(tmp_path / "project", {
        "site.yml": play(config_map("a", "'{{ 1 | sleeping }}'")), "hosts": HOSTS,
        "filter_plugins/slow.py": "import time\nclass FilterModule:\n    def filters(self):\n"
        "        return {'sleeping': lambda value: time.sleep(60)}\n",
    })  # fmt: skip

    def kill_the_oldest() -> None:
        os.kill(processes(own_places)[0], signal.SIGKILL)

    def kill(line: Line) -> None:
        if line["type"] == "plan":
            threading.Timer(1.5, kill_the_oldest).start()

    with pytest.raises(RecordingFailed, match="before the recording was complete"):
        record(request_for(project), FIRST, kill)

    deadline = time.monotonic() + 20
    while processes(own_places) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes(own_places) == []
    assert [path for path in own_places.rglob("*/*") if "recording" in path.name] == []


def processes(places: Path) -> list[int]:
    """Ids of the processes that were started with a sandbox in these places; the oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(places).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)


def test_what_a_killed_conversion_left_is_swept_up(tmp_path: Path, request_for: Request, own_places: Path) -> None:
    left = own_places / "memory" / "gitops-runbook-recording-left"
    write(left, {"in-use": "", "fs/secret": "x"})
    project = write(tmp_path / "project", {"site.yml": play(config_map("a", "b")), "hosts": HOSTS})

    record(request_for(project), FIRST)

    assert not left.exists()
