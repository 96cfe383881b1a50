"""The bench on which factoring is tested: real kustomize, read by real Go; and short ways to write objects."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.documents.json_values import Difference, Json, differences
from gitops_runbook.gitops.components import cleaned
from gitops_runbook.gitops.factoring import Component, Factored, Resource, factor
from gitops_runbook.gitops.overlay_build import Build, overlay_build
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.references import ObjectReference

Objects = Mapping[str, Sequence[Manifest]]


@dataclass
class Bench:
    """Factors, writes, builds with kustomize and reads with Go."""

    kustomize: Kustomize
    folder: Path
    numbers: Any

    @property
    def build(self) -> Build:
        return overlay_build(self.kustomize)

    def factor(self, components: Sequence[Component], build: Build | None = None) -> Factored:
        return factor(components, build or self.build, self.folder / f"scratch-{next(self.numbers)}")

    def built(self, factored: Factored, folder: str) -> dict[ObjectReference, Manifest]:
        root = self.folder / f"tree-{next(self.numbers)}"
        for path, text in factored.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8", newline="")
        manifests = self.kustomize.read_manifests(self.kustomize.build(root / folder))
        return {ObjectReference.of(manifest): manifest for manifest in manifests}

    def wrong(self, component: Component, factored: Factored) -> dict[str, list[Difference]]:
        """List per environment what the built tree has otherwise than it was asked for."""
        found = {}
        for environment, folder in component.overlays.items():
            items = component.resources.get(environment, ())
            expected = {key(item.reference): cleaned(item.manifest) for item in items if item.sealed is None}
            sealed = {item.reference for item in items if item.sealed is not None}
            actual = self.built(factored, folder)
            assert sealed <= actual.keys()
            seen = {key(name): cleaned(manifest) for name, manifest in actual.items() if name not in sealed}
            if difference := differences(expected, seen):
                found[environment] = difference
        return found

    def exact(self, objects: Objects) -> Factored:
        component = of(objects)
        factored = self.factor([component])
        assert self.wrong(component, factored) == {}
        assert factored.inexact == ()
        return factored


def key(reference: ObjectReference) -> str:
    return f"{reference.api_version} {reference}"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is needed for its kustomize and is not installed")
    return Bench(Kustomize(Path(found)), tmp_path, count())


def of(objects: Objects, file: str = "w") -> Component:
    return Component(
        "apps/base",
        {environment: f"apps/{environment}" for environment in objects},
        {name: [Resource(item, file, f"task of {name}") for item in items] for name, items in objects.items()},
    )


def thing(name: str = "a", namespace: str = "x", /, **spec: Json) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "x.example.org/v1", "kind": "Thing", "metadata": metadata, "spec": spec}


def config_map(name: str = "a", namespace: str = "x", /, **data: Json) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def deployment(name: str = "a", namespace: str = "x", *, container: Mapping[str, Any], **pod: Json) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": name}}, "spec": {"containers": [{"name": "c", **container}], **pod}}
    spec = {"selector": {"matchLabels": {"a": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
