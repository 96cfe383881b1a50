from collections.abc import Mapping, Sequence

import pytest

from gitops_runbook.gitops.components import Component, Resource
from gitops_runbook.gitops.namespace_matching import logical_namespaces


def component(content: Mapping[str, Mapping[str, Sequence[str]]]) -> Component:
    """Environment → namespace → names of ConfigMaps in it."""
    resources = {
        environment: [
            Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}, "w")
            for namespace, names in namespaces.items()
            for name in names
        ]
        for environment, namespaces in content.items()
    }
    return Component("apps/base", {environment: f"apps/{environment}" for environment in content}, resources)


def matched(content: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    return {name: list(real.values()) for name, real in logical_namespaces([component(content)]).items()}


def test_namespaces_with_the_same_contents_get_the_part_their_names_share() -> None:
    content = {"staging": {"team-staging": ["a", "b"]}, "production": {"team-production": ["a", "b"]}}
    assert matched(content) == {"team": ["team-production", "team-staging"]}


@pytest.mark.parametrize(
    ("names", "logical"),
    [
        (("staging-team", "production-team"), "team"),
        (("team-stage", "team-standby"), "team"),
        (("teams", "teamp"), "environment"),
        (("abc", "xyz"), "environment"),
        (("ml-staging-x", "ml-production-x"), "ml"),
        (("team", "team-production"), "team-base"),
    ],
)
def test_a_logical_name_is_cut_at_dashes_and_is_no_real_one(names: tuple[str, str], logical: str) -> None:
    assert list(matched({"a": {names[0]: ["x"]}, "b": {names[1]: ["x"]}})) == [logical]


def test_a_name_that_exists_is_not_taken_as_logical_name() -> None:
    content = {
        "staging": {"team-staging": ["a"], "team": ["other"], "team-base": ["more"]},
        "production": {"team-production": ["a"], "team": ["other"], "team-base": ["more"]},
    }
    assert list(matched(content)) == ["team-base-3"]


def test_contents_decide_and_not_names() -> None:
    content = {
        "staging": {"red": ["a", "b", "c"], "blue": ["x", "y"]},
        "production": {"blues": ["a", "b", "c"], "reds": ["x", "y"]},
    }
    assert sorted(matched(content).values()) == [["blues", "red"], ["reds", "blue"]]


def test_namespaces_that_are_nearly_alike_belong_together_and_strangers_do_not() -> None:
    alike = {"staging": {"t-staging": ["a", "b", "c"]}, "production": {"t-production": ["a", "b", "c", "d"]}}
    strangers = {"staging": {"t-staging": ["a", "b", "c"]}, "production": {"t-production": ["a", "x", "y"]}}
    assert matched(alike) == {"t": ["t-production", "t-staging"]}
    assert matched(strangers) == {}


def test_equal_contents_are_paired_in_the_order_of_their_names() -> None:
    content = {
        "staging": {"two-staging": ["app"], "one-staging": ["app"]},
        "production": {"one-production": ["app"], "two-production": ["app"]},
    }
    assert matched(content) == {
        "one": ["one-production", "one-staging"],
        "two": ["two-production", "two-staging"],
    }


def test_a_namespace_without_a_counterpart_everywhere_stays_as_it_is() -> None:
    content = {"a": {"t-a": ["x"]}, "b": {"t-b": ["x"]}, "c": {"other": ["y"]}}
    assert matched(content) == {}


def test_one_environment_and_none_have_nothing_to_match() -> None:
    assert matched({"staging": {"team-staging": ["a"]}}) == {}
    assert logical_namespaces([]) == {}


def test_a_namespace_that_all_environments_have_is_left_alone() -> None:
    content = {"a": {"same": ["x"], "t-a": ["y"]}, "b": {"same": ["x"], "t-b": ["y"]}}
    assert list(matched(content)) == ["t"]
