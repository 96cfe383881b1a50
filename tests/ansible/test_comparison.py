"""What differs between passes says what a leaf depends on."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_runbook.ansible.comparison import Passes, PassValues, desired_state
from gitops_runbook.ansible.recording import Line
from gitops_runbook.ansible.replay import replay
from gitops_runbook.model.desired import DesiredObject, DesiredState
from gitops_runbook.model.findings import Finding

from .conftest import refuse
from .lines import config_map, k8s, recording, shell

NAMES = ("first", "other_vault", "repeated", "converged")


def combined(plaintext: list[Line] | None = None, **passes: list[Line]) -> tuple[DesiredState, list[Finding]]:
    """``first`` in all passes, except those given."""
    lines = {name: passes.get(name, passes["first"]) for name in NAMES}
    replays = {name: replay(recording(found), refuse) for name, found in lines.items()}
    secret = replay(recording(plaintext), refuse) if plaintext is not None else None
    values: dict[str, Any] = {name: {key: {} for key in found.releases} for name, found in replays.items()}
    return desired_state(
        "test", Passes(**replays, plaintext=secret), PassValues(**values, plaintext={} if secret else None)
    )


def one(state: DesiredState) -> DesiredObject:
    (item,) = state.objects.values()
    return item


def codes(findings: list[Finding]) -> list[str]:
    return [finding.kind.code for finding in findings]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("other_vault", ({"/data/x"}, set(), set())),
        ("converged", (set(), {"/data/x"}, set())),
        ("repeated", (set(), set(), {"/data/x"})),
    ],
)
def test_a_leaf_that_differs_in_one_pass_depends_on_what_that_pass_changed(
    changed: str, expected: tuple[set[str], set[str], set[str]]
) -> None:
    state, findings = combined(first=[k8s(config_map(x="1", y="2"))], **{changed: [k8s(config_map(x="3", y="2"))]})

    taint = one(state).taint
    assert (set(taint.secret), set(taint.live), set(taint.random)) == expected
    assert findings == []


def test_what_differs_in_every_pass_is_chance_and_no_secret() -> None:
    passes = {name: [k8s(config_map(x=name))] for name in NAMES}

    taint = one(combined(**passes)[0]).taint

    assert (set(taint.secret), set(taint.random)) == (set(), {"/data/x"})


def test_what_only_the_real_password_changes_is_secret_too() -> None:
    state, _ = combined(first=[k8s(config_map(x="true"))], plaintext=[k8s(config_map(x="false"))])

    item = one(state)
    assert item.taint.secret == {"/data/x"}
    assert item.plaintext is not None
    assert item.plaintext["data"] == {"x": "false"}


def test_what_exists_for_some_secrets_only_is_not_written() -> None:
    state, findings = combined(first=[k8s(config_map())], other_vault=[])

    assert state.objects == {}
    assert codes(findings) == ["secret-control"]


def test_with_the_password_the_real_world_decides() -> None:
    kept, findings = combined(first=[k8s(config_map())], other_vault=[], plaintext=[k8s(config_map())])
    dropped, _ = combined(first=[k8s(config_map())], other_vault=[], plaintext=[])

    assert len(kept.objects) == 1
    assert findings == []
    assert dropped.objects == {}


def test_a_name_by_chance_is_not_written() -> None:
    state, findings = combined(first=[k8s(config_map("a-1"))], repeated=[k8s(config_map("a-2"))])

    assert state.objects == {}
    assert codes(findings) == ["nondeterministic"]


def test_an_object_for_an_empty_cluster_only_is_written_with_a_finding() -> None:
    state, findings = combined(first=[k8s(config_map())], converged=[])

    assert not one(state).taint
    assert codes(findings) == ["live-condition"]


def test_an_object_for_a_running_cluster_only_is_a_finding() -> None:
    state, findings = combined(first=[], converged=[k8s(config_map())])

    assert state.objects == {}
    assert codes(findings) == ["live-condition"]


@pytest.mark.parametrize("undefined", [[], ["nobody"]])
def test_an_object_whose_name_only_the_cluster_knows_is_live_as_a_whole(undefined: list[str]) -> None:
    state, findings = combined(
        first=[k8s(config_map("a-1"), undefined=undefined)], converged=[k8s(config_map("a-2"), undefined=undefined)]
    )

    assert one(state).taint.live == {""}
    assert one(state).taint.undefined == set(undefined)
    assert findings == []


def test_a_name_nobody_knows_is_no_condition_of_the_cluster() -> None:
    name = "b" * 25 + "_live_0123456b"

    state, findings = combined(first=[k8s(config_map(name))], converged=[])

    assert one(state).taint.live == {""}
    assert findings == []


def test_that_a_create_once_secret_is_created_once_is_no_second_finding() -> None:
    def secret(value: str) -> list[Line]:
        metadata = {"name": "s", "namespace": "web"}
        return [k8s({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"p": value}})]

    state, findings = combined(first=secret("1"), repeated=secret("2"), converged=[])

    assert one(state).taint.random == {"/stringData/p"}
    assert findings == []


@pytest.mark.parametrize(
    ("changed", "expected"), [("converged", [""]), ("other_vault", None), ("repeated", None)]
)  # fmt: skip
def test_a_chart_version_that_is_not_known_never_reaches_the_tree(changed: str, expected: list[str] | None) -> None:
    first = [shell("helm upgrade -i a oci://x/b --version 1.0.0", files={})]
    other = [shell("helm upgrade -i a oci://x/b --version 2.0.0", files={})]

    state, findings = combined(first=first, **{changed: other})

    if expected is None:
        assert state.releases == {}
        assert codes(findings) == ["secret-in-object"]
    else:
        assert [sorted(item.taint.live) for item in state.releases.values()] == [expected]


def test_values_that_must_be_text_are_one_finding_an_object() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "web", "labels": {"a": 1}},
           "spec": {"containers": [{"env": [{"name": "A", "value": True}, {"name": "B", "value": "x"}]}]}}  # fmt: skip

    _, findings = combined(first=[k8s(pod), k8s(config_map(x=5, y="5", z=None), line=2)])

    assert [finding.message.rpartition(": ")[2] for finding in findings] == [
        "/metadata/labels/a, /spec/containers/0/env/0/value", "/data/x",
    ]  # fmt: skip
