"""Says which part of the tree each object and release stands in; a person may overrule it, workload by workload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_runbook.gitops.namespaces import derived_namespaces, missing_namespaces
from gitops_runbook.gitops.placement_members import Key, Member, Thing, key_of, read_members
from gitops_runbook.gitops.placement_order import (
    moved_behind,
    moved_forward,
    order_needs,
    without_gaps,
)
from gitops_runbook.gitops.placement_providers import find_providers
from gitops_runbook.gitops.placement_rules import Place, by_workload, places_by_rule
from gitops_runbook.gitops.slots import APPS, CONFIGS, CONTROLLERS, Slot
from gitops_runbook.model.desired import DesiredState, Manifest
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding
from gitops_runbook.model.references import ObjectReference

SOURCES = CONTROLLERS
"""Where the chart sources of releases and the derived Namespaces stand."""

_CHOICES = {str(slot): slot for slot in (APPS, CONTROLLERS, CONFIGS)}


@dataclass(frozen=True)
class Placement:
    """Where everything stands.

    Attributes:
        slots: the slots in use, in dependency order.
        namespaces: environment → Namespaces that releases create for themselves; they stand in ``SOURCES``.
        findings: one ``placement`` for each workload, and what is missing for an empty cluster to come up.
    """

    slots: tuple[Slot, ...]
    namespaces: Mapping[str, tuple[Manifest, ...]]
    findings: tuple[Finding, ...]
    _by_key: Mapping[Key, Slot]
    _objects: Mapping[tuple[str, ObjectReference], Slot]
    _releases: Mapping[tuple[str, str, str], Slot]

    def slot(self, thing: Thing) -> Slot:
        """Where an object or release stands, the same in all environments.

        Raises:
            KeyError: when it was in none of the states.
        """
        return self._by_key[key_of(thing)]

    def of_object(self, environment: str, reference: ObjectReference) -> Slot:
        """Where an object of one environment stands.

        Raises:
            KeyError: when the environment has no such object.
        """
        return self._objects[environment, reference]

    def of_release(self, environment: str, release: tuple[str, str]) -> Slot:
        """Where a release stands, given by namespace and name.

        Raises:
            KeyError: when the environment has no such release.
        """
        return self._releases[environment, *release]


def place(states: Mapping[str, DesiredState], answers: Mapping[str, str]) -> Placement:
    """Place everything.

    Args:
        states: environment → its desired state.
        answers: id of a finding → the choice somebody committed.
    """
    members = list(read_members(states))
    providers = find_providers(members)
    needs = order_needs(members, providers)
    places = _answered(places_by_rule(members, providers), members, answers)
    places = without_gaps(moved_forward(moved_behind(places, needs.behind), members))
    findings = [
        *(finding for _, state in sorted(states.items()) for finding in missing_namespaces(state)),
        *(_unknown_provider(group, member) for group, member in needs.unknown_groups.items()),
        *(_standing(name, its_members, places) for name, its_members in by_workload(members).items()),
    ]
    by_key = {key: placed.slot for key, placed in places.items()}
    namespaces = {environment: derived_namespaces(state) for environment, state in states.items()}
    needs_sources = any(state.releases for state in states.values())
    return Placement(
        slots=tuple(sorted({*by_key.values(), *([SOURCES] if needs_sources else [])})),
        namespaces=namespaces,
        findings=tuple(replace(finding, decision=answers.get(finding.id, "")) for finding in findings),
        _by_key=by_key,
        _objects={
            (name, ref): by_key[key_of(it)] for name, state in states.items() for ref, it in state.objects.items()
        },
        _releases={
            (name, *at): by_key[key_of(it)] for name, state in states.items() for at, it in state.releases.items()
        },
    )


def _answered(places: Mapping[Key, Place], members: Sequence[Member], answers: Mapping[str, str]) -> dict[Key, Place]:
    """Move whole workloads to where somebody wants them; namespaces, definitions and sources stay."""
    result = dict(places)
    for member in members:
        choice = _CHOICES.get(answers.get(_finding(member.workload).id, ""))
        if choice is None or member.is_fixed:
            continue
        stage = 0 if choice == CONTROLLERS else member.thing.origin.stage
        result[member.key] = Place(replace(choice, stage=stage), "decisions.yaml says so")
    return result


def _finding(workload: str, message: str = "", where: str = "") -> Finding:
    return Finding(code("placement"), "", workload, message, where)


def _standing(workload: str, members: Sequence[Member], places: Mapping[Key, Place]) -> Finding:
    """Say where a workload stands and why."""
    reasons: dict[Slot, dict[str, set[Key]]] = defaultdict(lambda: defaultdict(set))
    for member in members:
        placed = places[member.key]
        reasons[placed.slot][placed.reason].add(member.key)
    parts = []
    for slot in sorted(reasons):
        counts = ", ".join(f"{len(keys)} because {reason}" for reason, keys in reasons[slot].items())
        parts.append(f"{slot}: {counts}")
    tasks = members[0].thing.origin.tasks
    return _finding(workload, "; ".join(parts), f"{tasks[0].file}:{tasks[0].line}" if tasks else "")


def _unknown_provider(group: str, member: Member) -> Finding:
    tasks = member.thing.origin.tasks
    where = f"{tasks[0].file}:{tasks[0].line}" if tasks else ""
    message = f"{member.title} and others need definitions of {group}, which nothing in the playbook is known to bring"
    return Finding(code("crd-provider-unknown"), "", group, message, where)
