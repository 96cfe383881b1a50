"""The Helm part of the proof: what Flux would hand to Helm is what Ansible would have handed to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gitops_runbook.clients.helm import Helm
from gitops_runbook.documents.json_values import ABSENT, Difference, Json, differences
from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.chart_sources import comparable
from gitops_runbook.gitops.helm_release_reading import BuiltRelease, chart_and_values
from gitops_runbook.gitops.proof_difference import Masking, ProofDifference, hide
from gitops_runbook.model.desired import DesiredRelease, Manifest
from gitops_runbook.model.references import ObjectReference

HELM_GROUP = "helm.toolkit.fluxcd.io"
_SOURCE_GROUP = "source.toolkit.fluxcd.io"
_UNWANTED = ("suspend", "postRenderers", "kubeConfig")
"""Fields that hold a release back or change what it becomes; a conversion writes none of them."""


@dataclass(frozen=True)
class ReleaseComparison:
    """The releases of one environment and what was built.

    Attributes:
        desired: (namespace, name) → release.
        built: all objects of the environment, decrypted.
        withheld: the Secrets that are not in the tree on purpose.
    """

    environment: str
    desired: Mapping[tuple[str, str], DesiredRelease] = field(repr=False)
    built: Mapping[ObjectReference, Manifest] = field(repr=False)
    withheld: frozenset[ObjectReference]
    masking: Masking = field(repr=False)

    def difference(self, name: str, pointer: str, expected: Json, actual: Json) -> ProofDifference:
        """A difference about one release in which no known secret shows."""
        mask = self.masking.mask
        return ProofDifference(self.environment, name, pointer, mask(expected), mask(actual))


def check_releases(
    comparison: ReleaseComparison, helm_releases: Iterable[Manifest], helm: Helm
) -> list[ProofDifference]:
    """Compare the HelmReleases of one environment with the releases that are wanted; nothing extra, none missing.

    Raises:
        ToolMissing: Helm cannot be run.
    """
    found: list[ProofDifference] = []
    read: dict[tuple[str, str], tuple[str, BuiltRelease]] = {}
    for manifest in helm_releases:
        name = str(ObjectReference.of(manifest))
        try:
            release = _read(manifest, comparison.built)
        except (UnreadableInput, LookupError, TypeError, ValueError, AttributeError) as error:
            found.append(comparison.difference(name, "", "a HelmRelease that can be read", _short(error)))
            continue
        found += [
            comparison.difference(name, f"/spec/{key}", ABSENT, manifest["spec"][key])
            for key in _UNWANTED
            if manifest["spec"].get(key)
        ]
        if (release.namespace, release.name) in read:
            found.append(comparison.difference(name, "", "one HelmRelease for each release", "more than one"))
        read[release.namespace, release.name] = (name, release)
    values, failed = _effective_values({key: release for key, (_, release) in read.items()}, helm)
    for key in dict.fromkeys([*comparison.desired, *read]):
        if key not in read or key not in comparison.desired:
            sides = ("a release", ABSENT) if key not in read else (ABSENT, "a release")
            found.append(comparison.difference(f"HelmRelease/{key[0]}/{key[1]}", "", *sides))
        elif key in failed:
            found.append(comparison.difference(read[key][0], "/spec/values", "values that Helm reads", failed[key]))
        else:
            found += _release_differences(comparison, key, *read[key], values[key])
    return found


def _release_differences(
    comparison: ReleaseComparison, key: tuple[str, str], name: str, built: BuiltRelease, values: Json
) -> Iterator[ProofDifference]:
    wanted = comparison.desired[key]
    for part in ("name", "repository", "version"):
        one, other = getattr(comparable(wanted.chart), part), getattr(built.chart, part)
        if one != other:
            yield comparison.difference(name, f"/spec/chart/{part}", one, other)
    if built.storage_namespace != wanted.namespace:
        yield comparison.difference(name, "/spec/storageNamespace", wanted.namespace, built.storage_namespace)
    unread = {ObjectReference("v1", *_kind_and_name(text, wanted.namespace)) for text in built.unread}
    for reference in sorted(unread - comparison.withheld):
        yield comparison.difference(name, "/spec/valuesFrom", f"{reference} in the tree", ABSENT)
    expected = wanted.values if wanted.plaintext_values is None else wanted.plaintext_values
    for found in differences(expected, values):
        pointer = f"/spec/values{found.pointer}"
        if _touches_secret(found, wanted.taint.secret):
            if not (unread & comparison.withheld and found.actual is ABSENT):
                yield comparison.difference(name, pointer, hide(found.expected), hide(found.actual))
        else:
            yield comparison.difference(name, pointer, found.expected, found.actual)


def _read(manifest: Manifest, built: Mapping[ObjectReference, Manifest]) -> BuiltRelease:
    """Read one HelmRelease and make its chart comparable.

    Raises:
        UnreadableInput: it has no chart.
        LookupError, TypeError, ValueError, AttributeError: it is no HelmRelease Flux would take.
    """
    sources = {
        (reference.kind, reference.namespace, reference.name): source
        for reference, source in built.items()
        if reference.group == _SOURCE_GROUP
    }
    secrets = {
        (reference.namespace, reference.name): secret
        for reference, secret in built.items()
        if (reference.api_version, reference.kind) == ("v1", "Secret")
    }
    release = chart_and_values(manifest, sources, secrets)
    if not (isinstance(release.name, str) and isinstance(release.namespace, str)):
        raise TypeError("a name is no text")
    return replace(release, chart=comparable(release.chart))


def _effective_values(
    releases: Mapping[tuple[str, str], BuiltRelease], helm: Helm
) -> tuple[dict[tuple[str, str], Json], dict[tuple[str, str], str]]:
    """The values of each release as Helm gets them, and why those are missing that Helm cannot read."""
    texts = {
        f"{namespace}/{name}/{number}": text
        for (namespace, name), release in releases.items()
        for number, text in enumerate(release.value_texts)
    }
    read, failed_texts = _read_texts(texts, helm)
    values: dict[tuple[str, str], Json] = {}
    failed: dict[tuple[str, str], str] = {}
    for key, release in releases.items():
        names = [f"{key[0]}/{key[1]}/{number}" for number in range(len(release.value_texts))]
        merged: dict[str, Json] = {}
        for name in names:
            if name in failed_texts:
                failed[key] = failed_texts[name]
            else:
                merged = _merge_maps(merged, read[name])
        values[key] = merged
    return values, failed


def _read_texts(texts: Mapping[str, str], helm: Helm) -> tuple[dict[str, dict[str, Json]], dict[str, str]]:
    """All texts in one call of Helm; one by one only when that fails, to learn which it was."""
    try:
        return helm.effective_values_of_many(texts), {}
    except CommandFailed:
        read: dict[str, dict[str, Json]] = {}
        failed: dict[str, str] = {}
        for name, text in texts.items():
            try:
                read |= helm.effective_values_of_many({name: text})
            except CommandFailed:
                failed[name] = "Helm refuses them"
        return read, failed


def _merge_maps(base: Mapping[str, Json], over: Mapping[str, Json]) -> dict[str, Json]:
    """Merge values as helm-controller does (fluxcd/pkg runtime/transform.MergeMaps): maps deep, all else replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both_maps = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge_maps(below, value) if both_maps else value  # type: ignore[arg-type]
    return merged


def _touches_secret(found: Difference, secret: Iterable[str]) -> bool:
    """Say whether the difference lies at, above or below a secret leaf."""
    here = f"{found.pointer}/"
    return any(here.startswith(f"{pointer}/") or f"{pointer}/".startswith(here) for pointer in secret)


def _kind_and_name(text: str, namespace: str) -> tuple[str, str, str]:
    kind, _, name = text.partition("/")
    return kind, namespace, name


def _short(error: Exception) -> str:
    return error.happened if isinstance(error, UnreadableInput) else f"{type(error).__name__}: {error}"
