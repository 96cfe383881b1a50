"""Secrets are named, never written: references, and how a literal that looks like a secret is recognised."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.documents.positions import pointer
from gitops_runbook.errors import UnreadableInput, UsageError

_PATTERNS = {
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "file": re.compile(r".+"),
    "k8s": re.compile(r"[^/#]+/[^/#]+#[^/#]+"),
    "sops": re.compile(r"[^#]+#.+"),
}
"""Scheme → form of what follows the colon."""

_SECRET_FORMS = {
    "an age secret key": re.compile(r"AGE-SECRET-KEY-1", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{16,}"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "an address with a password": re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE),
}
_SECRET_NAME = re.compile(
    r"(passwd|password|passphrase|token|api_?key|private_?key|secret_?key|client_secret)$", re.IGNORECASE
)
_NO_LITERAL = re.compile(r"\{\{|^(env|file|k8s|sops):")


@dataclass(frozen=True)
class SecretReference:
    """Where a secret is found, e.g. ``file:~/.vault-password`` or ``env:GITHUB_TOKEN``."""

    scheme: str
    target: str

    @classmethod
    def parse(cls, text: str, *schemes: str) -> SecretReference:
        """Read a reference of one of the given schemes (of any, when none is given).

        Raises:
            ValueError: when it is none; the message never repeats the text, which may be the secret itself.
        """
        allowed = schemes or tuple(_PATTERNS)
        scheme, _, target = text.partition(":")
        if scheme not in allowed or not _PATTERNS[scheme].fullmatch(target):
            forms = {
                "env": "env:NAME", "file": "file:PATH", "k8s": "k8s:NAMESPACE/NAME#KEY", "sops": "sops:FILE#KEY",
            }  # fmt: skip
            raise ValueError("must be a reference, " + " or ".join(forms[name] for name in allowed))
        return cls(scheme, target)

    def path(self, base: Path) -> Path:
        """The file of a ``file:`` reference; relative paths start at ``base``, ``~`` is the user's home."""
        return base / Path(self.target).expanduser()

    def read(self, base: Path) -> str:
        """Fetch an ``env:`` or ``file:`` secret, without the line end a file has.

        Raises:
            UnreadableInput: when the variable is not set or the file cannot be read as text.
            UsageError: for a scheme that needs a cluster or sops.
        """
        if self.scheme == "env":
            if (value := os.environ.get(self.target)) is None:
                raise UnreadableInput(str(self), "the environment variable is not set", f"export {self.target}=…")
            return value
        if self.scheme != "file":
            raise UsageError(str(self), "cannot be read on this machine alone", "use env:NAME or file:PATH here")
        path = self.path(base)
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UnreadableInput(str(self), f"{path} cannot be read: {reason}", "check the path and mode") from error

    def __str__(self) -> str:
        return f"{self.scheme}:{self.target}"


def find_secret_literals(value: object, at: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    """Find texts that look like secrets: by their form, or by the name of the key they stand under.

    Yields:
        JSON pointer and what it looks like, e.g. ``("/repository/url", "an address with a password")``.
    """
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from find_secret_literals(below, at + pointer(key), str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, below in enumerate(value):
            yield from find_secret_literals(below, f"{at}/{index}", name)
    elif isinstance(value, str) and value:
        for form, pattern in _SECRET_FORMS.items():
            if pattern.search(value):
                yield at, form
                return
        if _SECRET_NAME.search(name) and not _NO_LITERAL.search(value):
            yield at, f"the value of {name}"
