"""Texts that stand in clear under a name that says they are secret; a person must look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitops_runbook.documents.json_values import Json, escape

_SECRET_NAME = re.compile(
    r"(password|passwd|passphrase|token|api[_-]?key|secret[_-]?key|private[_-]?key|access[_-]?key|client[_-]?secret)$",
    re.IGNORECASE,
)
_SHORTEST = 4
"""Characters; what is shorter is a switch or a placeholder, not a secret."""


def clear_looking_secrets(value: Json, pointer: str = "") -> Iterator[str]:
    """JSON pointers of texts under a key, or beside a ``name``, that ends like the name of a secret.

    References are not meant: ``existingSecret`` and ``passwordKey`` end otherwise, and ``$(NAME)`` is none either.
    """
    if isinstance(value, Mapping):
        name = value.get("name")
        for key, item in value.items():
            here = f"{pointer}/{escape(str(key))}"
            named = name if key == "value" and isinstance(name, str) else key
            if key == "encryptedData":  # of a SealedSecret
                continue
            if isinstance(item, str) and _SECRET_NAME.search(str(named)) and _is_literal(item):
                yield here
            else:
                yield from clear_looking_secrets(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from clear_looking_secrets(item, f"{pointer}/{index}")


def _is_literal(text: str) -> bool:
    return len(text) >= _SHORTEST and not re.match(r"\$[({]|/|file:|env:|https?://", text)
