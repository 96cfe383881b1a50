"""The last link of the proof: the Flux Kustomizations of a cluster apply exactly the overlays that were compared.

An overlay that equals the playbook is worth nothing when no Kustomization names it, and a Kustomization can rewrite
what it applies (kustomize-controller specification: ``targetNamespace``, ``patches``, ``postBuild`` and others).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import ABSENT, Json
from gitops_runbook.errors import UnreadableInput
from gitops_runbook.gitops.proof_difference import NOTHING, ProofDifference
from gitops_runbook.model.desired import Manifest

_GROUP = "kustomize.toolkit.fluxcd.io/"
_REWRITES = (
    "commonMetadata", "components", "images", "kubeConfig", "namePrefix", "nameSuffix", "patches", "postBuild",
    "suspend", "targetNamespace",
)  # fmt: skip


def check_cluster_folder(
    folder: Path, environment: str, overlays: Sequence[str], encrypted: Collection[str]
) -> Iterator[ProofDifference]:
    """Compare the Flux Kustomizations in a cluster's folder with the overlays of its environment.

    Args:
        folder: ``clusters/<environment>``; what ``flux bootstrap`` put below it is not looked at.
        environment: whose cluster it is.
        overlays: the paths that must be applied, as they stand in the repository.
        encrypted: those of them that hold SOPS files.
    """
    found: list[Manifest] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            found += [document for document in load_all(file.read_text(), str(file)) if _is_kustomization(document)]
        except (UnreadableInput, UnicodeDecodeError):
            yield ProofDifference(environment, file.name, "", "a YAML file", "it cannot be read")
    paths = Counter(_path_of(document) for document in found)
    for overlay in sorted({_normal(overlay) for overlay in overlays} | set(paths)):
        wanted = int(overlay in {_normal(other) for other in overlays})
        if paths[overlay] != wanted:
            yield ProofDifference(
                environment, overlay, "", f"applied by {wanted} Flux Kustomization", f"applied by {paths[overlay]}"
            )
    names = {str(document["metadata"].get("name")) for document in found}
    for document in found:
        yield from _spec_differences(environment, document, names, {_normal(overlay) for overlay in encrypted})


def _spec_differences(
    environment: str, document: Manifest, names: Collection[str], encrypted: Collection[str]
) -> Iterator[ProofDifference]:
    subject, spec = f"Kustomization/{document['metadata'].get('name')}", document["spec"]
    for key in _REWRITES:
        if spec.get(key):
            yield ProofDifference(environment, subject, f"/spec/{key}", NOTHING, spec[key])
    for number, dependency in enumerate(spec.get("dependsOn") or ()):
        if not isinstance(dependency, dict) or dependency.get("name") not in names:
            yield ProofDifference(environment, subject, f"/spec/dependsOn/{number}", "one of this cluster", dependency)
    decryption = spec.get("decryption") or {}
    if _path_of(document) in encrypted and (decryption.get("provider"), "secretRef" in decryption) != (
        "sops",
        True,
    ):
        yield ProofDifference(environment, subject, "/spec/decryption", "sops with a secretRef", decryption or NOTHING)


def _is_kustomization(document: Json) -> bool:
    return (
        isinstance(document, dict)
        and str(document.get("apiVersion", "")).startswith(_GROUP)
        and document.get("kind") == "Kustomization"
        and isinstance(document.get("spec"), dict)
        and isinstance(document.get("metadata", ABSENT), dict)
    )


def _path_of(document: Manifest) -> str:
    return _normal(str(document["spec"].get("path", "")))


def _normal(path: str) -> str:
    return PurePosixPath(path).as_posix().removeprefix("/")
