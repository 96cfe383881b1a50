"""Look for values that the API server would refuse: numbers and booleans where only text is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_runbook.documents.json_values import escape
from gitops_runbook.model.references import is_built_in

_TEXT_MAPS = {"ConfigMap": ("data", "binaryData"), "Secret": ("stringData", "data")}


def values_that_must_be_text(manifest: Mapping[str, Any]) -> list[str]:
    """JSON pointers of labels, annotations, ConfigMap and Secret entries and ``env`` values that are not text.

    Source: Kubernetes API reference; all of them are ``map[string]string`` or ``string`` and decoded strictly.
    """
    return sorted(_found(manifest))


def _found(manifest: Mapping[str, Any]) -> Iterator[str]:
    for name in ("labels", "annotations"):
        yield from _not_text(manifest["metadata"].get(name), f"/metadata/{name}")
    if not is_built_in(str(manifest["apiVersion"])):
        return
    for name in _TEXT_MAPS.get(str(manifest["kind"]), ()):
        yield from _not_text(manifest.get(name), f"/{name}")
    yield from _in_pods(manifest.get("spec"), "/spec")


def _in_pods(value: object, pointer: str) -> Iterator[str]:
    """Pod templates, wherever they stand: their metadata and the environment of their containers."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            place = f"{pointer}/{escape(str(name))}"
            if name in ("containers", "initContainers") and isinstance(item, list):
                for number, container in enumerate(item):
                    yield from _environment(container, f"{place}/{number}/env")
            elif name == "metadata" and isinstance(item, Mapping):
                for kind in ("labels", "annotations"):
                    yield from _not_text(item.get(kind), f"{place}/{kind}")
            elif name in ("template", "spec", "jobTemplate"):
                yield from _in_pods(item, place)


def _environment(container: object, pointer: str) -> Iterator[str]:
    variables = container.get("env") if isinstance(container, Mapping) else None
    for number, variable in enumerate(variables if isinstance(variables, list) else ()):
        value = variable.get("value") if isinstance(variable, Mapping) else None
        if value is not None and not isinstance(value, str):
            yield f"{pointer}/{number}/value"


def _not_text(values: object, pointer: str) -> Iterator[str]:
    for name, value in values.items() if isinstance(values, Mapping) else ():
        if value is not None and not isinstance(value, str):
            yield f"{pointer}/{escape(str(name))}"
