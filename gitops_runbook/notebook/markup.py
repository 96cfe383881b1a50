"""The smallest pieces on screen: escaped text, badges, tables. HTML without script and without external style.

What is shown survives in the executed notebook, in JupyterLab (light and dark), on paper and as plain text in a log.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

from gitops_runbook.model.checks import RunStatus, Status
from gitops_runbook.model.findings import Severity

VISIBLE_ROWS = 20
MOST_ROWS = 1000
"""More rows than anybody reads make a notebook slow to open; the value itself still has them all."""

SURFACE = "color:var(--jp-content-font-color1,#212121);background-color:var(--jp-layout-color0,#ffffff)"
_LINE = "var(--jp-border-color2,#bdbdbd)"
_CELL = f"text-align:left;vertical-align:top;padding:4px 8px;border:1px solid {_LINE}"
_SHORT = 24
"""Cells up to this many characters stay on one line: ``site.yml:3`` broken in two is hard to read and to copy."""

# Jupyter's own status colours miss a contrast of 4.5:1 on white (its orange has 2.6:1), so badges bring both colours.
GREEN, AMBER, RED, GREY, BLUE = "#1b5e20", "#7a4a00", "#a31515", "#455a64", "#0b4f9e"

_LOOKS: dict[str, tuple[str, str]] = {
    "passed": ("✔", GREEN), "succeeded": ("✔", GREEN),
    "warned": ("▲", AMBER), "warning": ("▲", AMBER), "unknown": ("?", AMBER), "blocked": ("■", AMBER),
    "needs_approval": ("◆", AMBER), "incomplete": ("◌", AMBER), "abandoned": ("◌", AMBER),
    "failed": ("✖", RED), "error": ("✖", RED), "timed_out": ("✖", RED), "interrupted": ("✖", RED),
    "kernel_died": ("✖", RED), "denied": ("✖", RED),
    "skipped": ("–", GREY), "not_run": ("○", GREY), "stopped": ("–", GREY),
    "running": ("▶", BLUE), "info": ("i", BLUE),
}  # fmt: skip


@dataclass(frozen=True)
class Rendered:
    """Something to show, as plain text and as HTML that says the same."""

    text: str
    html: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Tell IPython both forms (its display protocol)."""
        return {"text/plain": self.text, "text/html": self.html}


def stack(*parts: Rendered) -> Rendered:
    """Put things one below the other."""
    return Rendered("\n".join(part.text for part in parts), "".join(part.html for part in parts))


def word(status: Enum | str) -> str:
    """Write a status for people: ``needs approval``."""
    return str(status.value if isinstance(status, Enum) else status).replace("_", " ")


def icon(status: Enum | str) -> str:
    """Return the sign of a status; it never stands without its word."""
    return _LOOKS[word(status).replace(" ", "_")][0]


def badge(status: Status | RunStatus | Severity) -> str:
    """Icon and word on a colour, as HTML."""
    sign, colour = _LOOKS[status.value]
    style = f"color:#ffffff;background-color:{colour};padding:1px 8px;border-radius:4px;white-space:nowrap"
    return f'<span style="{style}"><span aria-hidden="true">{sign}</span> {word(status)}</span>'


def safe(value: object) -> str:
    """Write a value as one line of text; control characters, which could forge a log or a terminal, become visible."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Status | RunStatus | Severity):
        return f"{icon(value)} {word(value)}"
    if isinstance(value, Mapping):
        return safe(json.dumps(value, default=str, ensure_ascii=False))
    if isinstance(value, Sequence | AbstractSet) and not isinstance(value, str | bytes):
        return ", ".join(safe(item) for item in value)
    text = " ".join(str(value).split("\n")).replace("\r", "")
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


def escape(value: object) -> str:
    """Write a value as HTML that shows it and can do nothing else."""
    return badge(value) if isinstance(value, Status | RunStatus | Severity) else html.escape(safe(value))


def html_table(columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str) -> str:
    """Write a table with caption and scopes; rows beyond 20 fold away."""
    shown = _plain_table(columns, rows[:VISIBLE_ROWS], caption)
    rest = rows[VISIBLE_ROWS:MOST_ROWS]
    if rest:
        more = _plain_table(columns, rest, f"{caption}, continued")
        shown += f"<details><summary>{len(rest)} more rows</summary>{more}</details>"
    if len(rows) > MOST_ROWS:
        shown += f"<p>{len(rows) - MOST_ROWS} further rows are not shown.</p>"
    return shown


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str) -> str:
    head = "".join(f'<th scope="col" style="{_CELL};white-space:nowrap">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(_cell(index, value) for index, value in enumerate(row))}</tr>" for row in rows)
    style = f"{SURFACE};border-collapse:collapse;margin:8px 0"
    title = f'<caption style="{SURFACE};text-align:left;font-weight:bold;padding:4px 0">{escape(caption)}</caption>'
    return f'<table style="{style}">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(index: int, value: object) -> str:
    style = f"{_CELL};white-space:nowrap" if len(safe(value)) <= _SHORT else f"{_CELL};overflow-wrap:anywhere"
    if index == 0:
        return f'<th scope="row" style="{style};font-weight:normal">{escape(value)}</th>'
    return f'<td style="{style}">{escape(value)}</td>'


def text_table(columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str, width: int = 60) -> str:
    """Write the same table for a log: 20 rows, cells cut at ``width`` characters."""
    lines = [[_cut(safe(value), width) for value in row] for row in (columns, *rows[:VISIBLE_ROWS])]
    widths = [max(map(len, column)) for column in zip_longest(*lines, fillvalue="")]
    written = ["  ".join(text.ljust(size) for text, size in zip(line, widths, strict=False)).rstrip() for line in lines]
    ruler = "  ".join("-" * size for size in widths)
    more = [f"… and {len(rows) - VISIBLE_ROWS} more rows"] if len(rows) > VISIBLE_ROWS else []
    return "\n".join([safe(caption), written[0], ruler, *written[1:], *more])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
