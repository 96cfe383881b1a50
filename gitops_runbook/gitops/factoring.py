"""Factoring: the objects of several environments become one kustomize base with small overlays, exactly.

What all environments have stands in base, in the variant from which the others are reached by the smallest patches.
Nothing is believed about kustomize: every overlay is built and compared object by object, and what does not come back
exactly is written in the next, plainer way – strategic merge, ``$patch: replace``, JSON patch, whole in each overlay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.components import Component, Resource, beyond_kustomize, manifest_digest
from gitops_runbook.gitops.namespace_matching import logical_namespaces
from gitops_runbook.gitops.overlay_build import Build
from gitops_runbook.gitops.overlay_files import base_files, overlay_files
from gitops_runbook.gitops.overlay_plan import ComponentPlan
from gitops_runbook.gitops.patches import PatchKind
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference

__all__ = ["Component", "Factored", "Resource", "Statistics", "factor"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Statistics:
    """What factoring achieved, in numbers of objects.

    Attributes:
        shared: in base, the same in every environment.
        patched: in base, patched in at least one environment.
        overlay_only: in overlays because not all environments have them, counted per environment.
        whole: in all environments but different beyond patching, counted once.
        sealed: SOPS files, counted per environment.
        patches: kind of patch → how many, counted per environment.
    """

    shared: int
    patched: int
    overlay_only: int
    whole: int
    sealed: int
    patches: Mapping[PatchKind, int]


@dataclass(frozen=True)
class Factored:
    """The result.

    Attributes:
        files: path in the tree → text, of all components.
        rounds: how often overlays were built until everything came back exactly; the first counts.
        namespaces: logical namespace in base → environment → real namespace.
        inexact: (environment, object) pairs whose build is still not what was asked for, because kustomize changes
            them wherever they stand (e.g. ``config.kubernetes.io/local-config``), or adds them; empty when exact.
    """

    files: Mapping[str, str]
    rounds: int
    statistics: Statistics
    namespaces: Mapping[str, Mapping[str, str]]
    inexact: tuple[tuple[str, ObjectReference], ...] = ()


def _silent(_message: str) -> None:
    """Report no progress."""


def factor(components: Sequence[Component], build: Build, scratch: Path, progress: Progress = _silent) -> Factored:
    """Factor components into base and overlays, and prove it by building them.

    Args:
        components: what to write; those without any resource are left out.
        build: see ``overlay_build.Build``.
        scratch: an empty folder for the trees that are tried.
        progress: is told what goes on, a short sentence per round.

    Raises:
        CommandFailed: kustomize refuses an overlay that holds nothing but whole objects.
        UnreadableInput: an object holds what YAML cannot express or kustomize cannot carry.
    """
    used = [component for component in components if any(component.resources.values())]
    logical = logical_namespaces(used)
    rounds = 0
    while True:
        attempt = _Attempt(used, logical, build, scratch)
        suspects = attempt.solve(progress)
        rounds += attempt.rounds
        if not suspects:
            return attempt.result(rounds)
        progress(f"namespaces kept apart: {', '.join(sorted(suspects))}")
        logical = {name: real for name, real in logical.items() if name not in suspects}


_Place = tuple[ComponentPlan, str]


class _Attempt:
    """Factoring with one choice of logical namespaces."""

    def __init__(
        self, components: Sequence[Component], logical: Mapping[str, Mapping[str, str]], build: Build, scratch: Path
    ) -> None:
        self.plans = [ComponentPlan(component, logical) for component in components]
        self.logical = logical
        self.build = build
        self.scratch = scratch
        self.rounds = 0
        self.folders: dict[str, dict[str, str]] = {}
        self.inexact: dict[tuple[str, str], set[ObjectReference]] = {}

    def solve(self, progress: Progress) -> set[str]:
        """Build and escalate until nothing is wrong; return logical namespaces that must be given up first."""
        places: list[_Place] = [(plan, name) for plan in self.plans for name in plan.component.environments]
        bases = self.plans
        while places:
            self.rounds += 1
            progress(f"round {self.rounds}: {len(places)} overlays")
            for plan in bases:
                self._write(plan.component.base, base_files(plan))
            for plan, environment in places:
                self._write(plan.component.overlays[environment], overlay_files(plan, environment))
            again: dict[tuple[str, str], _Place] = {}
            bases = []
            for place, wrong in self._wrong(places):
                base_changed = self._escalate(place, wrong)
                plan, environment = place
                if base_changed:
                    bases = [*(other for other in bases if other is not plan), plan]
                if base_changed is not None:
                    names = plan.component.environments if base_changed else [environment]
                    again.update({(plan.component.base, name): (plan, name) for name in names})
            suspects = self._suspects()
            if suspects:
                return suspects
            places = list(again.values())
        return set()

    def _write(self, folder: str, files: dict[str, str]) -> None:
        """Bring a folder of the scratch tree to exactly these files."""
        before = self.folders.get(folder, {})
        for name in before.keys() - files.keys():
            (self.scratch / folder / name).unlink()
        for name, text in files.items():
            if before.get(name) != text:
                path = self.scratch / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="")
        self.folders[folder] = files

    def _wrong(self, places: Sequence[_Place]) -> Iterator[tuple[_Place, set[ObjectReference] | CommandFailed]]:
        """Build overlays and yield those that are not right, with what is wrong in them."""
        by_folder = {Path(plan.component.overlays[name]): (plan, name) for plan, name in places}
        known: dict[int, tuple[Manifest, ObjectReference, bytes]] = {}
        for folder, built in self._built(list(by_folder)):
            place = by_folder[folder]
            if isinstance(built, CommandFailed):
                yield place, built
                continue
            # Overlays share the objects that are equal in them; hash those once.
            known = {
                id(manifest): known.get(id(manifest))
                or (manifest, ObjectReference.of(manifest), manifest_digest(manifest))
                for manifest in built
            }
            wrong = _differing(place, {reference: digest for _, reference, digest in known.values()})
            self.inexact.pop((place[0].component.base, place[1]), None)
            if wrong:
                yield place, wrong

    def _built(self, folders: Sequence[Path]) -> Iterator[tuple[Path, Sequence[Manifest] | CommandFailed]]:
        """Build overlays together, or one by one when that fails, to find out which one is refused."""
        try:
            together = self.build(self.scratch, folders)
        except CommandFailed as error:
            if len(folders) == 1:
                yield folders[0], error
                return
            for folder in folders:
                yield from self._built([folder])
            return
        for folder in folders:
            yield folder, together[folder]

    def _escalate(self, place: _Place, wrong: set[ObjectReference] | CommandFailed) -> bool | None:
        """Write what is wrong in the next way: True – base changed too, False – this overlay, None – no way left."""
        plan, environment = place
        if isinstance(wrong, CommandFailed):
            _blame(place, wrong)
            found = plan.patched(environment)
            if not found and not self.logical:
                raise wrong
            if not found:
                self.inexact[plan.component.base, environment] = set(plan.expected[environment])
        else:
            pairs = [(reference, plan.find(environment, reference)) for reference in sorted(wrong)]
            found = [shared for _, shared in pairs if shared is not None and not shared.whole]
            lost = {reference for reference, shared in pairs if shared is None or shared.whole}
            if lost:
                self.inexact[plan.component.base, environment] = lost
        changes = [plan.escalate(environment, shared) for shared in found]
        return any(changes) if changes else None

    def _suspects(self) -> set[str]:
        """Give up the logical namespaces of what cannot be made exact otherwise; when there are none there, all."""
        lost = [(environment, item) for (_, environment), found in self.inexact.items() for item in found]
        near = {
            name
            for name, real in self.logical.items()
            for environment, reference in lost
            if real[environment] in {reference.namespace, reference.name}
        }
        return near or (set(self.logical) if lost else set())

    def result(self, rounds: int) -> Factored:
        """Collect the files and the numbers."""
        files = {f"{folder}/{name}": text for folder, texts in self.folders.items() for name, text in texts.items()}
        inexact = {(environment, item) for (_, environment), found in self.inexact.items() for item in found}
        namespaces = {name: dict(real) for name, real in self.logical.items()}
        return Factored(
            dict(sorted(files.items())), rounds, _statistics(self.plans), namespaces, tuple(sorted(inexact))
        )


def _blame(place: _Place, error: CommandFailed) -> None:
    """Name the object because of which an overlay can never be built, where that is known."""
    plan, environment = place
    for resource in plan.component.resources.get(environment, ()):
        pointer = beyond_kustomize(resource.manifest)
        if pointer:
            raise UnreadableInput(
                f"{resource.reference} in {environment}: {pointer!a}",
                "a control character, or the key <<, that kustomize cannot carry",
                "write the value in another way, e.g. as binaryData of a ConfigMap",
            ) from error


def _differing(place: _Place, built: Mapping[ObjectReference, bytes]) -> set[ObjectReference]:
    """Name the objects of an overlay that are missing, different, or there without being asked for."""
    plan, environment = place
    expected = plan.expected[environment]
    wrong = {reference for reference, digest in expected.items() if built.get(reference) != digest}
    return wrong | (built.keys() - expected.keys() - plan.sealed[environment])


def _statistics(plans: Sequence[ComponentPlan]) -> Statistics:
    in_base = [shared for plan in plans for shared in plan.in_base()]
    own = [(plan, item) for plan in plans for name in plan.component.environments for item in plan.own(name)]
    whole = [shared for plan in plans for shared in plan.shared.values() if shared.whole]
    sealed = sum(item.sealed is not None for _, item in own)
    kinds = [patch.kind for shared in in_base for patch in shared.patches.values()]
    return Statistics(
        shared=sum(not shared.patches for shared in in_base),
        patched=sum(bool(shared.patches) for shared in in_base),
        overlay_only=len(own) - sealed - sum(len(shared.resources) for shared in whole),
        whole=len(whole),
        sealed=sealed,
        patches={kind: kinds.count(kind) for kind in PatchKind},
    )
