"""A run's record: steps, checks, the journal's chain, how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_runbook.audit import Run, RunFolder, read_run
from gitops_runbook.errors import OutputRefused, ParameterError, RunStopped, UnreadableInput, UsageError
from gitops_runbook.model.checks import RunStatus, Status
from gitops_runbook.workspace import Workspace, find_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "gitops-runbook.yaml").write_text("platform: a\nenvironments:\n  staging: {}\n", encoding="utf-8")
    return find_workspace(tmp_path)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return Run.open(workspace, "convert", "staging", {"environment": "staging", "tags": ["a", "b"]})


def statuses(run: Run) -> list[tuple[str, str]]:
    return [(step["name"], step["status"]) for step in read_run(run.folder.path).result["steps"]]


def test_the_folder_is_named_by_time_runbook_and_target(run: Run) -> None:
    assert re.fullmatch(r"\d{8}T\d{6}Z-convert-staging-[0-9a-f]{6}", run.folder.path.name)
    assert run.folder.path.parent.name == "runs"


def test_the_head_says_who_ran_what_with_which_parameters(run: Run, workspace: Workspace) -> None:
    head = json.loads((run.folder.path / "run.json").read_text())
    assert head["schema_version"] == 1
    assert head["runbook"]["id"] == "convert"
    assert head["parameters"]["tags"] == {"type": "list", "value": ["a", "b"]}
    assert head["actor"]["user"]
    assert head["actor"]["host"]
    assert head["workspace"] == {"folder": str(workspace.root), "sample": False}


def test_a_run_of_passed_steps_succeeds(run: Run) -> None:
    with run.step("record") as step:
        step.check("playbook exists", status=True)
    with run.step("write"):
        pass
    assert run.status is RunStatus.RUNNING
    assert run.finish() is RunStatus.SUCCEEDED
    assert statuses(run) == [("record", "passed"), ("write", "passed")]
    assert read_run(run.folder.path).status is RunStatus.SUCCEEDED


def test_a_run_without_finish_is_incomplete(run: Run) -> None:
    with run.step("record"):
        pass
    assert read_run(run.folder.path).status is RunStatus.INCOMPLETE
    assert not (run.folder.path / "result.json").exists()


def test_a_finished_run_without_any_step_is_incomplete(run: Run) -> None:
    assert run.finish() is RunStatus.INCOMPLETE


def test_the_worst_check_decides_the_step_and_the_worst_step_the_run(run: Run) -> None:
    with run.step("look") as step:
        step.check("one", Status.PASSED)
        step.check("two", "warned", observed="seen", why="matters", remedy="do")
    with run.step("look closer") as step:
        step.check("three", status=False, observed="seen", why="matters", remedy="do")
    assert run.finish() is RunStatus.FAILED
    assert statuses(run) == [("look", "warned"), ("look closer", "failed")]
    assert [check["step"] for check in read_run(run.folder.path).result["checks"]] == ["look", "look", "look closer"]


def test_an_error_of_ours_fails_the_step_and_the_run_goes_on_blocked(run: Run) -> None:
    with run.step("record"):
        raise UnreadableInput("site.yml:3", "a tab stands in the indentation", "indent with spaces")
    with run.step("replay") as step:
        step.require("record")
        pytest.fail("the body of a blocked step must not go on")
    with run.step("prove") as step:
        step.require("replay")
    assert run.finish() is RunStatus.FAILED
    assert statuses(run) == [("record", "failed"), ("replay", "blocked"), ("prove", "blocked")]
    first = read_run(run.folder.path).result["steps"][0]
    assert (first["reason"], first["remedy"]) == ("site.yml:3: a tab stands in the indentation", "indent with spaces")


def test_a_step_that_needs_one_that_never_ran_is_blocked(run: Run) -> None:
    with run.step("replay") as step:
        step.require("record")
    assert run.steps[0].reason == 'it needs the step "record", which is not run'


def test_a_name_that_a_failed_step_would_have_defined_blocks_the_next(run: Run) -> None:
    with run.step("record"):
        raise UnreadableInput("a", "b", "c")
    with run.step("replay"):
        recording  # type: ignore[name-defined] # noqa: B018, F821 - the cell before did not get there
    assert statuses_now(run) == [Status.FAILED, Status.BLOCKED]
    assert run.steps[1].reason == 'it needs "recording", which did not come out of: record'


def test_a_misspelt_name_is_an_error_as_long_as_nothing_failed(run: Run) -> None:
    with pytest.raises(NameError), run.step("replay"):
        recordingg  # type: ignore[name-defined] # noqa: B018, F821
    assert statuses_now(run) == [Status.ERROR]


def test_a_name_missing_deep_inside_the_library_is_an_error_even_after_a_failure(run: Run) -> None:
    def library() -> None:
        defect  # type: ignore[name-defined] # noqa: B018, F821

    with run.step("record"):
        raise UnreadableInput("a", "b", "c")
    with pytest.raises(NameError), run.step("replay"):
        library()
    assert statuses_now(run) == [Status.FAILED, Status.ERROR]


def statuses_now(run: Run) -> list[Status]:
    return [outcome.status for outcome in run.steps]


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), KeyboardInterrupt(), SystemExit(0)])
def test_any_other_exception_is_recorded_and_raised_again(run: Run, error: BaseException) -> None:
    with pytest.raises(type(error)), run.step("record"):
        raise error
    last = read_run(run.folder.path).events[-1]
    assert (last["event"], last["status"]) == ("step_finished", "error")
    assert type(error).__name__ in last["reason"]
    assert run.finish() is RunStatus.FAILED


def test_a_skipped_step_leaves_its_body_and_does_no_harm(run: Run) -> None:
    with run.step("encrypt") as step:
        step.skip("no recipient is configured")
        pytest.fail("a skipped step must not go on")
    with run.step("write"):
        pass
    assert run.finish() is RunStatus.SUCCEEDED
    assert statuses(run)[0] == ("encrypt", "skipped")


def test_a_step_that_is_run_again_counts_as_it_went_last(run: Run) -> None:
    with run.step("record"):
        raise UnreadableInput("a", "b", "c")
    with run.step("record"):
        pass
    assert run.finish() is RunStatus.SUCCEEDED
    record = read_run(run.folder.path)
    assert [(step["status"], step["attempt"]) for step in record.result["steps"]] == [("passed", 2)]
    assert [event["status"] for event in record.events if event["event"] == "step_finished"] == ["failed", "passed"]


def test_steps_do_not_nest_and_finish_waits_for_the_open_one(run: Run) -> None:
    with run.step("outer"):
        with pytest.raises(UsageError, match="still open"):
            run.step("inner")
        with pytest.raises(UsageError, match="still open"):
            run.finish()


def test_a_finished_run_takes_no_further_step_and_finishing_again_changes_nothing(run: Run) -> None:
    with run.step("record"):
        pass
    run.finish()
    before = (run.folder.path / "journal.jsonl").read_bytes()
    assert run.finish() is RunStatus.SUCCEEDED
    with pytest.raises(UsageError, match="set-up cell"):
        run.step("more")
    assert (run.folder.path / "journal.jsonl").read_bytes() == before


@pytest.mark.parametrize("inside", [True, False])
def test_stopping_ends_the_run_with_its_reason(run: Run, *, inside: bool) -> None:
    with pytest.raises(RunStopped):  # noqa: PT012 - where it is raised is the point
        if inside:
            with run.step("plan"):
                run.stop("nothing to change")
        with run.step("plan"):
            pass
        run.stop("nothing to change")
    record = read_run(run.folder.path)
    assert record.status is RunStatus.STOPPED
    assert record.result["reason"] == "nothing to change"
    assert statuses(run) == [("plan", "skipped" if inside else "passed")]


def test_stopping_does_not_hide_a_failure(run: Run) -> None:
    with run.step("record"):
        raise UnreadableInput("a", "b", "c")
    with pytest.raises(RunStopped):
        run.stop("enough")
    assert read_run(run.folder.path).status is RunStatus.FAILED


@dataclass(frozen=True)
class Proof:
    exact: bool
    tree: Path


def test_values_come_back_as_what_they_were(run: Run) -> None:
    values = {
        "count": 3, "share": 0.5, "name": "ä\ud800", "none": None, "path": Path("a/b"), "flag": True,
        "when": datetime(2026, 11, 23, tzinfo=UTC), "names": {"b", "a"}, "status": Status.PASSED,
        "proof": Proof(exact=True, tree=Path("x")),
    }  # fmt: skip
    with run.step("record") as step:
        for name, value in values.items():
            step.record(name, value)
    run.finish()
    read = read_run(run.folder.path).result["steps"][0]["values"]
    assert {name: entry["type"] for name, entry in read.items()} == {
        "count": "integer", "share": "number", "name": "text", "none": "null", "path": "path", "flag": "boolean",
        "when": "time", "names": "list", "status": "choice", "proof": "Proof",
    }  # fmt: skip
    assert read["names"]["value"] == ["a", "b"]
    assert read["name"]["value"] == "ä\ud800"
    assert read["proof"]["value"] == {"exact": True, "tree": "x"}


@pytest.mark.parametrize("value", [b"bytes", float("nan"), float("inf"), object(), {"deep": [b"x"]}])
def test_a_value_without_a_faithful_form_is_refused_before_anything_is_written(run: Run, value: object) -> None:
    with pytest.raises(TypeError, match="cannot be recorded"), run.step("record") as step:
        step.record("value", value)
    events = [event["event"] for event in read_run(run.folder.path).events]
    assert events == ["run_started", "step_started", "step_finished"]


def test_parameters_that_hold_a_secret_or_no_data_are_refused_and_leave_no_folder(workspace: Workspace) -> None:
    for name, value in (("db_password", "canary"), ("url", "https://u:canary@h/x"), ("x", object())):
        with pytest.raises(ParameterError) as caught:
            Run.open(workspace, "convert", "staging", {name: value})
        assert "canary" not in str(caught.value)
    assert not workspace.runs_folder.exists()


@pytest.mark.parametrize("name", ["", "../x", "a b", "A", "x" * 64, "a/b"])
def test_a_name_that_cannot_be_part_of_a_folder_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(UsageError):
        Run.open(workspace, name, "staging", {})
    with pytest.raises(UsageError):
        Run.open(workspace, "convert", name, {})


def finished(run: Run) -> Path:
    for name in ("one", "two"):
        with run.step(name) as step:
            step.check("fine", status=True)
    run.finish()
    return run.folder.path / "journal.jsonl"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [*lines[:2], lines[2].replace(b"passed", b"failed"), *lines[3:]], 4),
        (lambda lines: [b"{}", *lines], 1),
        (lambda lines: [*lines[:2], b"[]", *lines[3:]], 3),
        (lambda lines: [*lines[:2], lines[2][:20], *lines[3:]], 3),
    ],
)
def test_a_journal_that_was_changed_is_named_with_the_line(
    run: Run, change: Callable[[list[bytes]], list[bytes]], line: int
) -> None:
    journal = finished(run)
    assert len(read_run(run.folder.path).events) == 8  # the untouched one is read
    lines = journal.read_bytes().splitlines()
    journal.write_bytes(b"".join(line + b"\n" for line in change(lines)))
    with pytest.raises(UnreadableInput) as caught:
        read_run(run.folder.path)
    assert caught.value.subject == f"{journal}:{line}"


def test_a_changed_head_breaks_the_chain(run: Run) -> None:
    finished(run)
    head = run.folder.path / "run.json"
    head.write_text(head.read_text().replace('"staging"', '"production"'))
    with pytest.raises(UnreadableInput, match=r"journal\.jsonl:1"):
        read_run(run.folder.path)


def test_a_folder_that_is_no_run_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="folder of a run"):
        read_run(tmp_path)


def test_a_runs_folder_that_cannot_be_made_is_refused(workspace: Workspace) -> None:
    workspace.runs_folder.write_text("a file in the way")
    with pytest.raises(OutputRefused, match=r"runs\.folder"):
        Run.open(workspace, "convert", "staging", {})


def test_a_full_disk_is_an_error_that_names_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gitops_runbook.audit.folder.os.fsync", full)
    with pytest.raises(OutputRefused, match=r"journal\.jsonl.*No space left"):
        run.step("record")


def test_everything_that_is_written_passes_one_method(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    original = RunFolder._write

    def masked(self: RunFolder, name: str, text: str, *, append: bool = False) -> bytes:
        return original(self, name, text.replace("canary", "masked"), append=append)

    monkeypatch.setattr(RunFolder, "_write", masked)
    run = Run.open(workspace, "convert", "staging", {"x": "canary-1"})
    with run.step("canary-2") as step:
        step.record("canary-3", "canary-4")
        step.check("canary-5", status=False, observed="canary-6", why="canary-7", remedy="canary-8")
    with run.step("b"):
        raise UnreadableInput("canary-9", "canary-10", "canary-11")
    run.finish()
    written = "".join(path.read_text() for path in run.folder.path.iterdir())
    assert "canary" not in written
    assert {int(number) for number in re.findall(r"masked-(\d+)", written)} == set(range(1, 12))
    assert read_run(run.folder.path).status is RunStatus.FAILED  # the chain is over what is on disk
