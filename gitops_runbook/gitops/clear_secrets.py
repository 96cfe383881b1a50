"""The last net under everything else: no secret stands in the tree in a form somebody could read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

_SHORTEST_SECRET = 6
"""Characters. Shorter values (``no``, ``8080``) occur everywhere by chance, and finding them would say nothing."""


def clear_secrets(files: Mapping[str, str], secrets: Iterable[str]) -> list[str]:
    """The paths of the files in which a secret stands raw, base64-encoded, URL-quoted or escaped, in order.

    A secret inside a longer base64 text is found too, wherever it begins in it. Texts of several lines are looked for
    line by line, since YAML indents them. Secrets shorter than six characters are not looked for.
    """
    needles = sorted({form for secret in secrets for form in readable_forms(secret)})
    return [path for path in sorted(files) if _contains_any(files[path], needles)]


def readable_forms(secret: str) -> set[str]:
    """All texts by which a secret can be recognised."""
    forms: set[str] = set()
    for part in {secret, *secret.splitlines()}:
        if len(part.strip()) >= _SHORTEST_SECRET:
            forms |= {part, quote(part, safe=""), json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1]}
    if len(secret.strip()) >= _SHORTEST_SECRET:
        forms |= _base64_forms(secret.encode("utf-8", "surrogatepass"))
    return forms


def _base64_forms(secret: bytes) -> set[str]:
    """Base64 of the secret at each of the three offsets, without the characters that depend on its neighbours."""
    forms = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret).decode()
        unsure = (0, 3, 2)[(offset + len(secret)) % 3]  # padding, and the character before it
        stable = encoded[(0, 2, 3)[offset] : len(encoded) - unsure]
        forms |= {stable, stable.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= _SHORTEST_SECRET}


def _contains_any(text: str, needles: Iterable[str]) -> bool:
    joined = "".join(line.strip() for line in text.splitlines())  # base64 is often wrapped
    return any(needle in text or needle in joined for needle in needles)
