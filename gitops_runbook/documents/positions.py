"""Read a small YAML document together with the line and column of every key and item.

For files a person writes for us (``gitops-runbook.yaml``, ``decisions.yaml``): strict where YAML is a trap. Duplicate
keys, custom tags, several documents and recursive anchors are refused, and scalars are read by the YAML 1.2 core
schema (https://yaml.org/spec/1.2.2/#103-core-schema), so ``no`` and ``1:30`` are text as everybody expects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from gitops_runbook.errors import UnreadableInput

Positions = Mapping[str, tuple[int, int]]
"""JSON pointer (RFC 6901) → line and column, both from 1; of the key in a mapping, of the item in a list."""

_MAX_NODES = 200_000
"""Anchors can make a small file expand without end ("billion laughs"); no file of ours comes near this."""

_MAX_DEPTH = 100
"""libyaml composes nodes recursively and takes the interpreter down with it at some ten thousand levels."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _CoreLoader(_Loader):  # type: ignore[misc] # chosen at run time, both have the same interface
    """Resolves plain scalars by the YAML 1.2 core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own protocol


class _TextLoader(_Loader):  # type: ignore[misc]
    """Leaves every scalar the text that stands in the file."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
):  # fmt: skip
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def pointer(*parts: object) -> str:
    """Write a JSON pointer.

    >>> pointer("environments", "a/b", 0)
    '/environments/a~1b/0'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def load_with_positions(text: str, file: str, *, scalars_as_text: bool = False) -> tuple[Any, Positions]:
    """Parse one YAML document.

    Args:
        text: the document.
        file: its name, for messages.
        scalars_as_text: leave every scalar as it is written, so that an identifier like ``12345678e901`` is no number.

    Returns:
        The value (None for an empty document) and where each part of it stands.

    Raises:
        UnreadableInput: when it is not one plain YAML document; the subject is ``file:line``.
    """
    try:
        _check_depth(text, file)
        node = yaml.compose(text, Loader=_TextLoader if scalars_as_text else _CoreLoader)
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(error, text, file)
    except yaml.YAMLError as error:  # a control character: PyYAML gives no mark
        happened = f"is no YAML: {str(error).splitlines()[0]}"
        raise UnreadableInput(file, happened, "remove the character; a text editor may have hidden it") from error
    if node is None:
        return None, {"": (1, 1)}
    walk = _Walk(file)
    value = walk.value(node, "")
    return value, walk.positions


def read_with_positions(path: Path, *, scalars_as_text: bool = False) -> tuple[Any, Positions]:
    """Read a file and parse it like ``load_with_positions``; a byte order mark is ignored.

    Raises:
        UnreadableInput: when it cannot be read, is not UTF-8, or is not one plain YAML document.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(str(path), f"cannot be read: {error.strerror}", "check the path and its mode") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        happened = f"holds the byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise UnreadableInput(f"{path}:{line}", happened, "save the file as UTF-8") from error
    return load_with_positions(text, str(path), scalars_as_text=scalars_as_text)


def _check_depth(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            happened = f"nests values more than {_MAX_DEPTH} levels deep"
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise UnreadableInput(f"{file}:{line}", happened, "write it flatter")


def _refuse_syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    indentation = written[: len(written) - len(written.lstrip())]
    if "\t" in indentation:
        raise UnreadableInput(
            f"{file}:{line}", "a tab stands in the indentation", "indent with spaces; YAML knows no tabs there"
        ) from error
    happened = f"is no YAML: {error.problem or error.context}"
    remedy = "check indentation, colons and quotes in this line and the one before"
    if "expected a single document" in (error.context or ""):
        happened, remedy = "holds more than one document", "keep the first one; remove the line ---"
    raise UnreadableInput(f"{file}:{line}", happened, remedy) from error


class _Walk:
    """Turns nodes into values and notes where they stand."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.positions: dict[str, tuple[int, int]] = {}
        self._open: set[int] = set()
        self._constructor = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, at: str) -> object:
        """Construct one node; its own position is noted unless the key above it already did."""
        self._note(at, node)
        if id(node) in self._open:
            self._refuse(node, "an anchor contains itself", "write the value out")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                self._check_tag(node, "seq")
                return [self.value(item, f"{at}/{index}") for index, item in enumerate(node.value)]
            self._check_tag(node, "map")
            return self._mapping(node, at)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, at: str) -> dict[object, object]:
        own: dict[object, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[object, object] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged |= self._merge(value_node, at)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(key_node, "a key is a list or a mapping", "use a plain word as key")
            key = self._scalar(key_node)
            if key in own:
                first = own[key][0].start_mark.line + 1
                self._refuse(key_node, f'the key "{key}" stands here and in line {first}', "keep one of them")
            own[key] = (key_node, value_node)
        result = merged
        for key, (key_node, value_node) in own.items():
            below = at + pointer(key)
            self.positions.pop(below, None)
            self._note(below, key_node)
            result[key] = self.value(value_node, below)
        return result

    def _merge(self, node: yaml.Node, at: str) -> dict[object, object]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        result: dict[object, object] = {}
        for source in reversed(sources):  # the first source wins: https://yaml.org/type/merge.html
            if not isinstance(source, yaml.MappingNode):
                self._refuse(source, "<< merges something that is no mapping", "refer to a mapping: <<: *name")
            result |= self._mapping(source, at)
        return result

    def _scalar(self, node: yaml.ScalarNode) -> object:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text = str(node.value)
        if kind == "str":
            return text
        if kind == "int":
            if len(text) > 40:
                self._refuse(node, "the number is too long", 'quote it when it is text: "…"')
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if kind not in ("null", "bool", "float"):
            self._check_tag(node, "str")
        if kind == "float" and "." not in text and "e" in text.lower():
            return float(text)  # YAML 1.1, which PyYAML follows, wants a dot here
        return self._constructor.construct_object(node)

    def _note(self, at: str, node: yaml.Node) -> None:
        if len(self.positions) >= _MAX_NODES:
            self._refuse(node, "the file expands to more than 200,000 values", "write anchors out")
        self.positions.setdefault(at, (node.start_mark.line + 1, node.start_mark.column + 1))

    def _check_tag(self, node: yaml.Node, expected: str) -> None:
        if node.tag != f"tag:yaml.org,2002:{expected}":
            self._refuse(node, f"the tag {node.tag} is not known here", "remove the tag")

    def _refuse(self, node: yaml.Node, happened: str, remedy: str) -> NoReturn:
        raise UnreadableInput(f"{self.file}:{node.start_mark.line + 1}", happened, remedy)
