"""Compare the replays of several passes: what differs shows what depends on a secret, on the cluster, or on chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitops_runbook.ansible.helm_commands import chart_name_and_repository
from gitops_runbook.ansible.replay import Replay, ReplayedObject, ReplayedRelease, Trail
from gitops_runbook.documents.json_values import Json, differences
from gitops_runbook.model.desired import Chart, DesiredObject, DesiredRelease, DesiredState, Origin, Taint
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.references import ObjectReference

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
    findings: list[Finding] = []

    def found(name: str, subject: str, message: str, trail: Trail) -> None:
        where = f"{trail.tasks[0].file}:{trail.tasks[0].line}" if trail.tasks else ""
        findings.append(Finding(code(name), environment, subject, message, where))

    objects = _objects(passes, found)
    releases = _releases(passes, values, found)
    return DesiredState(environment, objects, releases), findings


Found = Callable[[str, str, str, Trail], None]


def _objects(passes: Passes, found: Found) -> dict[ObjectReference, DesiredObject]:
    objects = {}
    for reference, here in passes.first.objects.items():
        if not _in_other_passes(reference, str(reference), passes, "objects", here.trail, found):
            continue
        plain = passes.plaintext.objects.get(reference) if passes.plaintext else None
        taint = _taint(
            here.manifest, here.trail,
            *(_manifest(other.objects.get(reference)) for other in (passes.other_vault, passes.repeated, passes.converged)),
            plaintext=_manifest(plain),
        )  # fmt: skip
        objects[reference] = DesiredObject(
            reference, here.manifest, origin_of(here.trail), taint, plain.manifest if plain else None
        )
    _only_elsewhere(passes, "objects", lambda key: str(key), found)
    return objects


def _releases(passes: Passes, values: PassValues, found: Found) -> dict[tuple[str, str], DesiredRelease]:
    releases = {}
    for key, here in passes.first.releases.items():
        subject = f"HelmRelease/{key[0]}/{key[1]}"
        if not _in_other_passes(key, subject, passes, "releases", here.trail, found):
            continue
        plain = values.plaintext.get(key) if values.plaintext is not None else None
        taint = _taint(
            values.first[key], here.trail, values.other_vault.get(key), values.repeated.get(key),
            values.converged.get(key), plaintext=plain,
        )  # fmt: skip
        name, repository, alias = chart_name_and_repository(here.release, here.repositories)
        releases[key] = DesiredRelease(
            here.release.name, here.release.namespace, Chart(name, repository, here.release.version, alias),
            values.first[key], origin_of(here.trail), here.release.options, taint, plain,
        )  # fmt: skip
        _release_findings(subject, here, found)
    _only_elsewhere(passes, "releases", lambda key: f"HelmRelease/{key[0]}/{key[1]}", found)
    return releases


def _release_findings(subject: str, here: ReplayedRelease, found: Found) -> None:
    for remark in here.release.remarks:
        found("helm-option", subject, remark, here.trail)
    if here.release.live_values:
        found("values-live", subject, f"{subject} keeps values of the release that runs", here.trail)


def _taint(
    first: Json, trail: Trail, other_vault: Json, repeated: Json, converged: Json, *, plaintext: Json
) -> Taint:
    """Which leaves differ from the first pass, by reason; a pass that lacks the thing was reported before."""
    random = _pointers(first, repeated)
    live = _pointers(first, converged) - random
    secret = _pointers(first, other_vault)
    if plaintext is not None:  # whatever the real password changes is a secret, however it got there
        secret |= _pointers(first, plaintext) - random - live
    return Taint(secret, live, random - secret, frozenset(trail.undefined))


def _pointers(first: Json, other: Json) -> frozenset[str]:
    return frozenset(item.pointer for item in differences(first, other)) if other is not None else frozenset()


def _manifest(item: ReplayedObject | None) -> Mapping[str, Json] | None:
    return item.manifest if item is not None else None


def _in_other_passes(key: Any, subject: str, passes: Passes, kind: str, trail: Trail, found: Found) -> bool:  # noqa: ANN401 - a reference or a pair
    """Report what only some passes hold; False when the thing cannot stand in the tree."""
    if key not in getattr(passes.other_vault, kind):
        if passes.plaintext is not None and key in getattr(passes.plaintext, kind):
            return True
        if passes.plaintext is not None:
            return False  # with the real password it is not applied
        found("secret-control", subject, f"{subject} exists only for some values of a secret", trail)
        return False
    if passes.plaintext is not None and key not in getattr(passes.plaintext, kind):
        return False
    if key not in getattr(passes.repeated, kind):
        found("nondeterministic", subject, f"{subject} has a name that differs between two equal runs", trail)
        return False
    if key not in getattr(passes.converged, kind):
        message = f"{subject} is applied only while the cluster lacks something"
        if trail.undefined:
            return True  # its name holds an undefined variable; the taint says so
        found("live-condition", subject, message, trail)
    return True


def _only_elsewhere(passes: Passes, kind: str, name: Callable[[Any], str], found: Found) -> None:
    here = getattr(passes.first, kind)
    for key, item in getattr(passes.converged, kind).items():
        if key not in here and key not in getattr(passes.repeated, kind) and not item.trail.undefined:
            message = f"{name(key)} is applied only to a cluster that already holds something; it is not in the tree"
            found("live-condition", name(key), message, item.trail)
    certain = passes.plaintext or passes.other_vault
    for key, item in getattr(certain, kind).items():
        if key not in here:
            found("secret-control", name(key), f"{name(key)} exists only for some values of a secret", item.trail)


def origin_of(trail: Trail) -> Origin:
    """The trail as the tree's comments and placement need it."""
    return Origin(tuple(trail.tasks), trail.order, trail.workload, trail.stage)


def without_plaintext(state: DesiredState) -> DesiredState:
    """The same state as if no password had been given; for showing."""
    objects = {key: replace(item, plaintext=None) for key, item in state.objects.items()}
    releases = {key: replace(item, plaintext_values=None) for key, item in state.releases.items()}
    return DesiredState(state.environment, objects, releases)
