"""YAML in, read as Kubernetes' programs read it: sigs.k8s.io/yaml, which is go-yaml v2 and then JSON.

Neither PyYAML (``1e3`` is a string, ``12:30`` a number, ``=`` an error) nor YAML 1.2 (``yes`` is a string) decides
what reaches the API server. Source of the rules: sigs.k8s.io/yaml v1.4.0, ``goyaml.v2/resolve.go`` (scalars),
``goyaml.v2/decode.go`` (merge keys, tags) and ``yaml.go`` (keys, JSON). Two things are stricter here, as kustomize and
kubectl are: a key that stands twice is an error, and so are numbers JSON does not have (``.inf``, ``.nan``).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from functools import lru_cache
from typing import NoReturn, cast

import yaml

from gitops_runbook.documents.json_values import Json, normal_number
from gitops_runbook.errors import UnreadableInput

_TAG = "tag:yaml.org,2002:"
_PLAIN, _QUOTED, _COLLECTION = "plain", "quoted", "collection"
_RESOLVED = frozenset({_PLAIN, "bool", "int", "float", "null"})
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_FINITE = {
    f"{sign}.{word}": float(sign + word)
    for sign, words in (("", ("nan", "NaN", "NAN")), *((sign, ("inf", "Inf", "INF")) for sign in ("", "+", "-")))
    for word in words
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")


def load_all(text: str, source: str = "YAML") -> list[Json]:
    """Read all documents of a text as JSON values; an empty document is None.

    Args:
        text: YAML or JSON.
        source: path or other name that an error gives as the place.

    Raises:
        UnreadableInput: when it is no YAML, or nothing JSON can express; names source, line and column.
    """
    try:
        parser = _Parser(text)
        try:
            documents = []
            while parser.check_node():
                documents.append(_Builder(source).value(cast("yaml.Node", parser.get_node())))
            return documents
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        raise _unreadable(place, error.problem or error.context or "no YAML") from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _unreadable(source, " ".join(str(error).split())) from error


class _Parser(yaml.CSafeLoader):
    """libyaml's parser and composer; the tag of a scalar without one only says whether it stood plain."""

    def resolve(self, kind: type[yaml.Node], _value: Json, implicit: Json) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _QUOTED
        return _COLLECTION


class _Builder:
    """Turns the nodes of one document into JSON values; an alias yields the same object as its anchor."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.built: dict[yaml.Node, Json] = {}
        self.open: set[yaml.Node] = set()

    def value(self, node: yaml.Node) -> Json:
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.tag == _QUOTED else self.scalar(node)
        if node in self.built:
            return self.built[node]
        if node in self.open:
            self.fail(node, "an anchor's value contains itself")
        self.open.add(node)
        if isinstance(node, yaml.MappingNode):
            result: Json = self.mapping(node)
        else:
            result = [self.value(child) for child in node.value]
        self.open.discard(node)
        self.built[node] = result
        return result

    def mapping(self, node: yaml.MappingNode) -> dict[str, Json]:
        result: dict[str, Json] = {}
        own: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.value == "<<" and key_node.tag in {_PLAIN, _TAG + "merge"}:
                result.update(self.merged(value_node))
                continue
            key = self.key(key_node)
            if key in own:
                self.fail(key_node, f"the key {key!r} stands twice in one map")
            own.add(key)
            result[key] = self.value(value_node)
        return result

    def merged(self, node: yaml.Node) -> dict[str, Json]:
        """Collect what ``<<`` brings; the earlier map of a list wins."""
        if isinstance(node, yaml.MappingNode):
            return dict(self.value(node))
        if not isinstance(node, yaml.SequenceNode) or not all(isinstance(c, yaml.MappingNode) for c in node.value):
            self.fail(node, "only maps can be merged with <<")
        result: dict[str, Json] = {}
        for child in reversed(node.value):
            result.update(self.value(child))
        return result

    def key(self, node: yaml.Node) -> str:
        """JSON has only text as keys; Go writes whole numbers and booleans as text and refuses the rest."""
        value = self.value(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) and -(2**63) <= value < 2**63:
            return str(value)
        if not isinstance(value, str):
            self.fail(node, "a key must be text")
        return value

    def scalar(self, node: yaml.ScalarNode) -> Json:
        wanted = node.tag.removeprefix(_TAG)
        if wanted == "binary":
            return self.binary(node)
        if wanted not in _RESOLVED:
            return node.value
        kind, value = resolve(node.value)
        if wanted not in {kind, _PLAIN} and (kind, wanted) != ("int", "float"):
            self.fail(node, f"{node.value!r} is no {wanted}")
        if isinstance(value, float) and not math.isfinite(value):
            self.fail(node, f"JSON has no number {node.value}")
        return value

    def binary(self, node: yaml.ScalarNode) -> str:
        try:
            return base64.b64decode("".join(node.value.split()), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            self.fail(node, "!!binary that is no base64 of UTF-8 text")

    def fail(self, node: yaml.Node, happened: str) -> NoReturn:
        mark = node.start_mark
        raise _unreadable(f"{self.source}:{mark.line + 1}:{mark.column + 1}", happened)


@lru_cache(maxsize=1 << 16)
def resolve(text: str) -> tuple[str, bool | float | str | None]:
    """Say what a plain scalar is to go-yaml v2: (``null bool int float str``, JSON value).

    A date is text: go-yaml keeps it so for everything that becomes JSON.
    """
    if text in _WORDS:
        word = _WORDS[text]
        return ("null" if word is None else "bool"), word
    if text in _NOT_FINITE:
        return "float", _NOT_FINITE[text]
    if text[0] == "." and _DOT_FLOAT.fullmatch(text):
        return _as_float(text) or ("str", text)
    if text[0] in "+-0123456789":
        return _as_number(text.replace("_", "")) or ("str", text)
    return "str", text


def _as_number(text: str) -> tuple[str, float] | None:
    """Read an integer with Go's prefixes, else a float; None when it is neither."""
    integer = _INTEGER.fullmatch(text)
    if integer:
        sign, *digits = integer.groups()
        value = next(int(part, base) for part, base in zip(digits, (16, 8, 2, 10), strict=True) if part is not None)
        # Go's ParseUint takes no sign.
        if value < 2**63 or (sign == "-" and value == 2**63) or (not sign and value < 2**64):
            return "int", -value if sign == "-" else value
    return _as_float(text) if _FLOAT.fullmatch(text) else None


def _as_float(text: str) -> tuple[str, float] | None:
    """Read a float; one that overflows stays text, and one without fraction is written by Go without a point."""
    number = float(text)
    if math.isinf(number):
        return None
    return "float", normal_number(number)


def _unreadable(place: str, happened: str) -> UnreadableInput:
    return UnreadableInput(place, happened, "correct the YAML at this place")
