"""The rules that say which part of the tree each thing belongs to, workload by workload.

Who brings definitions is a controller, who needs them a configuration, the rest an application; a workload that runs a
program is an application as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitops_runbook.gitops.crd_providers import sounds_like_operator
from gitops_runbook.gitops.placement_members import WORKLOAD_KINDS, Key, Member
from gitops_runbook.gitops.placement_providers import Providers
from gitops_runbook.gitops.slots import APPS, CONFIGS, CONTROLLERS, Slot

_NEVER = -1


@dataclass(frozen=True)
class Place:
    """A slot and why."""

    slot: Slot
    reason: str


def places_by_rule(members: Sequence[Member], providers: Providers) -> dict[Key, Place]:
    """Place everything. A thing stands in the same slot in all environments: the latest of those it would have."""
    places: dict[Key, Place] = {}
    for workload, its_members in by_workload(members).items():
        for member, place in _Workload(workload, its_members, providers).places():
            known = places.get(member.key)
            if known is None or known.slot < place.slot:
                places[member.key] = place
    return places


def by_workload(members: Sequence[Member]) -> dict[str, list[Member]]:
    """Group by workload, over all environments, in the order of first appearance."""
    grouped: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        grouped[member.workload].append(member)
    return grouped


class _Workload:
    """The rules for one workload."""

    def __init__(self, name: str, members: Sequence[Member], providers: Providers) -> None:
        self._name = name
        self._members = members
        self._providers = providers
        defines = any(member.is_definition for member in members)
        self._installs = defines or sounds_like_operator(name)
        self._first_resource: dict[str, int] = {}
        self._last_provider: dict[str, dict[str, int]] = defaultdict(dict)
        for member in members:
            if member.group and not member.is_fixed:
                self._first_resource.setdefault(member.environment, member.order)
            if member.key in providers.reasons:
                self._last_provider[member.environment][member.namespace] = member.order

    def places(self) -> list[tuple[Member, Place]]:
        """Place each member."""
        controllers = [(member, reason) for member in self._members if (reason := self._why_controller(member))]
        chosen = {id(member) for member, _ in controllers}
        rest = [member for member in self._members if id(member) not in chosen]
        slot, reason = self._rest(rest, has_controllers=bool(controllers))
        return [
            *((member, Place(CONTROLLERS, why)) for member, why in controllers),
            *((member, Place(replace(slot, stage=member.thing.origin.stage), reason)) for member in rest),
        ]

    def _why_controller(self, member: Member) -> str:
        """The reason why a member stands with the controllers, or nothing."""
        if member.is_fixed:
            return "namespaces, definitions and chart sources come first"
        if member.group:
            return ""
        if member.key in self._providers.reasons:
            return self._providers.reasons[member.key]
        if self._installs and member.order <= self._first_resource.get(member.environment, member.order):
            return "it is part of what brings definitions"
        if self._prepares_provider(member):
            return "it was applied before an operator of its workload"
        return ""

    def _prepares_provider(self, member: Member) -> bool:
        """A Secret or the like that an operator may need to become ready must not wait for the operator."""
        if member.release is not None or member.kind in WORKLOAD_KINDS:
            return False
        last = self._last_provider.get(member.environment, {})
        if member.is_cluster_scoped:
            return member.order <= max(last.values(), default=_NEVER)
        return member.order <= last.get(member.namespace, _NEVER)

    def _rest(self, rest: Sequence[Member], *, has_controllers: bool) -> tuple[Slot, str]:
        """Where everything else of the workload stands."""
        program = next((member for member in rest if member.is_application), None)
        if program is not None:
            return APPS, f"it runs a program ({program.title})"
        if any(member.group for member in rest):
            return CONFIGS, "it configures with custom resources"
        if any(member.is_cluster_scoped for member in rest):
            return CONFIGS, "it configures the whole cluster"
        if has_controllers:
            return CONFIGS, "the rest of its workload is infrastructure"
        return APPS, "it belongs to no infrastructure"
