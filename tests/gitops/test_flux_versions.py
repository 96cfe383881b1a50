from __future__ import annotations

import pytest

from gitops_runbook.errors import UsageError
from gitops_runbook.gitops import flux_versions
from gitops_runbook.gitops.flux_versions import DEFAULT, known_minors, resolve


@pytest.mark.parametrize(
    ("given", "version", "minor"),
    [("2.9.5", "2.9.5", (2, 9)), ("v2.8", "2.8", (2, 8)), ("2.4.0", "2.4.0", (2, 4)), (" 2.7.12 ", "2.7.12", (2, 7))],
)
def test_a_version_is_read_with_or_without_v_and_patch(given: str, version: str, minor: tuple[int, int]) -> None:
    release = resolve(given)
    assert (release.version, release.minor) == (version, minor)


def test_the_default_is_the_newest_minor_and_supported() -> None:
    release = resolve(DEFAULT)
    assert release.minor == max(known_minors())
    assert not release.is_end_of_life
    assert release.findings() == ()


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("2.3.0", "2.4.0"), ("1.25.0", "2.4.0"), ("0.41.2", "2.4.0"), ("2.10.0", DEFAULT), ("3.0", DEFAULT),
        ("latest", DEFAULT), ("", DEFAULT), ("2", DEFAULT), ("2.4.0-rc.1", "2.4.0"), ("2.04.0", "2.4.0"),
        ("2.9.5.1", DEFAULT), ("vv2.9.5", DEFAULT), ("2.٤.0", DEFAULT),
    ],
)  # fmt: skip
def test_an_unusable_version_is_refused_with_a_valid_one_near_it(given: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(given)
    proposed = caught.value.remedy.removeprefix("use ")
    assert resolve(proposed).minor == resolve(nearest).minor


@pytest.mark.parametrize("given", ["2.4.0", "2.5.1", "2.6"])
def test_versions_without_fixes_are_accepted_with_a_finding(given: str) -> None:
    (finding,) = resolve(given).findings()
    assert finding.kind.code == "flux-end-of-life"
    assert finding.is_open
    assert resolve(given).end_of_life in finding.message


def test_versions_with_fixes_have_no_finding() -> None:
    assert [resolve(given).findings() for given in ("2.7.0", "2.8.0", "2.9.0")] == [(), (), ()]


def test_the_finding_is_the_same_for_every_patch_of_a_minor() -> None:
    assert resolve("2.4.0").findings()[0].id == resolve("v2.4").findings()[0].id


def test_oci_repositories_are_beta_until_2_6() -> None:
    served = {given: resolve(given).api_versions["OCIRepository"].rpartition("/")[2] for given in ("2.4", "2.5", "2.6")}
    assert served == {"2.4": "v1beta2", "2.5": "v1beta2", "2.6": "v1"}


def test_every_version_writes_the_current_helm_and_kustomize_apis() -> None:
    for major, minor in known_minors():
        served = resolve(f"{major}.{minor}").api_versions
        assert served["HelmRelease"] == "helm.toolkit.fluxcd.io/v2"
        assert served["Kustomization"] == "kustomize.toolkit.fluxcd.io/v1"
        assert served["HelmRepository"] == served["GitRepository"] == "source.toolkit.fluxcd.io/v1"


def test_a_kind_that_does_not_exist_yet_has_no_api_version() -> None:
    assert "ExternalArtifact" not in resolve("2.6").api_versions
    assert resolve("2.7").api_versions["ExternalArtifact"] == "source.toolkit.fluxcd.io/v1"


def test_a_field_is_known_from_its_minor_on() -> None:
    field = "HelmRelease.spec.install.strategy"
    assert [resolve(given).has_field(field) for given in ("2.6", "2.7", "2.9")] == [False, True, True]


def test_an_unlisted_field_is_a_defect_and_not_a_silent_yes() -> None:
    with pytest.raises(KeyError):
        resolve(DEFAULT).has_field("HelmRelease.spec.instal.strategy")


def test_the_kubernetes_range_has_two_ends() -> None:
    release = resolve("2.4.0")
    assert [release.supports_kubernetes((1, minor)) for minor in (28, 29, 31, 32)] == [False, True, True, False]


def test_the_tables_name_known_minors_only() -> None:
    minors = set(known_minors())
    assert set(flux_versions._FIELDS_SINCE.values()) <= minors
    assert {since for steps in flux_versions._API_VERSIONS.values() for since, _ in steps} <= minors
