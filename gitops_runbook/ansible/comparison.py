"""Compare the replays of several passes: what differs shows what depends on a secret, on the cluster, or on chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from gitops_runbook.ansible.helm_commands import chart_name_and_repository
from gitops_runbook.ansible.object_checks import values_that_must_be_text
from gitops_runbook.ansible.replay import Replay, ReplayedObject, ReplayedRelease, Trail
from gitops_runbook.documents.json_values import Json, differences
from gitops_runbook.model.desired import (
    Chart,
    DesiredObject,
    DesiredRelease,
    DesiredState,
    HelmOptions,
    Origin,
    Taint,
)
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.placeholders import holds_placeholder
from gitops_runbook.model.references import ObjectReference

Key = TypeVar("Key", ObjectReference, tuple[str, str])

Values = Mapping[tuple[str, str], Mapping[str, Json]]
"""(namespace, name) of a release → its effective values by Helm's own parser."""


@dataclass(frozen=True)
class Passes:
    """The replays of one environment; ``plaintext`` only with the vault password.

    Attributes:
        first: what the tree is made from.
        other_vault: another salt for secrets.
        repeated: the same again, at another time.
        converged: everything exists already.
    """

    first: Replay
    other_vault: Replay
    repeated: Replay
    converged: Replay
    plaintext: Replay | None = None


@dataclass(frozen=True)
class PassValues:
    """The effective values of the releases of each pass, like :class:`Passes`."""

    first: Values
    other_vault: Values
    repeated: Values
    converged: Values
    plaintext: Values | None = None


def desired_state(environment: str, passes: Passes, values: PassValues) -> tuple[DesiredState, list[Finding]]:
    """Combine the passes of one environment.

    Objects and releases stand in the result as an empty cluster would get them; each with what it depends on.
    """
    findings = _Findings(environment)
    objects = _objects(passes, findings)
    releases = _releases(passes, values, findings)
    return DesiredState(environment, objects, releases), findings.found


@dataclass
class _Findings:
    environment: str
    found: list[Finding] = field(default_factory=list)

    def add(self, name: str, subject: str, message: str, trail: Trail) -> None:
        where = f"{trail.tasks[0].file}:{trail.tasks[0].line}" if trail.tasks else ""
        self.found.append(Finding(code(name), self.environment, subject, message, where))


@dataclass(frozen=True)
class _Candidates(Generic[Key]):
    """The objects, or the releases, of each pass: key → the tasks they come from."""

    first: Mapping[Key, Trail]
    other_vault: Mapping[Key, Trail]
    repeated: Mapping[Key, Trail]
    converged: Mapping[Key, Trail]
    plaintext: Mapping[Key, Trail] | None

    def named_by_cluster(self, key: Key) -> bool:
        """Its name or namespace holds an answer of the cluster, or what nobody defines.

        Then it shows it, or the same tasks make another one where all is there (of which only a part is left to see).
        """
        if key in self.converged:
            return False
        twins = (trail for other, trail in self.converged.items() if other not in self.first)
        return holds_placeholder(str(key)) or any(trail.tasks == self.first[key].tasks for trail in twins)


def _candidates(passes: Passes, trails: Callable[[Replay], Mapping[Key, Trail]]) -> _Candidates[Key]:
    return _Candidates(
        trails(passes.first), trails(passes.other_vault), trails(passes.repeated), trails(passes.converged),
        trails(passes.plaintext) if passes.plaintext is not None else None,
    )  # fmt: skip


def _objects(passes: Passes, findings: _Findings) -> dict[ObjectReference, DesiredObject]:
    candidates = _candidates(passes, lambda replay: {key: item.trail for key, item in replay.objects.items()})
    objects = {}
    for reference, here in passes.first.objects.items():
        if not _can_stand(candidates, reference, str(reference), findings):
            continue
        plain = passes.plaintext.objects.get(reference) if passes.plaintext else None
        others = (passes.other_vault, passes.repeated, passes.converged)
        taint = _taint(
            here.manifest, here.trail, *(_manifest(other.objects.get(reference)) for other in others),
            plaintext=_manifest(plain),
        )  # fmt: skip
        if candidates.named_by_cluster(reference):
            taint = replace(taint, live=frozenset({""}))
        objects[reference] = DesiredObject(
            reference, here.manifest, origin_of(here.trail), taint, plain.manifest if plain else None
        )
        _add_conditional(candidates, reference, str(reference), findings, once=_is_created_once(reference, taint))
        _add_invalid(reference, here, findings)
    _add_only_elsewhere(candidates, str, findings)
    return objects


def _is_created_once(reference: ObjectReference, taint: Taint) -> bool:
    """A Secret with a generated value: that it is made only where it lacks is the point of it."""
    return reference.kind == "Secret" and bool(taint.random)


def _add_invalid(reference: ObjectReference, here: ReplayedObject, findings: _Findings) -> None:
    pointers = values_that_must_be_text(here.manifest)
    if pointers:
        more = f" and {len(pointers) - 5} more" if len(pointers) > 5 else ""
        message = f"{reference} has a number, boolean or structure where only text is allowed: "
        findings.add("object-invalid", str(reference), message + ", ".join(pointers[:5]) + more, here.trail)


