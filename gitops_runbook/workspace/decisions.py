"""``decisions.yaml``: findings are answered once, in a committed file, and stay answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from gitops_runbook.documents.positions import Positions, pointer, read_with_positions
from gitops_runbook.errors import ConfigurationError, UnreadableInput
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.workspace.reading import nearest

_KEYS = ("id", "choice", "who", "why", "expires")
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Decision:
    """One answer.

    Attributes:
        id: the finding's id, 12 hex digits.
        choice: one of the answers its code offers.
        expires: last day on which it counts; None: for ever.
        where: path and line of the entry, for messages.
    """

    id: str
    choice: str
    who: str
    why: str
    expires: date | None = None
    where: str = field(default="", compare=False)

    @property
    def file_and_line(self) -> str:
        """``decisions.yaml:3``, the same on every machine."""
        return Path(self.where).name


def read_decisions(path: Path) -> list[Decision]:
    """Read the decisions; a file that does not exist holds none.

    Raises:
        ConfigurationError: for the first mistake, with file and line.
    """
    if not path.exists():
        return []
    try:
        # As text: an id of 12 hex digits can look like a number, and yes or no are choices somebody might offer.
        value, positions = read_with_positions(path, scalars_as_text=True)
    except UnreadableInput as error:
        raise ConfigurationError(error.subject, error.happened, error.remedy) from error
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigurationError(f"{path}:1", "is no list", "write each decision as - {id: …, choice: …, …}")
    decisions = [_decision(path, index, entry, positions) for index, entry in enumerate(value)]
    first: dict[str, Decision] = {}
    for decision in decisions:
        if (earlier := first.setdefault(decision.id, decision)) is not decision:
            happened = f"decides {decision.id} again; {earlier.where} did already"
            raise ConfigurationError(decision.where, happened, "keep one of them")
    return decisions


def _decision(path: Path, index: int, entry: object, positions: Positions) -> Decision:
    def refuse(key: str, happened: str, remedy: str) -> ConfigurationError:
        line = positions.get(pointer(index, key), positions[pointer(index)])[0]
        return ConfigurationError(f"{path}:{line}", happened, remedy)

    if not isinstance(entry, Mapping):
        raise refuse("", "an entry is no mapping", "write - {id: …, choice: …, who: …, why: …}")
    for key, text in entry.items():
        if key not in _KEYS:
            near = nearest(str(key), _KEYS)
            remedy = f'write "{near}"' if near else "valid keys: " + ", ".join(_KEYS)
            raise refuse(str(key), f'the key "{key}" is unknown', remedy)
        if not isinstance(text, str):
            raise refuse(key, f"{key} is no text", "write one line of text")
    for key in ("id", "choice", "who", "why"):
        if not entry.get(key, "").strip():
            raise refuse(key, f'"{key}" is missing', f"add {key}: …")
    if not _ID.fullmatch(entry["id"]):
        raise refuse("id", f'the id "{entry["id"]}" has the wrong form', "copy the 12 hex digits from the report")
    expires = entry.get("expires", "")
    try:
        last_day = None if expires in ("", "null", "~") else date.fromisoformat(expires)
    except ValueError as error:
        raise refuse("expires", f'expires "{expires}" is no date', "write it as 2027-01-31, or leave it out") from error
    where = f"{path}:{positions[pointer(index)][0]}"
    return Decision(entry["id"], entry["choice"], entry["who"], entry["why"], last_day, where)


def apply_decisions(findings: Iterable[Finding], decisions: Sequence[Decision], today: date) -> list[Finding]:
    """Answer findings.

    Args:
        findings: what the conversion found.
        decisions: what ``read_decisions`` returned.
        today: a decision counts until its day of expiry is over.

    Returns:
        The findings in their order, answered where somebody decided; then one ``decision-expired`` or
        ``decision-stale`` for each decision that has no effect.

    Raises:
        ConfigurationError: when a decision gives an answer its finding does not offer.
    """
    by_id = {decision.id: decision for decision in decisions}
    answered: list[Finding] = []
    expired: dict[str, Finding] = {}
    met: set[str] = set()
    for finding in findings:
        decision = by_id.get(finding.id)
        if decision is None:
            answered.append(finding)
            continue
        met.add(decision.id)
        _check_choice(decision, finding)
        if decision.expires is not None and decision.expires < today:
            message = f"{decision.who} chose {decision.choice} for {finding.subject} until {decision.expires}"
            kind = code("decision-expired")
            expired[decision.id] = Finding(kind, finding.environment, decision.id, message, decision.file_and_line)
            answered.append(finding)
        else:
            answered.append(replace(finding, decision=decision.choice))
    stale = [
        Finding(code("decision-stale"), "", decision.id, f"{decision.who} decided on a finding that is gone",
                decision.file_and_line)
        for decision in decisions if decision.id not in met
    ]  # fmt: skip
    return [*answered, *expired.values(), *stale]


def _check_choice(decision: Decision, finding: Finding) -> None:
    choices = finding.kind.choices
    if decision.choice in choices:
        return
    happened = f'"{decision.choice}" is no answer to {finding.kind.code} ({finding.subject})'
    near = nearest(decision.choice, choices)
    offered = ", ".join(choices) or "nothing: it takes no decision, remove the entry"
    raise ConfigurationError(decision.where, happened, f'write "{near}"' if near else f"choose one of: {offered}")
