"""Environments have hosts of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_runbook.ansible.environments import check_hosts, resolve_paths
from gitops_runbook.ansible.recording import RecordingRequest
from gitops_runbook.errors import UsageError

from .lines import REQUEST

A = replace(REQUEST, limit="a", inventory=("hosts",))
B = replace(REQUEST, limit="b", inventory=("hosts",))


def check(a: RecordingRequest, b: RecordingRequest, hosts_a: str, hosts_b: str) -> list[str]:
    found = check_hosts({"a": a, "b": b}, {"a": frozenset(hosts_a.split()), "b": frozenset(hosts_b.split())})
    return [finding.kind.code for findings in found.values() for finding in findings]


def test_different_hosts_are_fine() -> None:
    assert check(A, B, "one", "two") == []


def test_the_same_names_in_two_inventories_are_different_hosts() -> None:
    assert check(A, replace(B, inventory=("other",)), "one", "one") == []


def test_the_same_hosts_with_different_variables_are_two_environments() -> None:
    assert check(replace(A, extra_vars=("env=a",)), replace(B, extra_vars=("env=b",)), "one", "one") == []


def test_localhost_is_nobodys() -> None:
    assert check(A, B, "localhost one", "localhost two") == []


@pytest.mark.parametrize(
    ("hosts_a", "hosts_b", "words"),
    [
        ("one two", "one two", "same hosts"),
        ("localhost", "localhost", "same hosts"),
        ("one two", "two", "b: two"),
        ("one", "one two", "a: one"),
    ],
)
def test_alike_or_one_within_the_other_is_refused(hosts_a: str, hosts_b: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(A, B, hosts_a, hosts_b)

    assert words in str(caught.value)


def test_hosts_in_common_are_a_finding() -> None:
    assert check(A, B, "one shared", "two shared") == ["shared-hosts"]


def test_an_inventory_that_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match="inventory missing: does not exist"):
        resolve_paths(REQUEST.project, ["missing"])

    assert resolve_paths(REQUEST.project, ["one,two,"]) == ("one,two,",)
