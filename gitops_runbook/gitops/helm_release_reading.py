"""Reads back what Flux would install from the documents of a built tree; the other half of the proof.

It looks at documents only and shares nothing with the code that writes them.
https://fluxcd.io/flux/components/helm/helmreleases/
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_runbook.errors import UnreadableInput
from gitops_runbook.model.desired import Chart, Manifest

SourceKey = tuple[str, str, str]
"""Kind, namespace and name of a chart source."""


@dataclass(frozen=True)
class BuiltRelease:
    """What Flux would hand to Helm.

    Attributes:
        name: Helm's name of the release.
        namespace: where the release goes.
        storage_namespace: where Helm keeps its history.
        chart: where the chart comes from; the repository is empty when the source is not in the tree.
        value_texts: YAML texts in the order in which Helm merges them, later ones over earlier ones.
        unread: values references that ``value_texts`` lacks, e.g. ``Secret/airflow-values`` of a withheld Secret.
    """

    name: str
    namespace: str
    storage_namespace: str
    chart: Chart
    value_texts: list[str]
    unread: tuple[str, ...] = ()


def chart_and_values(
    helm_release: Manifest,
    sources: Mapping[SourceKey, Manifest],
    secrets: Mapping[tuple[str, str], Manifest],
) -> BuiltRelease:
    """Read one HelmRelease as helm-controller would.

    Args:
        helm_release: the HelmRelease.
        sources: the HelmRepositories and OCIRepositories of the tree.
        secrets: (namespace, name) → the Secrets of the tree, decrypted.

    Raises:
        UnreadableInput: when the HelmRelease has neither chart nor chartRef, or a Secret holds broken base64.
    """
    metadata, spec = helm_release["metadata"], helm_release["spec"]
    own_namespace = metadata["namespace"]
    texts: list[str] = []
    unread: list[str] = []
    for reference in spec.get("valuesFrom") or ():
        text = _referred_text(reference, own_namespace, secrets)
        if text is None:
            unread.append(f"{reference['kind']}/{reference['name']}")
        else:
            texts.append(text)
    if spec.get("values"):
        texts.append(json.dumps(spec["values"], ensure_ascii=False, default=_plain))
    return BuiltRelease(
        name=spec.get("releaseName") or _default_name(spec.get("targetNamespace"), metadata["name"]),
        namespace=spec.get("targetNamespace") or own_namespace,
        storage_namespace=spec.get("storageNamespace") or own_namespace,
        chart=_chart(helm_release, sources),
        value_texts=texts,
        unread=tuple(unread),
    )


def _chart(helm_release: Manifest, sources: Mapping[SourceKey, Manifest]) -> Chart:
    spec, own_namespace = helm_release["spec"], helm_release["metadata"]["namespace"]
    if "chartRef" in spec:
        source = _source(spec["chartRef"], own_namespace, sources)
        repository, _, name = str(source.get("url", "")).rpartition("/")
        reference = source.get("ref") or {}
        tag = str(reference.get("tag", "")).replace("_", "+")  # a tag cannot hold the + of a version
        return Chart(name, repository, _version(tag or reference.get("semver", "")))
    if "chart" in spec:
        template = spec["chart"]["spec"]
        source = _source(template["sourceRef"], own_namespace, sources)
        return Chart(template["chart"], source.get("url", ""), _version(template.get("version", "")))
    subject = f"HelmRelease/{own_namespace}/{helm_release['metadata']['name']}"
    raise UnreadableInput(subject, "has neither spec.chart nor spec.chartRef", "give it one of them")


def _version(text: str) -> str:
    return "" if text == "*" else text


def _source(reference: Mapping[str, Any], namespace: str, sources: Mapping[SourceKey, Manifest]) -> Mapping[str, Any]:
    key = (reference["kind"], reference.get("namespace") or namespace, reference["name"])
    found: Mapping[str, Any] = sources[key]["spec"] if key in sources else {}
    return found


def _referred_text(
    reference: Mapping[str, Any], namespace: str, secrets: Mapping[tuple[str, str], Manifest]
) -> str | None:
    """The values text of a reference; None when it is not in the tree, or is merged in another way (targetPath)."""
    secret = secrets.get((namespace, reference["name"]))
    if reference["kind"] != "Secret" or secret is None or reference.get("targetPath"):
        return None
    key = reference.get("valuesKey") or "values.yaml"
    if key in (secret.get("stringData") or {}):
        return str(secret["stringData"][key])
    if key not in (secret.get("data") or {}):
        return None
    try:
        return base64.b64decode(secret["data"][key], validate=True).decode()
    except ValueError as error:
        subject = f"Secret/{namespace}/{reference['name']}"
        raise UnreadableInput(subject, f"data.{key} is no base64 of a text", "write it as stringData") from error


def _default_name(target_namespace: str | None, name: str) -> str:
    """The name helm-controller makes when there is none, shortened to what Helm allows (53 characters)."""
    full = f"{target_namespace}-{name}" if target_namespace else name
    if len(full) <= 53:
        return full
    return f"{full[:40]}-{hashlib.sha256(full.encode()).hexdigest()[:12]}"


def _plain(value: object) -> object:
    """Turn any mapping into one ``json`` can write."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not a JSON value: {type(value).__name__}")
