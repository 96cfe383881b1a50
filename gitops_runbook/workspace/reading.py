"""Read ``gitops-runbook.yaml``: every mistake is named with file, line and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gitops_runbook.documents.positions import Positions, pointer, read_with_positions
from gitops_runbook.errors import ConfigurationError, UnreadableInput
from gitops_runbook.workspace.configuration import Configuration
from gitops_runbook.workspace.secret_references import find_secret_literals

CONFIGURATION_FILE = "gitops-runbook.yaml"

_EXPECTED = {
    "string_type": "text", "int_type": "a whole number", "bool_type": "true or false", "dict_type": "a mapping",
    "model_type": "a mapping", "model_attributes_type": "a mapping", "tuple_type": "a list", "list_type": "a list",
}  # fmt: skip
_PATTERN_REMEDIES = {
    "/platform": "use lower case letters, digits and hyphens, at most 63",
    "/flux/version": 'write it as three numbers: version: "2.9.5"',
    "/flux/namespace": "use lower case letters, digits and hyphens, at most 63",
    "/runs/retention": "write a number of days, e.g. 90d, or null",
}


def read_configuration(path: Path) -> Configuration:
    """Read and check the configuration file.

    Raises:
        ConfigurationError: for the first mistake in the file; its subject is ``file:line``, and it says how many more
            there are.
    """
    try:
        value, positions = read_with_positions(path)
    except UnreadableInput as error:
        raise ConfigurationError(error.subject, error.happened, error.remedy) from error
    if not isinstance(value, Mapping):
        remedy = "begin with platform: and environments:, or let gitops-runbook init write the file"
        raise ConfigurationError(f"{path}:1", f"holds {_kind(value)} instead of a mapping", remedy)
    _refuse_secret_literals(path, value, positions)
    try:
        return Configuration.model_validate(value)
    except ValidationError as error:
        raise _explain(path, positions, error) from error


def nearest(written: str, valid: Iterable[str]) -> str:
    """Return the valid word somebody probably meant, or an empty text."""
    found = difflib.get_close_matches(written, list(valid), n=1, cutoff=0.6)
    return found[0] if found else ""


def _refuse_secret_literals(path: Path, value: object, positions: Positions) -> None:
    for at, form in find_secret_literals(value):
        if at == "/ansible/vault_password" and form.startswith("the value"):
            continue  # the model says that it must be a reference
        where = f"{path}:{_line(positions, at)}"
        remedy = (
            "take it out of the file (and rotate it if it was committed); give a reference or an ansible-vault file"
        )
        raise ConfigurationError(where, f"{at[1:].replace('/', '.')} looks like {form}", remedy)


def _explain(path: Path, positions: Positions, error: ValidationError) -> ConfigurationError:
    # A misspelt key is also a missing one; the unknown key, which says what was meant, comes first.
    problems = sorted(
        (problem["type"] != "extra_forbidden", _line(positions, _known(positions, problem["loc"])), *_describe(problem))
        for problem in error.errors(include_url=False)
    )
    _, line, happened, remedy = problems[0]
    if len(problems) > 1:
        happened += f" (and {len(problems) - 1} more)"
    return ConfigurationError(f"{path}:{line}", happened, remedy)


def _describe(problem: Mapping[str, Any]) -> tuple[str, str]:
    """Turn one pydantic problem into what happened and a remedy; values are repeated only where they are harmless."""
    parts = tuple(part for part in problem["loc"] if part != "[key]")
    name = ".".join(str(part) for part in parts)
    if problem["type"] == "extra_forbidden":
        valid = _keys_at(parts[:-1])
        near = nearest(str(parts[-1]), valid)
        return f'the key "{name}" is unknown', f'write "{near}"' if near else "valid keys here: " + ", ".join(valid)
    if problem["type"] == "missing":
        return f'the key "{name}" is missing', f"add {parts[-1]}: …"
    return _describe_value(name, parts, problem)


def _describe_value(name: str, parts: Sequence[object], problem: Mapping[str, Any]) -> tuple[str, str]:
    kind, happened, remedy = problem["type"], "", "correct the value"
    if kind in _EXPECTED:
        found = _kind(problem["input"])
        happened = f"{name} is {found} where {_EXPECTED[kind]} is expected"
        quotable = kind == "string_type" and found in ("a number", "true/false")
        remedy = 'put it in quotes: "…"' if quotable else f"write {_EXPECTED[kind]}"
    elif kind == "literal_error":
        valid = str(problem["ctx"]["expected"]).replace("'", "")
        near = nearest(str(problem["input"]), re.split(r", | or ", valid))
        happened, remedy = f"{name} must be {valid}", f'write "{near}"' if near else "write one of them"
    elif kind == "string_pattern_mismatch":
        happened, remedy = f"{name} has the wrong form", _pattern_remedy(parts)
    elif kind == "value_error":
        happened = f"{name} {problem['ctx']['error']}"
    elif kind == "too_short":
        happened, remedy = f"{name} is empty", "give at least one"
    else:
        happened = f"{name}: {problem['msg'].replace('Input should be', 'must be').replace('Keys', 'keys')}"
    return happened, remedy


def _pattern_remedy(parts: Sequence[object]) -> str:
    if parts[-1] == "age_recipient":
        return "give the public key; it begins with age1"
    if parts[-1] == "path":
        return "begin with /"
    return _PATTERN_REMEDIES.get(pointer(*parts), "use lower case letters, digits and hyphens, at most 63")


def _keys_at(parts: Sequence[object]) -> list[str]:
    """The valid keys of the model at a place, e.g. those of Environment at ("environments", "staging")."""
    model: Any = Configuration
    for part in parts:
        if isinstance(model, type) and issubclass(model, BaseModel):
            annotation = model.model_fields[str(part)].annotation
            model = annotation
        else:  # dict[Label, Model]: whatever the name is
            model = model.__args__[1]
    return list(model.model_fields)


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    names = {bool: "true/false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)


def _known(positions: Positions, location: Sequence[object]) -> str:
    """The deepest place of the file that a pydantic location points into."""
    for end in range(len(location), -1, -1):
        at = pointer(*location[:end])
        if at in positions:
            return at
    return ""


def _line(positions: Positions, at: str) -> int:
    return positions.get(at, (1, 1))[0]
