"""Values on screen: tables, findings, checks, trees of files, pictures.

A table is sorted worst first. Sorting by another column needs no script: the reader gives ``sort_by="code"`` and runs
the cell again; the order is then part of the record, too.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Protocol, TypeAlias

from gitops_runbook.errors import UsageError
from gitops_runbook.model.checks import Check, Status, badness
from gitops_runbook.model.findings import Finding, Severity
from gitops_runbook.notebook.markup import (
    SURFACE,
    Rendered,
    badge,
    escape,
    html_table,
    icon,
    safe,
    stack,
    text_table,
    word,
)

_SEVERITIES = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_FINDING_COLUMNS = ("severity", "code", "environment", "object", "where", "message", "next", "decision")
_VISIBLE_TREE_LINES = 60

Row = Mapping[str, object] | Sequence[object]
_Tree: TypeAlias = "dict[str, _Tree]"


class Figure(Protocol):
    """What we need of a matplotlib figure."""

    @property
    def savefig(self) -> Callable[..., None]:
        """Writes the picture to a path or stream."""


def render(value: object, caption: str = "", sort_by: str = "") -> Rendered:
    """Choose the form that suits a value.

    Findings, checks, rows (mappings, dataclasses), mappings, lists of paths and text have one; anything else is shown
    as Python writes it.

    Raises:
        UsageError: when ``sort_by`` names no column.
    """
    if isinstance(value, Rendered):
        return value
    if isinstance(value, Check):
        return checks([value], caption)
    if isinstance(value, Mapping):
        return table([{"name": key, "value": below} for key, below in value.items()], (), caption or "Values", sort_by)
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str | bytes) and value:
        return _render_items(list(value), caption, sort_by)
    shown = value if isinstance(value, str) else repr(value)
    lines = "\n".join(safe(line) for line in shown.splitlines())
    text = f"{safe(caption)}\n{lines}" if caption else lines
    title = f"<strong>{escape(caption)}</strong><br>" if caption else ""
    body = f'<span style="white-space:pre-wrap">{html.escape(lines)}</span>'
    return Rendered(text, f'<div style="{SURFACE};padding:4px 0">{title}{body}</div>')


def _render_items(items: list[object], caption: str, sort_by: str) -> Rendered:
    if all(isinstance(item, Finding) for item in items):
        return findings_table([item for item in items if isinstance(item, Finding)], caption, sort_by)
    if all(isinstance(item, Check) for item in items):
        return checks([item for item in items if isinstance(item, Check)], caption)
    if all(isinstance(item, PurePath) for item in items):
        return tree([str(item) for item in items], caption)
    rows = [_as_row(item) for item in items]
    return table(rows, caption=caption, sort_by=sort_by)


def _as_row(item: object) -> Mapping[str, object]:
    if isinstance(item, Mapping):
        return item
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    return {"value": item}


def table(rows: Iterable[Row], columns: Sequence[str] = (), caption: str = "", sort_by: str = "") -> Rendered:
    """Render rows.

    Args:
        rows: mappings, or sequences in the order of ``columns``.
        columns: which ones and in which order; empty: those of the rows, in the order of first appearance.
        caption: what the table shows.
        sort_by: a column; empty: worst first when a column holds statuses or severities, else as given.

    Raises:
        UsageError: when ``sort_by`` names no column.
    """
    given = list(rows)
    if not columns:
        columns = list(dict.fromkeys(key for row in given if isinstance(row, Mapping) for key in row))
    lines = [[row.get(name) for name in columns] if isinstance(row, Mapping) else list(row) for row in given]
    caption = caption or f"{len(lines)} rows"
    if sort_by:
        if sort_by not in columns:
            raise UsageError(f'sort_by="{sort_by}"', "is no column", "use one of: " + ", ".join(columns))
        index = list(columns).index(sort_by)
        lines.sort(key=lambda line: _sort_key(line[index]))
    else:
        lines.sort(key=lambda line: min((_rank(value) for value in line), default=0))
    if not lines:
        return Rendered(f"{safe(caption)}: nothing", f'<p style="{SURFACE}"><b>{escape(caption)}</b>: nothing</p>')
    return Rendered(text_table(columns, lines, caption), html_table(columns, lines, caption))


def _rank(value: object) -> int:
    if isinstance(value, Status):
        return -badness(value)
    return _SEVERITIES[value] - len(_SEVERITIES) if isinstance(value, Severity) else 0


def _sort_key(value: object) -> tuple[int, float, list[tuple[int, str]]]:
    """Order values of any type: statuses worst first, numbers by size, text by its words and numbers, empty last."""
    if isinstance(value, Status | Severity):
        return (0, _rank(value), [])
    if isinstance(value, int | float):
        return (1, value, [])
    text = "" if value is None else safe(value).casefold()
    parts = [(int(part), "") if part.isdecimal() else (sys.maxsize, part) for part in re.split(r"(\d+)", text) if part]
    return (2 if text else 3, 0, parts)


def findings_table(findings: Sequence[Finding], caption: str = "", sort_by: str = "") -> Rendered:
    """Render findings: one foldable table for each severity, worst first and open ones before answered ones.

    Args:
        findings: any number.
        caption: what they are about.
        sort_by: one of the columns; then it is one table in that order.

    Raises:
        UsageError: when ``sort_by`` names no column.
    """
    caption = caption or "Findings"
    answers_last = sorted(findings, key=lambda finding: (bool(finding.decision), finding.kind.code, finding.subject))
    rows = [_finding_row(finding) for finding in answers_last]
    if sort_by not in ("", *_FINDING_COLUMNS):
        raise UsageError(f'sort_by="{sort_by}"', "is no column", "use one of: " + ", ".join(_FINDING_COLUMNS))
    columns = [name for name in _FINDING_COLUMNS if name == sort_by or any(row[name] for row in rows)]
    if sort_by or not rows:
        return table(rows, columns, caption, sort_by)
    parts = [_counts(findings, caption)]
    for severity in _SEVERITIES:
        if found := [row for row in rows if row["severity"] is severity]:
            shown = table(found, columns, f"{caption}: {severity}")
            summary = f"<summary>{badge(severity)} {len(found)}</summary>"
            is_open = " open" if len(parts) == 1 else ""  # the worst there is
            parts.append(Rendered(shown.text, f"<details{is_open}>{summary}{shown.html}</details>"))
    return stack(*parts)


def _finding_row(finding: Finding) -> dict[str, object]:
    return {
        "severity": finding.kind.severity, "code": finding.kind.code, "environment": finding.environment or "all",
        "object": finding.subject, "where": finding.where, "message": finding.message, "next": finding.kind.remedy,
        "decision": finding.decision or None,
    }  # fmt: skip


def _counts(findings: Sequence[Finding], caption: str) -> Rendered:
    waiting = sum(finding.is_open for finding in findings)
    answered = sum(bool(finding.decision) for finding in findings)
    text = f"{safe(caption)}: {len(findings)}, {waiting} open, {answered} answered"
    return Rendered(text, f'<p style="{SURFACE}"><b>{html.escape(text)}</b></p>')


def checks(found: Sequence[Check], caption: str = "") -> Rendered:
    """Render checks, worst first, with what was seen, why it matters and what to do next."""
    rows = [
        {"status": check.status, "check": check.name, "object": check.subject, "seen": check.observed,
         "why it matters": check.why, "next": check.remedy}
        for check in found
    ]  # fmt: skip
    columns = [name for name in rows[0] if any(row[name] for row in rows)] if rows else []
    return table(rows, columns, caption or "Checks")


def verdict(status: Status, title: str, reason: str = "", remedy: str = "") -> Rendered:
    """Render how one thing ended: a line, and what to do when there is something to do."""
    text = f"{icon(status)} {word(status)}  {safe(title)}"
    shown = f"{badge(status)} <strong>{escape(title)}</strong>"
    if reason:
        text += f"\n  {safe(reason)}"
        shown += f"<br>{escape(reason)}"
    if remedy:
        text += f"\n  Next: {safe(remedy)}"
        shown += f"<br><strong>Next:</strong> {escape(remedy)}"
    return Rendered(text, f'<div style="{SURFACE};padding:4px 0">{shown}</div>')


def tree(paths: Iterable[str | PurePath], caption: str = "") -> Rendered:
    """Render relative paths as a tree of folders; beyond 60 lines it folds away."""
    root: _Tree = {}
    files = sorted({str(path) for path in paths})
    for path in files:
        level = root
        for part in PurePath(path).parts:
            level = level.setdefault(part, {})
    lines = list(_branches(root, ""))
    title = caption or f"{len(files)} files"
    text = "\n".join([safe(title), *lines])
    shown = _preformatted(lines[:_VISIBLE_TREE_LINES])
    if rest := lines[_VISIBLE_TREE_LINES:]:
        shown += f"<details><summary>{len(rest)} more lines</summary>{_preformatted(rest)}</details>"
    return Rendered(text, f'<div style="{SURFACE}"><strong>{escape(title)}</strong>{shown}</div>')


def _branches(level: _Tree, indent: str) -> Iterable[str]:
    last = len(level) - 1
    # Folders first, as people look for them.
    for index, (name, below) in enumerate(sorted(level.items(), key=lambda item: (not item[1], item[0]))):
        yield f"{indent}{'└── ' if index == last else '├── '}{safe(name)}{'/' if below else ''}"
        yield from _branches(below, indent + ("    " if index == last else "│   "))


def _preformatted(lines: Sequence[str]) -> str:
    return f'<pre style="{SURFACE};margin:4px 0;line-height:1.3">{html.escape(chr(10).join(lines))}</pre>'


def picture(figure: Figure, alt: str) -> Rendered:
    """Render a matplotlib figure as an image within the page, on white so that it reads in a dark theme, too.

    Args:
        figure: it is closed, so that the kernel does not show it a second time.
        alt: what the picture says, for whoever cannot see it; it is also the plain text.

    Raises:
        ValueError: when ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("a picture needs a text that says the same: alt=…")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight", facecolor="white", metadata={"Software": None})
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    image = f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}" style="max-width:100%">'
    return Rendered(f"[picture] {safe(alt)}", image)
