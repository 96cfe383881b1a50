"""A small tree as a conversion writes it, by hand: base and two overlays, two areas, charts, and sealed files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from gitops_runbook.clients.helm import Helm
from gitops_runbook.clients.kustomize import Kustomize
from gitops_runbook.clients.sops import Sops
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import Json, merge_patch
from gitops_runbook.documents.yaml_text import dump
from gitops_runbook.gitops.proof import Expected, Proof, ProofPrograms, prove
from gitops_runbook.gitops.sealing import encrypted_regex
from gitops_runbook.model.desired import Chart, DesiredRelease, Manifest, Origin, Taint
from gitops_runbook.model.references import ObjectReference

ENVIRONMENTS = ("staging", "production")
AREAS = ("infrastructure", "apps")
OVERLAYS = {env: [f"infrastructure/{env}/controllers", f"apps/{env}"] for env in ENVIRONMENTS}
SECRETS = {"staging": "canary-staging-81f3", "production": "canary-production-0c7d"}
HASHES = {env: hashlib.sha256(text.encode()).hexdigest() for env, text in SECRETS.items()}
ORIGIN = Origin((), 0, "mlflow")


@dataclass(frozen=True)
class Tree:
    """A written tree and what it must be."""

    root: Path
    expected: Mapping[str, Expected]
    programs: ProofPrograms

    def prove(self) -> Proof:
        return prove(self.root, OVERLAYS, self.expected, self.programs)

    def without_key(self) -> Tree:
        return replace(self, programs=replace(self.programs, age_key_file=None))

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text
        (self.root / path).write_text(text.replace(old, new, 1))


def manifest(api_version: str, kind: str, namespace: str, name: str, **content: Json) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return merge_patch({"apiVersion": api_version, "kind": kind, "metadata": metadata}, content)  # type: ignore[no-any-return]


def namespace(env: str) -> Manifest:
    return manifest("v1", "Namespace", "", "ml", metadata={"labels": {"env": env}})


def config(env: str) -> Manifest:
    text = "[server]\nhosts = *\nurl = ${DS_PROMETHEUS}\n"
    data = {"mlflow.ini": text, "tag": "1.10", "short": "1e3", "env": env, "octal": "0o14", "answer": "no"}
    return manifest("v1", "ConfigMap", "ml", "mlflow", data=data)


def service(_: str) -> Manifest:
    return manifest(
        "v1", "Service", "ml", "mlflow", spec={"ports": [{"name": "http", "port": 5000}], "type": "ClusterIP"}
    )


def deployment(env: str) -> Manifest:
    container = {
        "name": "mlflow",
        "image": "ghcr.io/mlflow/mlflow:v2.10.0",
        "args": ["server", "--host", "0.0.0.0"],  # noqa: S104 - an argument of the sample
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}],
        "resources": {"limits": {"memory": "1Gi", "cpu": 2}},
    }
    spec = {
        "replicas": 1 if env == "staging" else 3,
        "paused": False,
        "template": {"metadata": {"labels": {"app": "mlflow"}}, "spec": {"containers": [container]}},
    }
    return manifest("apps/v1", "Deployment", "ml", "mlflow", metadata={"labels": {"app": "mlflow"}}, spec=spec)


def budget(_: str) -> Manifest:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "mlflow"}}}
    return manifest("policy/v1", "PodDisruptionBudget", "ml", "mlflow", spec=spec)


def database_secret(env: str) -> Manifest:
    return manifest("v1", "Secret", "ml", "db", stringData={"password": SECRETS[env], "user": "mlflow", "empty": ""})


def values_secret(env: str) -> Manifest:
    values = dump({"auth": {"password": SECRETS[env]}})
    return manifest("v1", "Secret", "ml", "kafka-values", type="Opaque", stringData={"values.yaml": values})


def worker(env: str) -> Manifest:
    template = {"metadata": {"annotations": {"checksum/db": HASHES[env]}}, "spec": {"nodeName": "n1", "hostPID": True}}
    return manifest("apps/v1", "DaemonSet", "ml", "worker", spec={"minReadySeconds": 3, "template": template})


def source(_: str) -> Manifest:
    spec = {"interval": "1h", "url": "https://charts.example.com/stable"}
    return manifest("source.toolkit.fluxcd.io/v1", "HelmRepository", "ml", "stable", spec=spec)


def kafka(env: str) -> Manifest:
    chart = {"chart": "kafka", "version": "0.45.0", "sourceRef": {"kind": "HelmRepository", "name": "stable"}}
    spec = {
        "releaseName": "kafka",
        "storageNamespace": "ml",
        "interval": "1h",
        "chart": {"spec": chart},
        "valuesFrom": [{"kind": "Secret", "name": "kafka-values"}],
        "values": _public_values(env),
    }
    return manifest("helm.toolkit.fluxcd.io/v2", "HelmRelease", "ml", "kafka", spec=spec)


def release(env: str) -> DesiredRelease:
    values = {**_public_values(env), "auth": {"password": "vault_0123_"}}
    plaintext = {**values, "auth": {"password": SECRETS[env]}}
    chart = Chart("kafka", "https://charts.example.com/stable/", "0.45.0", "stable")
    taint = Taint(secret=frozenset({"/auth/password"}))
    return DesiredRelease("kafka", "ml", chart, values, ORIGIN, taint=taint, plaintext_values=plaintext)


def _public_values(env: str) -> dict[str, Any]:
    size = {"staging": 1, "production": 3}[env]
    return {
        "replicas": size,
        "image": {"tag": "3.10"},
        "hosts": ["a", "b"],
        "tolerations": [{"key": "k", "value": "1"}],
    }


def kustomization(resources: Sequence[str], **content: Json) -> str:
    document = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources}
    return dump({**document, **content})


def flux_kustomization(name: str, path: str, depends_on: str = "") -> str:
    spec: dict[str, Any] = {
        "interval": "1h",
        "path": f"./{path}",
        "prune": True,
        "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
        "decryption": {"provider": "sops", "secretRef": {"name": "sops-age"}},
    }
    if depends_on:
        spec["dependsOn"] = [{"name": depends_on}]
    return dump(manifest("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "flux-system", name, spec=spec))


def clear_files() -> dict[str, str]:
    """All files of the tree that are not sealed."""
    files = {
        "infrastructure/base/controllers/namespaces.yaml": dump(namespace("staging")),
        "infrastructure/base/controllers/kafka.yaml": dump(source("")) + "---\n" + dump(kafka("staging")),
        "infrastructure/base/controllers/kustomization.yaml": kustomization(["namespaces.yaml", "kafka.yaml"]),
        "apps/base/mlflow.yaml": "---\n".join(dump(make("staging")) for make in (config, service, deployment)),
        "apps/base/kustomization.yaml": kustomization(["mlflow.yaml"]),
        "apps/staging/kustomization.yaml": kustomization(["../base", "db.yaml", "worker.yaml"]),
        "infrastructure/staging/controllers/kustomization.yaml": kustomization(
            ["../../base/controllers", "kafka-values.yaml"]
        ),
        "infrastructure/production/controllers/kustomization.yaml": kustomization(
            ["../../base/controllers", "kafka-values.yaml"], patches=[{"path": "patches/ml.yaml"}, _values_patch()]
        ),
        "infrastructure/production/controllers/patches/ml.yaml": dump(namespace("production")),
        "apps/production/kustomization.yaml": kustomization(
            ["../base", "db.yaml", "worker.yaml", "budget.yaml"],
            patches=[{"path": "patches/config.yaml"}, {"path": "patches/mlflow.yaml"}],
        ),
        "apps/production/budget.yaml": dump(budget("production")),
        "apps/production/patches/config.yaml": dump(
            manifest("v1", "ConfigMap", "ml", "mlflow", data={"env": "production"})
        ),
        "apps/production/patches/mlflow.yaml": dump(
            manifest("apps/v1", "Deployment", "ml", "mlflow", spec={"replicas": 3})
        ),
    }
    for env in ENVIRONMENTS:
        infrastructure, apps = OVERLAYS[env]
        files[f"clusters/{env}/infrastructure.yaml"] = flux_kustomization("infrastructure-controllers", infrastructure)
        files[f"clusters/{env}/applications.yaml"] = flux_kustomization(
            "applications", apps, "infrastructure-controllers"
        )
    return files


def _values_patch() -> dict[str, Any]:
    return {
        "target": {"kind": "HelmRelease", "name": "kafka"},
        "patch": dump([{"op": "replace", "path": "/spec/values/replicas", "value": 3}]),
    }


def sealed_objects(env: str) -> dict[str, tuple[Manifest, list[str]]]:
    """Path → plaintext and pointers of what is secret in it."""
    return {
        f"apps/{env}/db.yaml": (database_secret(env), []),
        f"apps/{env}/worker.yaml": (worker(env), ["/spec/template/metadata/annotations/checksum~1db"]),
        f"infrastructure/{env}/controllers/kafka-values.yaml": (values_secret(env), []),
    }


def sealed_files(sops: Sops, recipients: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Environment → path → sealed text."""
    return {
        env: {
            path: sops.encrypt(plain, [recipients[env]], encrypted_regex(plain, pointers))
            for path, (plain, pointers) in sealed_objects(env).items()
        }
        for env in ENVIRONMENTS
    }


