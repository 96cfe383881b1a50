"""The proof: what Flux would apply from the written tree is, object by object, what Ansible would have applied.

It knows nothing of how the tree was made. Each overlay is built by the real Kustomize, read with Go's rules, decrypted
where the age key is there, and compared as typed JSON: nothing extra, nothing missing, nothing twice. Of a HelmRelease
its chart and the values that Helm itself makes of it are compared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import ABSENT, Json
from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.proof_cluster import check_cluster_folder
from gitops_runbook.gitops.proof_difference import Masking, ProofDifference, unequal
from gitops_runbook.gitops.proof_releases import HELM_GROUP, ReleaseComparison, check_releases
from gitops_runbook.gitops.proof_sealed import Opened, OpenRequest, SealedFiles
from gitops_runbook.model.desired import DesiredRelease, Manifest
from gitops_runbook.model.references import ObjectReference


@dataclass(frozen=True)
class Expected:
    """What one environment must come out as.

    Attributes:
        objects: the objects that stand in the tree in clear.
        releases: (namespace, name) → Helm release.
        sealed: the plaintext of the objects that stand in the tree encrypted, values Secrets among them.
        generated: documents of our own that no task applied (sources, HelmReleases, derived namespaces …); each must
            be there, and equal where its content is given.
        sealed_texts: the texts sops gave, which the sealed files must be where they cannot be decrypted; None: unknown.
        recipients: the age public keys that must be able to read what is sealed, and no others.
        withheld: values Secrets that are not in the tree on purpose, though a HelmRelease refers to them.
        secrets: texts that must not show in a difference.
        cluster: folder of this environment's Flux Kustomizations, relative to the root of the tree; empty: not checked.
        prefix: what stands before the overlays' paths in these Kustomizations.
    """

    objects: Mapping[ObjectReference, Manifest] = field(default_factory=dict, repr=False)
    releases: Mapping[tuple[str, str], DesiredRelease] = field(default_factory=dict, repr=False)
    sealed: Mapping[ObjectReference, Manifest] = field(default_factory=dict, repr=False)
    generated: Mapping[ObjectReference, Manifest | None] = field(default_factory=dict, repr=False)
    sealed_texts: frozenset[str] | None = field(default=None, repr=False)
    recipients: tuple[str, ...] = ()
    withheld: frozenset[ObjectReference] = frozenset()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    cluster: str = ""
    prefix: str = ""


@dataclass(frozen=True)
class ProofPrograms:
    """The programs the proof rests on; without an age key file what is sealed is compared by structure only."""

    kustomize: Kustomize
    helm: Helm
    sops: Sops
    age_key_file: Path | None = None


@dataclass(frozen=True)
class Proof:
    """The outcome over all environments.

    Attributes:
        objects: compared objects, our own documents not counted.
        releases: compared Helm releases.
        not_decrypted: sealed objects whose equality rests on the plaintext that was given to sops.
    """

    objects: int
    releases: int
    differences: tuple[ProofDifference, ...]
    not_decrypted: int

    @property
    def exact(self) -> bool:
        """Nothing differs."""
        return not self.differences

    def as_json(self) -> dict[str, Json]:
        """The proof as the conversion report holds it."""
        return {
            "exact": self.exact, "objects": self.objects, "releases": self.releases,
            "differences": [difference.as_json() for difference in self.differences],
            "not_decrypted": self.not_decrypted,
        }  # fmt: skip


def prove(
    root: Path,
    overlays: Mapping[str, Sequence[str]],
    expected: Mapping[str, Expected],
    programs: ProofPrograms,
) -> Proof:
    """Build the tree below ``root`` and compare it with what is expected.

    Args:
        root: the folder that was written.
        overlays: environment → the folders Flux applies, relative to ``root``.
        expected: environment → what must come out.
        programs: what to build, read and decrypt with.

    A program that refuses its input is a difference that names the overlay or object, not an exception.

    Raises:
        ToolMissing: one of the programs cannot be run.
    """
    folders = dict.fromkeys(overlay for names in overlays.values() for overlay in names)
    builds = _build_all({overlay: root / overlay for overlay in folders}, programs.kustomize)
    files = SealedFiles(root, programs.sops, programs.age_key_file)
    reader = _Reader()
    found: list[ProofDifference] = []
    objects = releases = not_decrypted = 0
    for environment, wanted in expected.items():
        comparison = _Environment(environment, wanted, root)
        comparison.read({overlay: builds[overlay] for overlay in overlays.get(environment, ())}, reader)
        not_decrypted += comparison.open_sealed(files)
        comparison.compare_objects()
        comparison.compare_releases(programs.helm)
        found += comparison.found
        objects += len({*wanted.objects, *wanted.sealed} - {*wanted.generated})
        releases += len(wanted.releases)
    return Proof(objects, releases, tuple(found), not_decrypted)


class _Reader:
    """Reads what Kustomize built; a document that also stood in the environment before is not read again.

    Kustomize separates documents by ``---`` at the beginning of a line, where no text within a document can stand.
    """

    def __init__(self) -> None:
        self._before: dict[str, list[Json]] = {}
        self._now: dict[str, list[Json]] = {}

    def read(self, text: str, overlay: str) -> list[Json]:
        """The documents of one build.

        Raises:
            UnreadableInput: one is no YAML.
        """
        found: list[Json] = []
        for part in text.split("\n---\n"):
            if part not in self._now:
                known = self._before.get(part)
                self._now[part] = load_all(part, overlay) if known is None else known
            found += self._now[part]
        return [document for document in found if document is not None]

    def forget_older(self) -> None:
        """Keep only what was read since the last call."""
        self._before, self._now = self._now, {}


class _Environment:
    """Compares one environment, step by step; ``found`` grows."""

    def __init__(self, name: str, expected: Expected, root: Path) -> None:
        self.found: list[ProofDifference] = []
        self._name = name
        self._expected = expected
        self._root = root
        self._masking = Masking(expected.secrets)
        self._actual: dict[ObjectReference, Manifest] = {}

    def read(self, builds: Mapping[str, str | CommandFailed], reader: _Reader) -> None:
        """Take what Kustomize built of each overlay, and compare the Flux Kustomizations with the overlays."""
        encrypted: set[str] = set()
        for overlay, built in builds.items():
            try:
                documents = reader.read(_text(built), overlay)
            except (CommandFailed, UnreadableInput) as error:
                self._add(overlay, "", "a folder that Kustomize builds", error.happened)
                continue
            for document in documents:
                self._take(overlay, document)
                encrypted.update([overlay] if "sops" in document else [])
        reader.forget_older()
        if self._expected.cluster:
            paths = {overlay: str(PurePosixPath(self._expected.prefix) / overlay) for overlay in builds}
            self.found += check_cluster_folder(
                self._root / self._expected.cluster, self._name, [*paths.values()], {paths[path] for path in encrypted}
            )

    def _take(self, overlay: str, document: Json) -> None:
        reference = _reference_of(document)
        if reference is None:
            self._add(overlay, "", "objects with apiVersion, kind and name", "one without")
            return
        if reference in self._actual:
            self._add(str(reference), "", "once in the environment", f"again in {overlay}")
        self._actual[reference] = document

    def open_sealed(self, files: SealedFiles) -> int:
        """Put the plaintext in place of what is sealed, and say how many objects could not be decrypted."""
        wanted = self._expected
        readable = bool(wanted.sealed) and files.can_read(wanted.recipients)
        present = [reference for reference in wanted.sealed if reference in self._actual]

        def open_one(reference: ObjectReference) -> Opened:
            built, plaintext = self._actual[reference], wanted.sealed[reference]
            request = OpenRequest(built, plaintext, wanted.recipients, readable, wanted.sealed_texts)
            return files.open(request, self._masking)

        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            for reference, opened in zip(present, pool.map(open_one, present), strict=True):
                for place in opened.places:
                    self._add(str(reference), *place)
                self._actual[reference] = opened.manifest
        return 0 if readable else len(present)

    def compare_objects(self) -> None:
        """Compare every object; nothing missing, nothing extra. What is sealed was compared when it was opened."""
        wanted = self._expected
        for reference in {**wanted.objects, **wanted.sealed, **wanted.generated}:
            if reference not in self._actual:
                self._add(str(reference), "", "present", ABSENT)
                continue
            manifest = wanted.objects.get(reference) or wanted.generated.get(reference)
            if manifest is not None and reference not in wanted.sealed:
                for difference in unequal(manifest, self._actual[reference]):
                    self._add(str(reference), difference.pointer, difference.expected, difference.actual)
        for reference in self._actual:
            if not (self._is_known(reference) or self._is_release(reference)):
                self._add(str(reference), "", ABSENT, "present")

    def compare_releases(self, helm: Helm) -> None:
        """Compare the HelmReleases that stand for Helm releases of the playbook."""
        wanted = self._expected
        comparison = ReleaseComparison(self._name, wanted.releases, self._actual, wanted.withheld, self._masking)
        manifests = [manifest for reference, manifest in self._actual.items() if self._is_release(reference)]
        self.found += check_releases(comparison, manifests, helm)

    def _is_known(self, reference: ObjectReference) -> bool:
        wanted = self._expected
        return reference in wanted.objects or reference in wanted.sealed or reference in wanted.generated

    def _is_release(self, reference: ObjectReference) -> bool:
        """A HelmRelease, unless the playbook itself applies it as an object."""
        is_helm_release = reference.group == HELM_GROUP and reference.kind == "HelmRelease"
        return is_helm_release and reference not in self._expected.objects

    def _add(self, subject: str, pointer: str, expected: Json, actual: Json) -> None:
        mask = self._masking.mask
        self.found.append(ProofDifference(self._name, subject, pointer, mask(expected), mask(actual)))


def _reference_of(document: Json) -> ObjectReference | None:
    try:
        reference = ObjectReference.of(document)
    except (KeyError, TypeError, AttributeError):
        return None
    parts = (reference.api_version, reference.kind, reference.namespace, reference.name)
    return reference if all(isinstance(part, str) for part in parts) else None


def _build_all(folders: Mapping[str, Path], kustomize: Kustomize) -> dict[str, str | CommandFailed]:
    """Build every overlay; one that Kustomize refuses becomes its error and keeps no other from being built."""

    def build(folder: Path) -> str | CommandFailed:
        try:
            return kustomize.build(folder)
        except CommandFailed as error:
            return error

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return dict(zip(folders, pool.map(build, folders.values()), strict=True))


def _text(built: str | CommandFailed) -> str:
    if isinstance(built, CommandFailed):
        raise built
    return built
