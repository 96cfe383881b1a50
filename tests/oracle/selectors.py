"""Label and field selectors as list requests carry them."""

import re
from typing import Any

_SET = re.compile(r"([^\s!=,()]+)\s+(in|notin)\s+\(([^)]*)\)")


def selects(query: dict[str, str], shown: dict[str, Any]) -> bool:
    """Tell whether an object matches the labelSelector and fieldSelector of a request."""
    metadata = shown["metadata"]
    fields = {"metadata.name": metadata.get("name"), "metadata.namespace": metadata.get("namespace")}
    fields["status.phase"] = shown.get("status", {}).get("phase")
    labels = metadata.get("labels") or {}
    return _matches(query.get("labelSelector", ""), labels) and _matches(query.get("fieldSelector", ""), fields)


def _matches(selector: str, values: dict[str, Any]) -> bool:
    for name, operator, words in _SET.findall(selector):
        if (values.get(name) in [word.strip() for word in words.split(",")]) != (operator == "in"):
            return False
    return all(_term(term.strip(), values) for term in _SET.sub("", selector).split(",") if term.strip())


def _term(term: str, values: dict[str, Any]) -> bool:
    if "!=" in term:
        name, _, word = term.partition("!=")
        return bool(values.get(name.strip()) != word.strip())
    if "=" in term:
        name, _, word = term.replace("==", "=").partition("=")
        return bool(values.get(name.strip()) == word.strip())
    return (term.lstrip("!") in values) != term.startswith("!")
