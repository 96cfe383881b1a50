"""Finds out who brings the definitions of custom resources: the tree itself, a well-known chart, or a telling name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitops_runbook.gitops.crd_providers import (
    chart_groups,
    comes_with_cluster,
    names_owner,
    shares_word,
    sounds_like_operator,
)
from gitops_runbook.gitops.placement_members import WORKLOAD_KINDS, Key, Member


@dataclass(frozen=True)
class Providers:
    """Who brings definitions.

    Attributes:
        of_group: API group → the things that bring its definitions; groups nobody brings are missing.
        reasons: thing that is an operator → what it brings, in words.
    """

    of_group: Mapping[str, frozenset[Key]]
    reasons: Mapping[Key, str]


def find_providers(members: Sequence[Member]) -> Providers:
    """Look for the providers of every group the members use.

    The first of these that finds any decides: a CustomResourceDefinition in the tree or a well-known chart; something
    called an operator that shares a word with the group; a release that carries the name of the group's owner; an
    operator in the workload that holds the custom resource.
    """
    found: dict[str, set[Key]] = defaultdict(set)
    reasons: dict[Key, str] = {}
    for member in members:
        if member.is_definition:
            found[str(member.content.get("spec", {}).get("group", ""))].add(member.key)
        elif member.release is not None:
            groups = chart_groups(member.release.chart)
            for group in groups:
                found[group].add(member.key)
            if groups:
                reasons[member.key] = f"the chart {member.release.chart.name} brings {groups[0]}"
            elif sounds_like_operator(member.release.chart.name, member.name):
                reasons[member.key] = f"the release {member.name} is an operator by its name"
    wanted = {member.group for member in members if member.group and not comes_with_cluster(member.group)}
    for group in sorted(wanted - set(found)):
        for member in _by_name(group, members):
            found[group].add(member.key)
            reasons.setdefault(member.key, f"{member.name} brings {group} by its name")
    return Providers({group: frozenset(keys) for group, keys in found.items()}, reasons)


def _by_name(group: str, members: Iterable[Member]) -> list[Member]:
    running = [member for member in members if _may_bring(member)]
    operators = [member for member in running if _is_operator(member)]
    homes = {member.workload for member in members if member.group == group}
    candidates = (
        [
            member
            for member in operators
            if shares_word(group, (*_own_names(member), member.workload, member.namespace))
        ],
        [member for member in running if member.release is not None and names_owner(group, _own_names(member))],
        [member for member in operators if member.workload in homes],
    )
    return next((chosen for chosen in candidates if chosen), [])


def _may_bring(member: Member) -> bool:
    """A release of an unknown chart, or a workload; the table says all that well-known charts bring."""
    if member.release is not None:
        return not chart_groups(member.release.chart)
    return not member.group and member.kind in WORKLOAD_KINDS


def _is_operator(member: Member) -> bool:
    return sounds_like_operator(*_own_names(member), member.workload)


def _own_names(member: Member) -> tuple[str, ...]:
    if member.release is None:
        return (member.name,)
    return (member.name, member.release.chart.name, member.release.chart.alias)
