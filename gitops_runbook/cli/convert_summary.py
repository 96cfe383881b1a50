"""What a conversion found, for people: counts, the proof in one sentence, findings by kind, what to do next."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitops_runbook.model.findings import Finding, FindingCode, Severity
from gitops_runbook.runbooks.conversion import Conversion
from gitops_runbook.runbooks.forecast import COUNTS, next_steps, proof_sentence

_LOOKS = {
    Severity.ERROR: ("✖", "bold red"), Severity.WARNING: ("▲", "yellow"), Severity.INFO: ("i", "blue"),
}  # fmt: skip
_DIFFERENCES = 10


def print_summary(conversion: Conversion) -> None:
    """Print on standard output; lines are not broken, so that paths can be copied and logs searched."""
    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    console.print(_environments(conversion), soft_wrap=False)
    _print_proof(console, conversion)
    _print_findings(console, conversion)
    console.print()
    for number, step in enumerate(next_steps(conversion)):
        console.print(Text.assemble(("Next: " if number == 0 else "      ", "bold"), step))
    console.print()
    console.print(Text(f"Tree:   {conversion.options.out / conversion.options.path_prefix}"))
    console.print(Text(f"Report: {conversion.report}"))


def _environments(conversion: Conversion) -> Table:
    table = Table(title="Environments", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    names = sorted(conversion.environments)
    for name in names:
        table.add_column(name, justify="right")
    for attribute, title in COUNTS.items():
        table.add_row(title, *(str(getattr(conversion.environments[name], attribute)) for name in names))
    return table


def _print_proof(console: Console, conversion: Conversion) -> None:
    proof = conversion.proof
    style = "bold green" if proof.exact else "bold red"
    console.print(Text.assemble("\n", ("✔ exact  " if proof.exact else "✖ not exact  ", style), proof_sentence(proof)))
    for difference in proof.differences[:_DIFFERENCES]:
        place = f"{difference.environment}: {difference.object} {difference.pointer}".rstrip()
        console.print(Text(f"  {place}\n    expected {difference.expected!r}, built {difference.actual!r}"))
    if len(proof.differences) > _DIFFERENCES:
        console.print(Text(f"  … and {len(proof.differences) - _DIFFERENCES} more, see the report"))


def _print_findings(console: Console, conversion: Conversion) -> None:
    findings = conversion.findings
    count = Counter(finding.kind.severity for finding in findings)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [f"{count[item]} {word}{'s' if count[item] != 1 else ''}" for item, word in words.items() if count[item]]
    answered = sum(bool(finding.decision) for finding in findings)
    parts += [f"{answered} answered in decisions.yaml"] if answered else []
    console.print(Text.assemble("\n", ("Findings: ", "bold"), ", ".join(parts) or "none"))
    for kind, found in _by_code([item for item in findings if item.is_open]):
        icon, style = _LOOKS[kind.severity]
        console.print(
            Text.assemble((f"{icon} {kind.severity} ", style), (kind.code, "bold"), f" ×{len(found)}  {kind.title}")
        )
        where = f" ({found[0].where})" if found[0].where else ""
        scope = f"{found[0].environment}: " if found[0].environment else ""
        console.print(Text(f"    {'e.g. ' if len(found) > 1 else ''}{scope}{found[0].message}{where}"))
        console.print(Text(f"    {kind.remedy}"))
    notes = Counter(item.kind.code for item in findings if item.kind.severity is Severity.INFO)
    if notes:
        console.print(Text(f"i notes: {', '.join(f'{name} ×{number}' for name, number in notes.most_common())}"))


def _by_code(findings: Sequence[Finding]) -> Iterator[tuple[FindingCode, list[Finding]]]:
    """Worst first, then the most frequent."""
    by_name = sorted(findings, key=lambda item: item.kind.code)
    groups = [(kind, list(found)) for kind, found in groupby(by_name, key=lambda item: item.kind)]
    order = list(Severity)
    yield from sorted(groups, key=lambda group: (order.index(group[0].severity), -len(group[1]), group[0].code))
