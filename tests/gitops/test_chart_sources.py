from __future__ import annotations

import pytest

from gitops_runbook.gitops.chart_sources import (
    comparable,
    helm_repository,
    oci_repository,
    repository_url,
)
from gitops_runbook.gitops.flux_versions import DEFAULT, resolve
from gitops_runbook.model.desired import Chart, DesiredRelease, Origin

_FLUX = resolve(DEFAULT)


def _release(
    repository: str, *, alias: str = "", namespace: str = "apps", name: str = "web", version: str = "1.2.3"
) -> DesiredRelease:
    return DesiredRelease(name, namespace, Chart("shop", repository, version, alias), {}, Origin((), 0, "shop"))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://charts.example.org/stable/", "https://charts.example.org/stable"),
        ("HTTPS://charts.example.org", "https://charts.example.org"),
        ("http://127.0.0.1:8080/charts", "http://127.0.0.1:8080/charts"),
        ("oci://registry.example.org/charts/", "oci://registry.example.org/charts"),
        ("https://user:canary@charts.example.org", "https://charts.example.org"),
    ],
)
def test_a_repository_is_written_without_credentials_and_trailing_slash(given: str, written: str) -> None:
    assert repository_url(Chart("shop", given)) == written


@pytest.mark.parametrize("given", ["", "./charts", "/opt/charts", "stable", "git+https://example.org/x", "file:///x"])
def test_flux_reads_neither_paths_nor_unknown_schemes(given: str) -> None:
    assert repository_url(Chart("shop", given)) == ""


def test_an_http_source_stands_in_the_namespace_of_its_release() -> None:
    document = helm_repository(_release("https://charts.example.org/"), "stable", _FLUX)
    assert document["metadata"] == {"name": "stable", "namespace": "apps"}
    assert document["spec"] == {"interval": "1h", "url": "https://charts.example.org"}
    assert document["apiVersion"] == "source.toolkit.fluxcd.io/v1"


@pytest.mark.parametrize(
    ("version", "reference"),
    [
        ("1.2.3", {"tag": "1.2.3"}), ("1.2.3-rc.1", {"tag": "1.2.3-rc.1"}), ("1.2.3+build.7", {"tag": "1.2.3_build.7"}),
        ("v1.2.3", {"semver": "v1.2.3"}), ("1.2", {"semver": "1.2"}), (">=1.2 <2", {"semver": ">=1.2 <2"}),
        ("~1.2.0", {"semver": "~1.2.0"}), ("1.x", {"semver": "1.x"}), ("", {"semver": "*"}),
    ],
)  # fmt: skip
def test_an_exact_version_is_a_tag_and_a_range_is_a_range(version: str, reference: dict[str, str]) -> None:
    document = oci_repository(_release("oci://registry.example.org/charts", version=version), "web", _FLUX)
    assert document["spec"]["ref"] == reference
    assert document["spec"]["url"] == "oci://registry.example.org/charts/shop"


def test_an_oci_source_keeps_the_chart_as_it_was_pushed() -> None:
    document = oci_repository(_release("oci://registry.example.org/charts"), "web", _FLUX)
    assert document["spec"]["layerSelector"]["operation"] == "copy"


def test_flux_2_4_gets_the_beta_api_of_oci_repositories() -> None:
    document = oci_repository(_release("oci://registry.example.org/charts"), "web", resolve("2.4.0"))
    assert document["apiVersion"] == "source.toolkit.fluxcd.io/v1beta2"


def test_charts_are_compared_without_alias_and_spelling_of_the_url() -> None:
    one = Chart("shop", "https://user:canary@charts.example.org/", "*", "stable")
    assert comparable(one) == Chart("shop", "https://charts.example.org")
    assert comparable(one) != comparable(Chart("shop", "https://charts.example.org", "1.0.0"))
