"""YAML out: block style that every reader – YAML 1.1, YAML 1.2, PyYAML, Go – reads back as exactly the same values.

PyYAML's own emitter leaves ``1e3``, ``0o14`` or ``08`` without quotes, which Go reads as numbers: image tags and short
commit hashes change. Here a string stands plain only when its form rules out any other reading, and is double-quoted
otherwise, which all readers understand alike (https://yaml.org/spec/1.1/, https://yaml.org/spec/1.2.2/).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from gitops_runbook.documents.json_values import Json
from gitops_runbook.errors import UnreadableInput

_PLAIN = re.compile(
    r"(?:--(?=[A-Za-z])|(?:\.\.?/)+)?[A-Za-z_/^$]"
    r"(?:[A-Za-z0-9_./@+=,()\[\]*%~$^<>-]|:(?=[A-Za-z0-9_./@-])| (?=[A-Za-z0-9_./(]))*"
)
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti|h|s|ms|d)|(?:[0-9]+h)?[0-9]+m[0-9]+s")
_WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf", "infinity"})
# What a YAML file may not hold, or what some reader takes for a line break: only inside double quotes, as an escape.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_SIMPLE_KEY = 1000  # characters; the specification allows 1024 before the colon


def dump(document: Json, comment: str = "") -> str:
    """Write one JSON value as a YAML document, with the comment above it; keys keep their order.

    Raises:
        UnreadableInput: when it holds something JSON or UTF-8 cannot express: another type, NaN, a lone surrogate.
    """
    out = [_comment_lines(comment)]
    if isinstance(document, Mapping) and document:
        _mapping(out, document, "", "")
    elif _is_list(document) and document:
        _sequence(out, document, "", "")
    else:
        out += (_scalar(document, ""), "\n")
    return "".join(out)


def dump_all(documents: Iterable[tuple[Json, str]]) -> str:
    """Write (document, comment) pairs as one file of several YAML documents.

    Raises:
        UnreadableInput: as ``dump``.
    """
    return "---\n".join(dump(document, comment) for document, comment in documents)


def _comment_lines(comment: str) -> str:
    lines = (_SURROGATE.sub("?", _ESCAPED.sub("?", line)).rstrip() for line in comment.splitlines())
    return "".join(f"# {line}\n" if line else "#\n" for line in lines)


def _mapping(out: list[str], mapping: Mapping[Json, Json], indent: str, first: str) -> None:
    """Append the entries, each on its own line behind ``indent``; the first one behind ``first``."""
    lead = first
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise _inexpressible(key)
        name = _string(key)
        out += (lead, name, ":") if len(name) <= _LONGEST_SIMPLE_KEY else (lead, "? ", name, "\n", indent, ":")
        lead = indent
        if isinstance(value, Mapping) and value:
            out.append("\n")
            _mapping(out, value, indent + "  ", indent + "  ")
        elif _is_list(value) and value:
            out.append("\n")
            _sequence(out, value, indent, indent)
        else:
            out += (" ", _scalar(value, indent), "\n")


def _sequence(out: list[str], sequence: Sequence[Json], indent: str, first: str) -> None:
    """Append the items as ``_mapping`` does; a container starts on the line of its dash."""
    lead = first
    for value in sequence:
        out += (lead, "- ")
        lead = indent
        if isinstance(value, Mapping) and value:
            _mapping(out, value, indent + "  ", "")
        elif _is_list(value) and value:
            _sequence(out, value, indent + "  ", "")
        else:
            out += (_scalar(value, indent), "\n")


def _scalar(value: Json, indent: str) -> str:
    """Write a scalar or an empty container; ``indent`` is that of the entry it belongs to."""
    if isinstance(value, str):
        return _literal(value, indent) if _fits_literal(value) else _string(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping) or _is_list(value):
        return "{}" if isinstance(value, Mapping) else "[]"
    raise _inexpressible(value)


def _number(value: float) -> str:
    """Write a float with a point and a signed exponent, which YAML 1.1 asks for (``1e+22`` would be a string)."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise _inexpressible(value)
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    return text if "." in mantissa else f"{mantissa}.0{e}{exponent}"


def _string(text: str) -> str:
    """Write a string on one line."""
    if _PLAIN.fullmatch(text):
        if text.lower() not in _WORDS:
            return text
    elif _QUANTITY.fullmatch(text):
        return text
    if _SURROGATE.search(text):
        raise _inexpressible(text)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _fits_literal(text: str) -> bool:
    """Say whether a literal block returns the text exactly: no indentation to guess, nothing to escape."""
    return "\n" in text and text[0] not in "\n\t " and not _ESCAPED.search(text) and not _SURROGATE.search(text)


def _literal(text: str, indent: str) -> str:
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    mark = ("|-", "|", "|+")[min(ends, 2)]
    lines = "".join(f"\n{indent}  {line}" if line else "\n" for line in body.split("\n"))
    return mark + lines + "\n" * max(ends - 1, 0)


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _inexpressible(value: Json) -> UnreadableInput:
    return UnreadableInput(
        ascii(value)[:80],
        f"a {type(value).__name__} that JSON in UTF-8 cannot express",
        "write it as text, a number, a list or a map",
    )
