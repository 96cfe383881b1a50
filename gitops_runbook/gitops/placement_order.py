"""Moves things between slots so that nothing waits for what comes later.

A custom resource moves behind what brings its definition: without it the API server refuses the whole Kustomization.
A Secret or the like moves forward to the first slot that names it: a pod that misses it never becomes ready, and Flux
applies the next slot only when this one is ready.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_runbook.documents.json_values import leaves
from gitops_runbook.gitops.crd_providers import INSTALLERS, comes_with_cluster, is_known_group
from gitops_runbook.gitops.placement_members import Key, Member
from gitops_runbook.gitops.placement_providers import Providers
from gitops_runbook.gitops.placement_rules import Place, by_workload
from gitops_runbook.gitops.slots import CONTROLLERS, Slot

_PASSIVE_KINDS = frozenset(
    {
        "ConfigMap", "IngressClass", "PersistentVolumeClaim", "PriorityClass", "RuntimeClass", "Secret",
        "ServiceAccount", "StorageClass",
    }
)  # fmt: skip
"""Kinds that need nothing but their namespace, and that pods cannot start without."""

_Scope = tuple[str, str]
"""Environment and namespace, empty for cluster-scoped objects: where a name means one thing of each kind."""


@dataclass(frozen=True)
class Behind:
    """All of ``later`` must stand in a later slot than all of ``earlier``."""

    later: frozenset[Key]
    earlier: frozenset[Key]
    reason: str


@dataclass(frozen=True)
class OrderNeeds:
    """What the custom resources of the tree wait for.

    Attributes:
        behind: what must stand behind what.
        unknown_groups: groups whose provider nobody knows → an example of such a resource.
    """

    behind: tuple[Behind, ...]
    unknown_groups: Mapping[str, Member]


def order_needs(members: Sequence[Member], providers: Providers) -> OrderNeeds:
    """Find out what each group of custom resources waits for."""
    workloads = by_workload(members)
    by_group: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        if member.group and not comes_with_cluster(member.group):
            by_group[member.group].append(member)
    behind: list[Behind] = []
    unknown: dict[str, Member] = {}
    for group, resources in sorted(by_group.items()):
        if group in providers.of_group:
            keys = frozenset(resource.key for resource in resources)
            behind.append(Behind(keys, providers.of_group[group] - keys, f"it needs the definitions of {group}"))
            continue
        installers = False
        if not is_known_group(group):
            for chain in _chains(group, resources, workloads):
                behind.append(chain.behind)
                installers = installers or chain.through_installer
        if not installers:
            unknown[group] = resources[0]
    return OrderNeeds(tuple(behind), unknown)


@dataclass(frozen=True)
class _Chain:
    behind: Behind
    through_installer: bool


def _chains(group: str, resources: Iterable[Member], workloads: Mapping[str, Sequence[Member]]) -> Iterator[_Chain]:
    """A group nobody is known to bring waits for what came before it in its workload and may have brought it."""
    for workload in sorted({resource.workload for resource in resources}):
        its_members = workloads[workload]
        before, after = _before_and_after(group, its_members)
        installers = [member for member in before if member.group in INSTALLERS]
        earlier = frozenset(member.key for member in installers or before) - after
        if earlier:
            later = frozenset(member.key for member in its_members if member.group == group)
            reason = f"what came before it may bring the definitions of {group}"
            yield _Chain(Behind(later, earlier, reason), through_installer=bool(installers))


def _before_and_after(group: str, members: Iterable[Member]) -> tuple[list[Member], frozenset[Key]]:
    """Other custom resources and releases before the group's first one, and the keys of those that came later."""
    first: dict[str, int] = {}
    candidates: list[Member] = []
    for member in members:
        if member.group == group:
            first.setdefault(member.environment, member.order)
        elif member.group or member.release is not None:
            candidates.append(member)
    before = [each for each in candidates if each.order < first.get(each.environment, -1)]
    after = frozenset(each.key for each in candidates if each.order >= first.get(each.environment, each.order + 1))
    return before, after


def moved_behind(places: Mapping[Key, Place], needs: Iterable[Behind]) -> dict[Key, Place]:
    """Move what waits behind what it waits for."""
    result = dict(places)
    needs = list(needs)
    for _ in needs:  # a need may move what another one waits for
        moved = False
        for need in needs:
            if not need.earlier:
                continue
            bound = max(result[key].slot for key in need.earlier).following()
            for key in need.later:
                if result[key].slot < bound:
                    result[key] = Place(bound, need.reason)
                    moved = True
        if not moved:
            break
    return result


def moved_forward(places: Mapping[Key, Place], members: Sequence[Member]) -> dict[Key, Place]:
    """Move Secrets and the like forward to the first slot in which something of their namespace names them."""
    result = dict(places)
    passive = _passive_members(members)
    slots = {result[named.key].slot for names in passive.values() for group in names.values() for named in group}
    last = max(slots, default=CONTROLLERS)
    early = [member for member in members if result[member.key].slot < last]
    waiting = deque(sorted(early, key=lambda member: result[member.key].slot))
    while waiting:
        member = waiting.popleft()
        slot = result[member.key].slot
        for named in _named_by(member, passive):
            if slot < result[named.key].slot:
                result[named.key] = Place(slot, f"{member.title} names it")
                waiting.append(named)
    return result


def _passive_members(members: Iterable[Member]) -> dict[_Scope, dict[str, list[Member]]]:
    found: dict[_Scope, dict[str, list[Member]]] = defaultdict(lambda: defaultdict(list))
    for member in members:
        if member.kind in _PASSIVE_KINDS and not member.group:
            found[member.environment, member.namespace][member.name].append(member)
    return found


def _named_by(member: Member, passive: Mapping[_Scope, Mapping[str, list[Member]]]) -> Iterator[Member]:
    scopes = {(member.environment, member.namespace), (member.environment, "")}
    names = [passive[scope] for scope in sorted(scopes) if scope in passive]
    if not names:
        return
    content: Any = member.content if member.release else {**member.content, "metadata": {}}
    texts = {value for _, value in leaves(content) if isinstance(value, str)}
    for named in names:
        for name in sorted(named.keys() & texts):
            yield from named[name]


def without_gaps(places: Mapping[Key, Place]) -> dict[Key, Place]:
    """Number the stages of each part 0, 1, 2 … without gaps."""
    used: dict[int, list[Slot]] = defaultdict(list)
    for slot in sorted({place.slot for place in places.values()}):
        used[slot.rank].append(slot)
    numbered = {slot: replace(slot, stage=stage) for slots in used.values() for stage, slot in enumerate(slots)}
    return {key: replace(place, slot=numbered[place.slot]) for key, place in places.items()}