def _releases(passes: Passes, values: PassValues, findings: _Findings) -> dict[tuple[str, str], DesiredRelease]:
    candidates = _candidates(passes, lambda replay: {key: item.trail for key, item in replay.releases.items()})
    releases = {}
    for key, here in passes.first.releases.items():
        subject = _release_subject(key)
        if not _can_stand(candidates, key, subject, findings):
            continue
        plain = values.plaintext.get(key) if values.plaintext is not None else None
        taint = _taint(
            values.first[key], here.trail, values.other_vault.get(key), values.repeated.get(key),
            values.converged.get(key), plaintext=plain,
        )  # fmt: skip
        chart, options = _chart(here), here.release.options
        if {_around(passes.other_vault, key, here), _around(passes.repeated, key, here)} != {(chart, options)}:
            message = f"the chart, its address or an option of {subject} depends on a secret or on chance"
            findings.add("secret-in-object", subject, message, here.trail)
            continue
        if _around(passes.converged, key, here) != (chart, options) or candidates.named_by_cluster(key):
            taint = replace(taint, live=taint.live | {""})
        releases[key] = DesiredRelease(
            here.release.name, here.release.namespace, chart, values.first[key], origin_of(here.trail), options, taint,
            plain,
        )  # fmt: skip
        _add_conditional(candidates, key, subject, findings, once=False)
        _add_release_findings(subject, here, findings)
    _add_only_elsewhere(candidates, _release_subject, findings)
    return releases


def _release_subject(key: tuple[str, str]) -> str:
    return f"HelmRelease/{key[0]}/{key[1]}"


def _around(replay: Replay, key: tuple[str, str], otherwise: ReplayedRelease) -> tuple[Chart, HelmOptions]:
    """What a pass says about a release besides its values."""
    found = replay.releases.get(key, otherwise)
    return _chart(found), found.release.options


def _chart(here: ReplayedRelease) -> Chart:
    name, repository, alias = chart_name_and_repository(here.release, here.repositories)
    return Chart(name, repository, here.release.version, alias)


def _add_release_findings(subject: str, here: ReplayedRelease, findings: _Findings) -> None:
    for remark in here.release.remarks:
        findings.add("helm-option", subject, remark, here.trail)
    if here.release.live_values:
        findings.add("values-live", subject, f"{subject} keeps values of the release that runs", here.trail)


def _taint(
    first: Json, trail: Trail, other_vault: Json, repeated: Json, converged: Json, *, plaintext: Json
) -> Taint:  # fmt: skip
    """Which leaves differ from the first pass, by reason; a pass that lacks the thing was reported before.

    What differs by chance differs between any two passes, so chance is looked at first.
    """
    random = _pointers(first, repeated)
    live = _pointers(first, converged) - random
    secret = _pointers(first, other_vault) - random
    if plaintext is not None:  # whatever the real password changes is a secret, however it got there
        secret |= _pointers(first, plaintext) - random - live
    return Taint(secret, live, random, frozenset(trail.undefined))


def _pointers(first: Json, other: Json) -> frozenset[str]:
    return frozenset(item.pointer for item in differences(first, other)) if other is not None else frozenset()


def _manifest(item: ReplayedObject | None) -> Mapping[str, Json] | None:
    return item.manifest if item is not None else None


def _can_stand(candidates: _Candidates[Key], key: Key, subject: str, findings: _Findings) -> bool:
    """Whether the passes agree that it exists, whatever a secret or chance may be; when not, say so."""
    trail = candidates.first[key]
    if candidates.plaintext is not None:
        if key not in candidates.plaintext:
            return False  # with the real password it is not applied
    elif key not in candidates.other_vault:
        findings.add("secret-control", subject, f"{subject} exists only for some values of a secret", trail)
        return False
    if key not in candidates.repeated:
        findings.add("nondeterministic", subject, f"{subject} has a name that differs between two equal runs", trail)
        return False
    return True


def _add_conditional(candidates: _Candidates[Key], key: Key, subject: str, findings: _Findings, *, once: bool) -> None:
    if key not in candidates.converged and not once and not candidates.named_by_cluster(key):
        message = f"{subject} is applied only while the cluster lacks something"
        findings.add("live-condition", subject, message, candidates.first[key])


def _add_only_elsewhere(candidates: _Candidates[Key], subject: Callable[[Key], str], findings: _Findings) -> None:
    twins = {str(trail.tasks) for key, trail in candidates.first.items() if candidates.named_by_cluster(key)}
    for key, trail in candidates.converged.items():
        known = key in candidates.first or key in candidates.repeated
        if not known and not trail.undefined and str(trail.tasks) not in twins:
            message = f"{subject(key)} is applied only to a cluster that already holds something; it is not in the tree"
            findings.add("live-condition", subject(key), message, trail)
    certain = candidates.other_vault if candidates.plaintext is None else candidates.plaintext
    for key, trail in certain.items():
        if key not in candidates.first:
            message = f"{subject(key)} exists only for some values of a secret"
            findings.add("secret-control", subject(key), message, trail)


def origin_of(trail: Trail) -> Origin:
    """The trail as the tree's comments and placement need it."""
    return Origin(tuple(trail.tasks), trail.order, trail.workload, trail.stage)
