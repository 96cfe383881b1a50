"""The verdict board: the first thing a reader of an executed notebook meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gitops_runbook.audit import Run, StepOutcome
from gitops_runbook.model.checks import BEST_TO_WORST, RunStatus, Status, badness
from gitops_runbook.notebook.markup import SURFACE, Rendered, badge, escape, icon, safe, word

_UNFINISHED = "not finished; a run that never reaches finish() is incomplete"
_EDGES = {
    RunStatus.SUCCEEDED: "var(--jp-success-color1,#1b5e20)", RunStatus.WARNED: "var(--jp-warn-color1,#7a4a00)",
    RunStatus.FAILED: "var(--jp-error-color1,#a31515)",
}  # fmt: skip


def board(run: Run, *, sample: bool) -> Rendered:
    """Render status, runbook, target, counts, what went wrong, and where the record is."""
    target = "no cluster, no environment" if run.target == "local" else run.target
    facts = {
        "target": f"{target} (sample: the packaged example, not your platform)" if sample else target,
        "steps": _counts(run.steps),
        "record": str(run.folder.path),
    }
    if run.status is RunStatus.RUNNING:
        facts["state"] = _UNFINISHED
    problems = sorted(
        (outcome for outcome in run.steps if outcome.seconds is not None and _needs_attention(outcome)),
        key=lambda outcome: -badness(outcome.status),
    )
    return Rendered(_text(run, facts, problems), _html(run, facts, problems))


def _needs_attention(outcome: StepOutcome) -> bool:
    return outcome.status not in (Status.PASSED, Status.SKIPPED)


def _counts(steps: Sequence[StepOutcome]) -> str:
    count = Counter(outcome.status for outcome in steps if outcome.seconds is not None)
    parts = [f"{count[status]} {word(status)}" for status in reversed(BEST_TO_WORST) if count[status]]
    parts += [f"{outcome.name} is running" for outcome in steps if outcome.seconds is None]
    return ", ".join(parts) or "none yet"


def _reason(outcome: StepOutcome) -> tuple[str, str]:
    """Why a step needs attention and what to do: its own words, else those of its worst check."""
    if outcome.reason or not outcome.checks:
        return outcome.reason, outcome.remedy
    check = max(outcome.checks, key=lambda check: badness(check.status))
    return f"{check.name}: {check.observed}", check.remedy


def _text(run: Run, facts: dict[str, str], problems: Sequence[StepOutcome]) -> str:
    lines = [f"{icon(run.status)} {word(run.status)}  {run.runbook}"]
    lines += [f"  {name}: {safe(value)}" for name, value in facts.items()]
    for outcome in problems:
        reason, remedy = _reason(outcome)
        lines.append(f"  {icon(outcome.status)} {word(outcome.status)}  {safe(outcome.name)}: {safe(reason)}")
        if remedy:
            lines.append(f"    Next: {safe(remedy)}")
    return "\n".join(lines)


def _html(run: Run, facts: dict[str, str], problems: Sequence[StepOutcome]) -> str:
    edge = _EDGES.get(run.status, "var(--jp-border-color1,#616161)")
    style = f"{SURFACE};border:1px solid var(--jp-border-color2,#bdbdbd);border-left:6px solid {edge};padding:8px 12px"
    rows = "".join(
        f'<div><strong>{name}:</strong> <span style="overflow-wrap:anywhere">{escape(value)}</span></div>'
        for name, value in facts.items()
    )
    items = ""
    for outcome in problems:
        reason, remedy = _reason(outcome)
        following = f"<br><strong>Next:</strong> {escape(remedy)}" if remedy else ""
        items += f"<li>{badge(outcome.status)} <strong>{escape(outcome.name)}</strong> {escape(reason)}{following}</li>"
    listed = f'<ul style="margin:6px 0 0 0">{items}</ul>' if items else ""
    title = f'<div style="font-size:1.2em">{badge(run.status)} <strong>{escape(run.runbook)}</strong></div>'
    return f'<div style="{style}">{title}{rows}{listed}</div>'
