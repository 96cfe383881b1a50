"""Values travel as typed data: what a step records can be read back as what it was."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel


def plain(value: object) -> Any:  # noqa: ANN401 - JSON is any
    """Turn a value into JSON values.

    Dataclasses and pydantic models become mappings, sets sorted lists, paths and times text.

    Raises:
        TypeError: when it has no faithful form, e.g. bytes, an open file, or a number that is not finite.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"{value} cannot be recorded: JSON knows no such number")
        return value
    if isinstance(value, PurePath | date):
        return value.isoformat() if isinstance(value, date) else str(value)
    return _plain_collection(value)


def _plain_collection(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(below) for key, below in value.items()}
    if isinstance(value, Set):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(item) for item in value]
    raise TypeError(f"a value of type {type(value).__name__} cannot be recorded; record what matters of it")


def kind_of(value: object) -> str:
    """Name the type a value is recorded under: ``text``, ``integer``, ``path``, ``list``, or the class of a model."""
    known: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "boolean"), (Enum, "choice"), (int, "integer"), (float, "number"), (str, "text"), (datetime, "time"),
        (date, "date"), (PurePath, "path"), (Mapping, "mapping"), ((Sequence, Set), "list"),
    )  # fmt: skip
    if value is None:
        return "null"
    return next((name for types, name in known if isinstance(value, types)), type(value).__name__)
