from __future__ import annotations

from typing import Any

import pytest

from gitops_runbook.gitops.flux_kustomization import TreePart, cluster_documents, duration_seconds, is_duration
from gitops_runbook.gitops.flux_versions import DEFAULT, resolve
from gitops_runbook.gitops.slots import APPS, CONFIGS, CONTROLLERS, Slot

_FLUX = resolve(DEFAULT)


def _documents(*parts: TreePart, prefix: str = "") -> list[Any]:
    cluster = cluster_documents("production", parts, _FLUX, prefix)
    return [*cluster.infrastructure, *cluster.applications]


def test_each_part_waits_for_the_one_before_whatever_order_they_come_in() -> None:
    documents = _documents(
        TreePart(Slot("apps", "", 1)), TreePart(CONFIGS), TreePart(APPS), TreePart(CONTROLLERS),
        TreePart(Slot("infrastructure", "configs", 1)),
    )  # fmt: skip
    chain = [(each["metadata"]["name"], each["spec"].get("dependsOn")) for each in documents]
    assert chain == [
        ("infrastructure-controllers", None),
        ("infrastructure-configs", [{"name": "infrastructure-controllers"}]),
        ("infrastructure-configs-2", [{"name": "infrastructure-configs"}]),
        ("applications", [{"name": "infrastructure-configs-2"}]),
        ("applications-2", [{"name": "applications"}]),
    ]


def test_a_part_that_does_not_exist_is_skipped_in_the_chain() -> None:
    documents = _documents(TreePart(CONTROLLERS), TreePart(APPS))
    assert documents[1]["spec"]["dependsOn"] == [{"name": "infrastructure-controllers"}]


def test_infrastructure_and_applications_are_separate_files() -> None:
    cluster = cluster_documents("staging", [TreePart(APPS), TreePart(CONTROLLERS)], _FLUX)
    assert [each["metadata"]["name"] for each in cluster.infrastructure] == ["infrastructure-controllers"]
    assert [each["metadata"]["name"] for each in cluster.applications] == ["applications"]


@pytest.mark.parametrize("prefix", ["gitops", "gitops/", "./gitops", "/gitops/"])
def test_the_path_starts_at_the_repository_root_and_holds_the_prefix(prefix: str) -> None:
    (document,) = _documents(TreePart(CONTROLLERS), prefix=prefix)
    assert document["spec"]["path"] == "./gitops/infrastructure/production/controllers"


def test_without_a_prefix_the_tree_is_the_root() -> None:
    assert _documents(TreePart(APPS))[0]["spec"]["path"] == "./apps/production"


def test_only_parts_with_sealed_files_decrypt() -> None:
    sealed, clear = _documents(TreePart(CONFIGS, has_sealed_files=True), TreePart(APPS))
    assert sealed["spec"]["decryption"] == {"provider": "sops", "secretRef": {"name": "sops-age"}}
    assert "decryption" not in clear["spec"]


def test_a_part_prunes_waits_and_is_neither_suspended_nor_substituted() -> None:
    (document,) = _documents(TreePart(APPS))
    spec = document["spec"]
    assert (spec["prune"], spec["wait"], spec["interval"], spec["retryInterval"]) == (True, True, "1h", "2m")
    assert spec["sourceRef"] == {"kind": "GitRepository", "name": "flux-system"}
    assert document["metadata"]["namespace"] == "flux-system"
    assert not {"suspend", "postBuild", "targetNamespace", "force"} & set(spec)


@pytest.mark.parametrize(
    ("timeouts", "expected"), [((), "10m"), (("5m0s",), "10m"), (("5m", "1h30m"), "92m"), (("10m0.5s",), "13m")]
)
def test_flux_waits_longer_than_the_slowest_release_may_take(timeouts: tuple[str, ...], expected: str) -> None:
    (document,) = _documents(TreePart(APPS, release_timeouts=timeouts))
    assert document["spec"]["timeout"] == expected


def test_durations_are_go_durations() -> None:
    assert [duration_seconds(text) for text in ("1h30m", "500ms", "1.5m", "5m0s")] == [5400.0, 0.5, 90.0, 300.0]


@pytest.mark.parametrize("text", ["300", "", "5", "5 m", "-5m", "5d", "5m\n", "m"])
def test_what_flux_would_refuse_is_no_duration(text: str) -> None:
    assert not is_duration(text)
    with pytest.raises(ValueError, match="is no duration"):
        duration_seconds(text)
