"""Findings: what a person must know or decide about a conversion. Codes are a closed, documented list."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: ``error`` – something is missing from the tree; ``warning`` – look; ``info``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class FindingCode:
    """One kind of finding: ``code`` is kebab-case and never changes its meaning.

    Attributes:
        choices: the answers ``decisions.yaml`` may give; empty when there is nothing to choose.
    """

    code: str
    severity: Severity
    title: str
    why: str
    remedy: str
    choices: tuple[str, ...] = ("accept",)


@dataclass(frozen=True)
class Finding:
    """One thing found in one environment.

    Attributes:
        environment: environment name, or empty when it concerns all of them.
        subject: the object, variable, task or file it is about; part of the identity.
        where: ``file:line`` in the Ansible project, or empty.
        message: what was seen, in one sentence.
        decision: the choice somebody committed in ``decisions.yaml``, or empty.
    """

    kind: FindingCode
    environment: str
    subject: str
    message: str
    where: str = ""
    decision: str = ""

    @property
    def id(self) -> str:
        """Stable identity: 12 hex digits over code, environment and subject."""
        identity = "\0".join((self.kind.code, self.environment, self.subject))
        return hashlib.sha256(identity.encode()).hexdigest()[:12]

    @property
    def is_open(self) -> bool:
        """Nobody has answered it, and it is more than information."""
        return not self.decision and self.kind.severity is not Severity.INFO

    def as_json(self) -> dict[str, str]:
        """The finding as the conversion report holds it."""
        return {
            "id": self.id, "code": self.kind.code, "severity": str(self.kind.severity),
            "environment": self.environment, "object": self.subject, "where": self.where,
            "message": self.message, "remedy": self.kind.remedy, "decision": self.decision,
        }  # fmt: skip
