"""Which object of a component stands where: in base, in base with patches, or in the overlays alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitops_runbook.documents.json_values import leaves
from gitops_runbook.gitops.components import Component, Resource, cleaned, in_namespaces, manifest_digest
from gitops_runbook.gitops.patches import Patch, PatchKind, patches
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference


@dataclass
class Shared:
    """An object that every environment has.

    Attributes:
        reference: its identity in base, in a logical namespace where the real ones differ.
        resources: environment → the object as it is there.
        base: what stands in base, one of the environments' objects.
        patches: environment → the patch in use; an environment that equals the base has none.
        whole: no patch led to the right result, so that it stands in every overlay instead of in base.
    """

    reference: ObjectReference
    resources: Mapping[str, Resource]
    base: Manifest
    patches: dict[str, Patch] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    whole: bool = False

    @property
    def file(self) -> str:
        """Stem of the file in base; the first environment decides."""
        return self.resources[min(self.resources)].file

    @property
    def comment(self) -> str:
        """The comments of all environments, each line once."""
        lines = (line for name in sorted(self.resources) for line in self.resources[name].comment.splitlines())
        return "\n".join(dict.fromkeys(lines))


class ComponentPlan:
    """One component with the decisions taken so far.

    Args:
        component: what is to be written.
        logical: logical namespace → environment → real one.
    """

    def __init__(self, component: Component, logical: Mapping[str, Mapping[str, str]]) -> None:
        self.component = component
        self.logical = logical
        self.shared: dict[ObjectReference, Shared] = {}
        self.expected: dict[str, dict[ObjectReference, bytes]] = {}
        self.sealed: dict[str, set[ObjectReference]] = {}
        self.keys: dict[str, list[ObjectReference]] = {}
        self._renamed = {
            environment: {real[environment]: name for name, real in logical.items()}
            for environment in component.environments
        }
        self._share(self._collect())

    def _collect(self) -> dict[ObjectReference, dict[str, tuple[Resource, bytes]]]:
        """Hash every object and find its counterparts in the other environments."""
        found: dict[ObjectReference, dict[str, tuple[Resource, bytes]]] = {}
        for environment in self.component.environments:
            self.expected[environment], self.sealed[environment], self.keys[environment] = {}, set(), []
            for resource in self.component.resources.get(environment, ()):
                reference = resource.reference
                if resource.sealed is not None:
                    self.sealed[environment].add(reference)
                    self.keys[environment].append(reference)
                    continue
                real = manifest_digest(resource.manifest)
                mapped = in_namespaces(resource.manifest, self._renamed[environment])
                key = reference if mapped is resource.manifest else ObjectReference.of(mapped)
                self.expected[environment][reference] = real
                self.keys[environment].append(key)
                logical = real if mapped is resource.manifest else manifest_digest(mapped)
                found.setdefault(key, {})[environment] = (resource, logical)
        return found

    def _share(self, found: Mapping[ObjectReference, Mapping[str, tuple[Resource, bytes]]]) -> None:
        """Choose the base object and the patches of everything that all environments have."""
        for reference, here in found.items():
            if len(here) < len(self.component.overlays):
                continue
            variants: dict[bytes, list[str]] = {}
            for environment, (_, digest) in here.items():
                variants.setdefault(digest, []).append(environment)
            manifests = {names[0]: self._mapped(here[names[0]][0], names[0]) for names in variants.values()}
            chosen = _medoid({names[0]: len(names) for names in variants.values()}, manifests)
            resources = {environment: resource for environment, (resource, _) in here.items()}
            shared = Shared(reference, resources, manifests[chosen])
            for names in variants.values():
                if names[0] != chosen:
                    patch = patches(shared.base, manifests[names[0]])[0]
                    shared.patches.update(dict.fromkeys(names, patch))
            self.shared[reference] = shared

    def _mapped(self, resource: Resource, environment: str) -> Manifest:
        return cleaned(in_namespaces(resource.manifest, self._renamed[environment]))

    def in_base(self) -> list[Shared]:
        """What stands in base, in task order."""
        return [shared for shared in self.shared.values() if not shared.whole]

    def own(self, environment: str) -> list[Resource]:
        """What stands in the environment's overlay itself, in task order."""
        resources = self.component.resources.get(environment, ())
        return [
            resource
            for key, resource in zip(self.keys[environment], resources, strict=True)
            if resource.sealed is not None or key not in self.shared or self.shared[key].whole
        ]

    def find(self, environment: str, reference: ObjectReference) -> Shared | None:
        """Find the shared object behind a real identity."""
        namespace = self._renamed[environment].get(reference.namespace, reference.namespace)
        name = reference.name
        if reference.kind == "Namespace" and reference.api_version == "v1":
            name = self._renamed[environment].get(name, name)
        return self.shared.get(ObjectReference(reference.api_version, reference.kind, namespace, name))

    def escalate(self, environment: str, shared: Shared) -> bool:
        """Take the next kind of patch for one environment, at last none at all; say whether the base changed."""
        index = shared.tried.get(environment, 0) + 1
        candidates = patches(shared.base, self._mapped(shared.resources[environment], environment))
        shared.tried[environment] = index
        if index < len(candidates):
            shared.patches[environment] = candidates[index]
            return False
        shared.whole = True
        return True

    def patched(self, environment: str) -> list[Shared]:
        """What is patched in an environment; where strategic merges are left, only these."""
        found = [shared for shared in self.in_base() if environment in shared.patches]
        return [shared for shared in found if shared.patches[environment].kind is not PatchKind.JSON] or found


def _medoid(counts: Mapping[str, int], manifests: Mapping[str, Manifest]) -> str:
    """Choose the variant from which the others are reached by the smallest patches.

    A leaf to add or change counts once, one to remove twice, because a patch that removes is harder to read.
    """
    if len(manifests) == 1:
        return next(iter(manifests))
    held = {name: {(pointer, repr(leaf)) for pointer, leaf in leaves(value)} for name, value in manifests.items()}
    places = {name: {pointer for pointer, _ in pairs} for name, pairs in held.items()}

    def cost(base: str) -> int:
        return sum(
            counts[other] * (len(held[other] - held[base]) + 2 * len(places[base] - places[other]))
            for other in manifests
        )

    return min(sorted(manifests), key=lambda name: (cost(name), -counts[name]))


def same_kind_and_name(references: Sequence[ObjectReference]) -> dict[tuple[str, str], list[ObjectReference]]:
    """Index identities by what a careless selector would match."""
    index: dict[tuple[str, str], list[ObjectReference]] = {}
    for reference in references:
        index.setdefault((reference.kind, reference.name), []).append(reference)
    return index
