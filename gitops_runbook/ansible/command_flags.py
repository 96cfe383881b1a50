"""Read the flags of a kubectl or helm command line; an unknown flag is a problem, never ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class UnknownFlag(ValueError):
    """A flag this package does not know; it might change what the command does."""


@dataclass
class Flags:
    """A command line taken apart: positional words, and the flags with their values in order."""

    words: list[str] = field(default_factory=list)
    given: list[tuple[str, str]] = field(default_factory=list)

    def last(self, name: str, default: str = "") -> str:
        """The value of a flag; when given more than once the last one counts."""
        return next((value for flag, value in reversed(self.given) if flag == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of a flag, in order."""
        return [value for flag, value in self.given if flag == name]

    def on(self, name: str) -> bool:
        """Whether a boolean flag is set."""
        return self.last(name, "false").lower() in ("true", "1", "t")


def parse_flags(words: Sequence[str], valued: Mapping[str, str], switches: Mapping[str, str]) -> Flags:
    """Take a command line apart, as the cobra library of kubectl and helm does.

    Args:
        words: what follows the program's name.
        valued: flag as written (``-n``, ``--namespace``) → its name, for flags that take a value.
        switches: the same for boolean flags.

    Raises:
        UnknownFlag: for a flag in neither.
    """
    flags, rest = Flags(), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            flags.words += rest
            break
        if word == "-" or not word.startswith("-"):
            flags.words.append(word)
            continue
        name, equals, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2 and word[:2] in valued and not equals:
            name, equals, value = word[:2], "=", word[2:]  # -nNAMESPACE
        if name in switches:
            flags.given.append((switches[name], value if equals else "true"))
        elif name in valued:
            if not equals and not rest:
                raise UnknownFlag(f"{name} has no value")
            flags.given.append((valued[name], value if equals else rest.pop(0)))
        else:
            raise UnknownFlag(f"the flag {name} is not known here")
    return flags


def named(*spellings: str) -> dict[str, str]:
    """Build a flag table: ``named("-n --namespace", "--version")`` → each spelling → the long name without dashes."""
    table = {}
    for group in spellings:
        names = group.split()
        table.update({name: names[-1].lstrip("-") for name in names})
    return table