def expected(env: str, recipient: str, texts: frozenset[str]) -> Expected:
    objects = [namespace(env), config(env), service(env), deployment(env)]
    objects += [budget(env)] if env == "production" else []
    sealed = [plain for plain, _ in sealed_objects(env).values()]
    return Expected(
        objects={ObjectReference.of(one): one for one in objects},
        releases={("ml", "kafka"): release(env)},
        sealed={ObjectReference.of(one): one for one in sealed},
        generated={ObjectReference.of(one): one for one in (source(env), kafka(env))}
        | {ObjectReference.of(values_secret(env)): None},
        sealed_texts=texts,
        recipients=(recipient,),
        secrets=frozenset({SECRETS[env], HASHES[env]}),
        cluster=f"clusters/{env}",
    )


def write_tree(root: Path, sealed: Mapping[str, Mapping[str, str]]) -> None:
    files = clear_files() | {path: text for texts in sealed.values() for path, text in texts.items()}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


class RememberingKustomize(Kustomize):
    """The real Kustomize; what it built of the same files is not built again."""

    def __init__(self, real: Kustomize) -> None:
        self._real = real
        self._built: dict[tuple[str, ...], str] = {}

    def build(self, folder: Path) -> str:
        parts = folder.parts[folder.parts.index(next(area for area in AREAS if area in folder.parts)) :]
        area = Path(*folder.parts[: -len(parts)], parts[0])
        read = [area / "base", area / parts[1]]
        files = sorted(path for root in read for path in root.rglob("*") if path.is_file())
        key = (str(Path(*parts)), *(f"{path.relative_to(area)}\0{path.read_text()}" for path in files))
        if key not in self._built:
            self._built[key] = self._real.build(folder)
        return self._built[key]


class RememberingHelm(Helm):
    """The real Helm, asked once for each set of texts."""

    def __init__(self, real: Helm) -> None:
        self._read = cache(lambda texts: real.effective_values_of_many(dict(texts)))

    def effective_values_of_many(self, texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        return self._read(tuple(texts.items()))


class RememberingSops(Sops):
    """The real sops, asked once for each text."""

    def __init__(self, real: Sops) -> None:
        self._encrypt = cache(lambda text, keys, regex: real.encrypt({**_read(text)}, keys, regex))
        self._decrypt = cache(real.decrypt)

    def encrypt(self, manifest: Mapping[str, Any], recipients: Sequence[str], encrypted_regex: str) -> str:
        return self._encrypt(dump(manifest), tuple(recipients), encrypted_regex)

    def decrypt(self, text: str, key_file: Path) -> dict[str, Any]:
        return self._decrypt(text, key_file)


def _read(text: str) -> dict[str, Any]:
    [document] = load_all(text)
    return dict(document)
