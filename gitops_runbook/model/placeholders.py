"""The placeholders that stand for unknown values in a recording; none may ever reach a repository."""

from __future__ import annotations

import re
from typing import Any

PLACEHOLDER = re.compile(r"[0-9a-f]{24,}_(vault|live|random)_[0-9a-f]*", re.IGNORECASE)
"""As the recorder writes them (``ansible/recorder/record.py``)."""


def holds_placeholder(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Say whether a placeholder stands anywhere in a JSON value, keys included."""
    if isinstance(value, str):
        return PLACEHOLDER.search(value) is not None
    if isinstance(value, dict):
        return any(holds_placeholder(item) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(holds_placeholder(item) for item in value)


def readable(text: str) -> str:
    """Shorten the placeholders in a text that people read to a question mark and what tells them apart."""
    return PLACEHOLDER.sub(lambda found: f"?{found.group(0)[1:5]}", text)
