"""One thing the proof found, and how secrets are kept out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_runbook.documents.json_values import ABSENT, Difference, Json, canonical, differences
from gitops_runbook.gitops.clear_secrets import readable_forms

SECRET = "«secret»"  # noqa: S105 - stands where a secret would
NOTHING = "«absent»"


@dataclass(frozen=True)
class ProofDifference:
    """One place where the built tree is not what Ansible would have applied.

    Attributes:
        object: ``Kind/namespace/name``, or the folder of an overlay.
        pointer: JSON pointer within it; empty when it is about the object as a whole.
        expected: the value, ``«absent»`` or ``«secret»``.
        actual: the same of what was built.
    """

    environment: str
    object: str
    pointer: str
    expected: Json
    actual: Json

    def as_json(self) -> dict[str, Json]:
        """The difference as the conversion report holds it."""
        return {
            "environment": self.environment, "object": self.object, "pointer": self.pointer,
            "expected": self.expected, "actual": self.actual,
        }  # fmt: skip


class Masking:
    """Replaces secrets by ``«secret»``, in whatever form they can be read."""

    def __init__(self, secrets: Iterable[str]) -> None:
        secrets = [secret for secret in secrets if secret]
        self._exact = frozenset(secrets)
        self._forms = sorted({form for secret in secrets for form in readable_forms(secret)}, key=len, reverse=True)

    def shows_secret(self, value: Json) -> bool:
        """Say whether a scalar is a secret or a text that contains one."""
        text = value if isinstance(value, str) else canonical(value)
        return text in self._exact or any(form in text for form in self._forms)

    def mask(self, value: Json) -> Json:
        """A copy in which no secret shows; keys are looked at too."""
        if value is ABSENT:
            return NOTHING
        if isinstance(value, Mapping):
            return {self.mask(key): self.mask(child) for key, child in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.mask(child) for child in value]
        return SECRET if self.shows_secret(value) else value


def hide(value: Json) -> str:
    """Hide a value altogether, except that it is absent."""
    return NOTHING if value is ABSENT else SECRET


def unequal(expected: Json, actual: Json) -> Iterator[Difference]:
    """The differences of two manifests, where an empty ``metadata.annotations`` counts as absent.

    Kustomize drops it, and to the API server the two are one.
    """
    one, other = _without_empty_annotations(expected), _without_empty_annotations(actual)
    if canonical(one) != canonical(other):
        yield from differences(one, other)


def _without_empty_annotations(manifest: Json) -> Json:
    metadata = manifest.get("metadata") if isinstance(manifest, Mapping) else None
    if not isinstance(metadata, Mapping) or metadata.get("annotations", ABSENT) != {}:
        return manifest
    return {**manifest, "metadata": {key: value for key, value in metadata.items() if key != "annotations"}}
