"""Decide what of the desired state may stand in the repository: in clear, encrypted, withheld, or not at all.

The rules, in one place: a secret stands nowhere in clear; what depends on the live cluster or on chance cannot stand
in git; what cannot be written is a finding, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_runbook.documents.json_values import Json, get, with_value
from gitops_runbook.gitops.components import beyond_kustomize
from gitops_runbook.gitops.document_names import name_documents
from gitops_runbook.gitops.flux_versions import FluxRelease
from gitops_runbook.gitops.helm_release import ReleaseDocuments, helm_release
from gitops_runbook.gitops.secret_names import clear_looking_secrets
from gitops_runbook.model.desired import DesiredObject, DesiredRelease, DesiredState, Manifest, Origin, TaskReference
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.placeholders import holds_placeholder
from gitops_runbook.model.references import ObjectReference

_IN_METADATA = "/metadata"


@dataclass(frozen=True)
class ToSeal:
    """An object that must be encrypted before it is written."""

    plaintext: Manifest = field(repr=False)
    secret: frozenset[str]
    origin: Origin


@dataclass
class Selection:
    """What one environment's tree will hold.

    Attributes:
        clear: objects written as they are.
        sealed: objects written encrypted.
        withheld: objects that are not written; whoever refers to them by name still does.
        releases: (namespace, name) → the Flux documents of a release.
        unresolved_tasks, withheld_tasks: the tasks behind what is missing.
    """

    environment: str
    clear: dict[ObjectReference, DesiredObject] = field(default_factory=dict)
    sealed: dict[ObjectReference, ToSeal] = field(default_factory=dict)
    withheld: dict[ObjectReference, Origin] = field(default_factory=dict)
    releases: dict[tuple[str, str], ReleaseDocuments] = field(default_factory=dict)
    unresolved_tasks: set[TaskReference] = field(default_factory=set)
    withheld_tasks: set[TaskReference] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def add_finding(self, name: str, subject: object, message: str, origin: Origin) -> None:
        """Add a finding about something that comes from these tasks."""
        where = f"{origin.tasks[0].file}:{origin.tasks[0].line}" if origin.tasks else ""
        self.findings.append(Finding(code(name), self.environment, str(subject), message, where))

    def withhold(self, reference: ObjectReference, origin: Origin, name: str, message: str) -> None:
        """Leave a Secret out of the tree, and say so."""
        self.withheld[reference] = origin
        self.withheld_tasks.update(origin.tasks)
        self.add_finding(name, reference, message, origin)

    def leave_out(self, subject: object, origin: Origin, name: str, message: str) -> None:
        """Leave something out because it cannot be written, and say so."""
        self.unresolved_tasks.update(origin.tasks)
        self.add_finding(name, subject, message, origin)


def select(state: DesiredState, flux: FluxRelease, *, has_recipient: bool) -> Selection:
    """Apply the rules to one environment.

    Args:
        state: what Ansible would have applied.
        flux: the version to write for.
        has_recipient: somebody may read this environment's encrypted files.
    """
    selection = Selection(state.environment)
    for item in state.objects.values():
        _select_object(selection, item, has_recipient=has_recipient)
    names = name_documents(state.releases.values(), state.objects)
    for key, release in state.releases.items():
        if _cannot_be_written(selection, release, release.taint.live, frozenset()):
            continue
        documents = helm_release(_random_as_secret(release), flux, state.environment, names)
        selection.findings.extend(documents.findings)
        if documents.release is None:
            selection.unresolved_tasks.update(release.origin.tasks)
            continue
        selection.releases[key] = documents
        inline = documents.release["spec"].get("values", {})
        _warn_of_clear_secrets(selection, release, inline, release.origin)
        secret = ObjectReference("v1", "Secret", release.namespace, names.values_secret(release))
        _select_values(selection, release, documents, secret, has_recipient=has_recipient)
    return selection


def _cannot_be_written(
    selection: Selection, item: DesiredObject | DesiredRelease, live: frozenset[str], random: frozenset[str]
) -> bool:
    subject = str(item.reference) if isinstance(item, DesiredObject) else str(item)
    origin, undefined = item.origin, item.taint.undefined
    if undefined:  # in a value, or in the condition of its task
        names = ", ".join(sorted(undefined))
        selection.leave_out(subject, origin, "undefined-variable", f"{subject} needs what nobody defines: {names}")
    elif live:
        message = f"{subject} holds an answer of the live cluster at {_shown(live)}"
        selection.leave_out(subject, origin, "live-value", message)
    elif holds_placeholder(_content(item)):  # the net under the comparison of the recordings
        selection.leave_out(subject, origin, "live-value", f"{subject} holds a value that is not known here")
    elif unfit := beyond_kustomize(_content(item)):
        selection.leave_out(subject, origin, "object-not-carried", f"{subject} at {unfit!a}")
    elif random:
        message = f"{subject} differs between two equal runs at {_shown(random)}"
        selection.leave_out(subject, origin, "nondeterministic", message)
    else:
        return False
    return True


def _content(item: DesiredObject | DesiredRelease) -> Json:
    """What would be written: with its secrets where they are known, else with what hides them left out."""
    if isinstance(item, DesiredObject):
        known, content = item.plaintext, item.manifest
    else:
        known, content = item.plaintext_values, item.values
    if known is not None:
        return known
    for pointer in sorted(item.taint.secret | item.taint.random, reverse=True):
        try:
            content = with_value(content, pointer, "")
        except KeyError:  # a key that only the other recording has
            continue
    return content


def _select_object(selection: Selection, item: DesiredObject, *, has_recipient: bool) -> None:
    is_secret = item.reference.kind == "Secret" and item.reference.api_version == "v1"
    if is_secret and item.taint.random and not item.taint.live:
        message = f"{item.reference} holds a value that is generated anew at {_shown(item.taint.random)}"
        selection.withhold(item.reference, item.origin, "create-once-secret", message)
    elif _cannot_be_written(selection, item, item.taint.live, item.taint.random):
        return
    elif is_secret:
        _select_secret(selection, item, has_recipient=has_recipient)
    elif item.taint.secret:
        _select_secret_dependent(selection, item, has_recipient=has_recipient)
    else:
        selection.clear[item.reference] = item
        _warn_of_clear_secrets(selection, item.reference, item.manifest, item.origin)


def _warn_of_clear_secrets(selection: Selection, subject: object, content: Json, origin: Origin) -> None:
    """What the project holds in clear is no news to its readers, but it should not travel on unnoticed."""
    found = list(clear_looking_secrets(content))
    if found:
        message = f"{subject} holds in clear what is named like a secret: {_shown(found)}"
        selection.add_finding("secret-in-clear", subject, message, origin)


def _select_secret(selection: Selection, item: DesiredObject, *, has_recipient: bool) -> None:
    if not item.manifest.get("data") and not item.manifest.get("stringData"):
        selection.clear[item.reference] = item
        return
    plaintext = item.plaintext or (None if item.taint.secret else item.manifest)
    if not item.taint.secret:
        message = f"the content of {item.reference} stands in the project in clear"
        selection.add_finding("secret-in-clear", item.reference, message, item.origin)
    if any(pointer.startswith(_IN_METADATA) for pointer in item.taint.secret):
        message = f"the metadata of {item.reference} depends on a secret and must stay readable"
        selection.leave_out(item.reference, item.origin, "secret-in-object", message)
    elif plaintext is None:
        message = f"{item.reference} needs the vault password"
        selection.withhold(item.reference, item.origin, "secret-withheld", message)
    elif not has_recipient:
        message = f"nobody is named who may read {item.reference}: --age-recipient {selection.environment}=age1…"
        selection.withhold(item.reference, item.origin, "secret-withheld", message)
    else:
        selection.sealed[item.reference] = ToSeal(plaintext, item.taint.secret, item.origin)


def _select_secret_dependent(selection: Selection, item: DesiredObject, *, has_recipient: bool) -> None:
    """An object that is no Secret: encrypted at the leaves that show the secret, else left out."""
    readable = any(pointer.startswith((_IN_METADATA, "/kind", "/apiVersion")) for pointer in item.taint.secret)
    if item.plaintext is not None and has_recipient and not readable:
        selection.sealed[item.reference] = ToSeal(item.plaintext, item.taint.secret, item.origin)
        return
    message = f"{item.reference} depends on a secret at {_shown(item.taint.secret)}"
    if readable:
        message += ", which must stay readable"
    selection.leave_out(item.reference, item.origin, "secret-in-object", message)


def _select_values(
    selection: Selection,
    release: DesiredRelease,
    documents: ReleaseDocuments,
    reference: ObjectReference,
    *,
    has_recipient: bool,
) -> None:
    if not release.taint.secret and not release.taint.random:
        return
    if release.taint.random:
        message = f"{release} gets a generated value at {_shown(release.taint.random)}"
        selection.withhold(reference, release.origin, "create-once-secret", message)
    elif documents.values_secret is None:
        message = f"the secret values of {release} need the vault password"
        selection.withhold(reference, release.origin, "secret-withheld", message)
    elif not has_recipient:
        message = f"nobody is named who may read the secret values of {release}"
        selection.withhold(reference, release.origin, "secret-withheld", message)
    else:
        selection.sealed[reference] = ToSeal(documents.values_secret, frozenset(), release.origin)


def _random_as_secret(release: DesiredRelease) -> DesiredRelease:
    """A generated value cannot stand in git either: it is delivered like a secret nobody knows."""
    if not release.taint.random:
        return release
    taint = type(release.taint)(secret=release.taint.secret | release.taint.random)
    return DesiredRelease(
        release.name, release.namespace, release.chart, release.values, release.origin, release.options, taint
    )


def _shown(pointers: Iterable[str]) -> str:
    names = sorted(pointer or "its name" for pointer in pointers)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def secret_texts(states: Mapping[str, DesiredState]) -> Iterator[str]:
    """Every secret of the plaintext that is long enough to be recognised; to check that none stands in clear."""
    for state in states.values():
        for item in state.objects.values():
            yield from _texts_at(item.plaintext, item.taint.secret)
        for release in state.releases.values():
            yield from _texts_at(release.plaintext_values, release.taint.secret)


def _texts_at(plaintext: Manifest | None, pointers: Iterable[str]) -> Iterator[str]:
    for pointer in pointers if plaintext is not None else ():
        try:
            value = get(plaintext, pointer)
        except KeyError:  # only the other recording has it
            continue
        if isinstance(value, str) and len(value) >= 8:
            yield value
