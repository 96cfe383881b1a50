from __future__ import annotations

import re

from gitops_runbook.gitops.document_names import name_documents
from gitops_runbook.model.desired import Chart, DesiredRelease, Origin
from gitops_runbook.model.references import ObjectReference


def _release(
    repository: str, *, alias: str = "", namespace: str = "apps", name: str = "web", version: str = "1.2.3"
) -> DesiredRelease:
    return DesiredRelease(name, namespace, Chart("shop", repository, version, alias), {}, Origin((), 0, "shop"))


def test_a_source_is_named_by_the_alias_in_the_playbook() -> None:
    release = _release("https://charts.example.org", alias="Community_Charts")
    assert name_documents([release]).source(release) == "community-charts"


def test_without_an_alias_the_name_comes_from_the_url_and_is_a_dns_label() -> None:
    long = _release("https://charts.example.org/" + "very-long-path/" * 9)
    short = _release("https://charts.example.org:8443/stable/")
    names = name_documents([long, short])
    assert names.source(short) == "charts-example-org-8443-stable"
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", names.source(long))
    longest = _release("https://charts.example.org", alias="a" * 63)
    assert name_documents([longest]).source(longest) == "a" * 63


def test_one_url_in_one_namespace_is_one_source_whatever_its_aliases() -> None:
    one = _release("https://charts.example.org", alias="zeta", name="one")
    other = _release("https://charts.example.org/", alias="alpha", name="other")
    for order in ([one, other], [other, one]):
        names = name_documents(order)
        assert names.source(one) == names.source(other) == "alpha"


def test_two_urls_with_one_alias_get_two_names_that_do_not_depend_on_the_order() -> None:
    one = _release("https://a.example.org", alias="stable", name="one")
    other = _release("https://b.example.org", alias="stable", name="other")
    first, second = name_documents([one, other]), name_documents([other, one])
    assert first == second
    assert first.source(one) == "stable"
    assert re.fullmatch(r"stable-[0-9a-f]{8}", first.source(other))


def test_the_same_alias_in_two_namespaces_is_no_collision() -> None:
    one = _release("https://a.example.org", alias="stable", namespace="a")
    other = _release("https://b.example.org", alias="stable", namespace="b")
    names = name_documents([one, other])
    assert names.source(one) == names.source(other) == "stable"


def test_an_environment_with_a_mirror_keeps_the_name_of_the_source() -> None:
    staging, production = (_release(url, alias="stable") for url in ("https://a.example.org", "https://mirror.intern"))
    assert name_documents([staging]).source(staging) == name_documents([production]).source(production)


def test_two_charts_from_one_registry_have_two_sources() -> None:
    one = _release("oci://registry.example.org/charts", name="one")
    other = _release("oci://registry.example.org/charts", name="other", version="2.0.0")
    names = name_documents([one, other])
    assert (names.source(one), names.source(other)) == ("one", "other")


def test_a_name_that_an_object_of_the_playbook_has_is_not_taken() -> None:
    http = _release("https://a.example.org", alias="stable")
    oci = _release("oci://registry.example.org/charts", name="api")
    objects = [
        ObjectReference("source.toolkit.fluxcd.io/v1", "HelmRepository", "apps", "stable"),
        ObjectReference("source.toolkit.fluxcd.io/v1", "OCIRepository", "apps", "api"),
        ObjectReference("v1", "Secret", "apps", "web-values"),
    ]
    names = name_documents([http, oci], objects)
    assert re.fullmatch(r"stable-[0-9a-f]{8}", names.source(http))
    assert re.fullmatch(r"api-[0-9a-f]{8}", names.source(oci))
    assert re.fullmatch(r"web-values-[0-9a-f]{8}", names.values_secret(http))
    assert names.values_secret(oci) == "api-values"


def test_objects_of_other_kinds_and_namespaces_take_no_names() -> None:
    release = _release("https://a.example.org", alias="stable")
    objects = [ObjectReference("v1", "ConfigMap", "apps", "stable"), ObjectReference("v1", "Secret", "x", "web-values")]
    names = name_documents([release], objects)
    assert (names.source(release), names.values_secret(release)) == ("stable", "web-values")
