"""Namespaces that differ per environment (``team-staging``, ``team-production``) and the one logical name they share.

They are recognised by what lives in them, not by their names: two namespaces belong together when they hold objects of
the same kinds and names. Without this nothing in such a namespace could be shared. A wrong pairing costs readability
only, because every overlay is built and compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from gitops_runbook.gitops.components import Component, Resource, is_namespace

Contents = Mapping[str, frozenset[tuple[str, str]]]
"""Namespace → the (kind, name) pairs in it."""

_ALIKE = 0.5  # Jaccard index from which two namespaces are taken for the same one
_TELLING = 32  # an object that lives in more namespaces than this says nothing about which belong together


def namespace_contents(resources: Sequence[Resource]) -> Contents:
    """List the namespaces of one environment and what lives in them."""
    inside: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for resource in resources:
        manifest = resource.manifest
        metadata = manifest["metadata"]
        if is_namespace(manifest):
            inside.setdefault(metadata["name"], set())
        elif metadata.get("namespace"):
            inside[metadata["namespace"]].add((manifest["kind"], metadata["name"]))
    return {namespace: frozenset(names) for namespace, names in inside.items()}


def logical_namespaces(components: Sequence[Component]) -> dict[str, dict[str, str]]:
    """Find the namespaces that differ per environment: logical name → environment → real name, sorted.

    Only namespaces that have a counterpart in every environment are listed. A logical name is never the name of a real
    namespace of any environment.
    """
    environments = sorted({environment for component in components for environment in component.overlays})
    inside = {
        environment: namespace_contents(
            [item for component in components for item in component.resources.get(environment, ())]
        )
        for environment in environments
    }
    everywhere = set.intersection(*(set(found) for found in inside.values())) if inside else set()
    open_ones: dict[str, Contents] = {
        environment: {name: names for name, names in found.items() if names and name not in everywhere}
        for environment, found in inside.items()
    }
    taken = {name for found in inside.values() for name in found}
    logical: dict[str, dict[str, str]] = {}
    for group in sorted(_groups(environments, open_ones)):
        name = _logical_name(group, taken)
        taken.add(name)
        logical[name] = dict(zip(environments, group, strict=True))
    return logical


def _groups(environments: Sequence[str], open_ones: Mapping[str, Contents]) -> Iterator[tuple[str, ...]]:
    """Yield which namespaces belong together, one of each environment in order."""
    if len(environments) < 2:
        return
    first, *others = environments
    partners = [_pairs(open_ones[first], open_ones[other]) for other in others]
    for namespace in open_ones[first]:
        if all(namespace in found for found in partners):
            yield (namespace, *(found[namespace] for found in partners))


def _pairs(ours: Contents, theirs: Contents) -> dict[str, str]:
    """Pair namespaces one to one: equal contents first, in the order of their names, then the most alike."""
    pairs: dict[str, str] = {}
    equal = _by_contents(theirs)
    for names, namespaces in _by_contents(ours).items():
        if len(namespaces) == len(equal.get(names, ())):
            pairs.update(zip(namespaces, equal[names], strict=True))
    used = set(pairs.values())
    homes = _homes({name: names for name, names in theirs.items() if name not in used})
    candidates = [
        (-score, -_alike_names(mine, yours), mine, yours)
        for mine in sorted(set(ours) - set(pairs))
        for yours in sorted({home for names in ours[mine] for home in homes.get(names, ())})
        if (score := len(ours[mine] & theirs[yours]) / len(ours[mine] | theirs[yours])) >= _ALIKE
    ]
    for _, _, mine, yours in sorted(candidates):
        if mine not in pairs and yours not in used:
            pairs[mine] = yours
            used.add(yours)
    return pairs


def _by_contents(side: Contents) -> dict[frozenset[tuple[str, str]], list[str]]:
    groups: dict[frozenset[tuple[str, str]], list[str]] = {}
    for namespace in sorted(side):
        groups.setdefault(side[namespace], []).append(namespace)
    return groups


def _homes(side: Contents) -> dict[tuple[str, str], list[str]]:
    """Say in which namespaces an object lives, for the objects that tell namespaces apart."""
    homes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for namespace, names in side.items():
        for name in names:
            homes[name].append(namespace)
    return {name: found for name, found in homes.items() if len(found) <= _TELLING}


def _alike_names(one: str, other: str) -> int:
    """Count the characters two names share at both ends."""
    return len(_common_prefix((one, other))) + len(_common_suffix((one, other)))


def _common_prefix(names: Sequence[str]) -> str:
    differing = (index for index, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1)
    return names[0][: next(differing, min(map(len, names)))]


def _common_suffix(names: Sequence[str]) -> str:
    return _common_prefix([name[::-1] for name in names])[::-1]


def _logical_name(group: Sequence[str], taken: Collection[str]) -> str:
    """Choose the longer end the names share, cut at a dash: ``team-staging``, ``team-production`` → ``team``."""
    prefix, suffix = _common_prefix(group), _common_suffix(group)
    if any(name[len(prefix) :][:1] not in {"", "-"} for name in group):
        prefix = prefix.rpartition("-")[0]
    if any(name[: len(name) - len(suffix)][-1:] not in {"", "-"} for name in group):
        suffix = suffix.partition("-")[2]
    common = max(prefix.strip("-"), suffix.strip("-"), key=len) or "environment"
    name, number = common, 1
    while name in taken:
        number += 1
        name = f"{common}-base" if number == 2 else f"{common}-base-{number}"
    return name
