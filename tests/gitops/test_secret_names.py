"""Which texts are named like a secret."""

from __future__ import annotations

import pytest

from gitops_runbook.gitops.secret_names import clear_looking_secrets


@pytest.mark.parametrize(
    "value",
    [
        {"auth": {"rootPassword": "minioadmin"}}, {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
        {"data": {"api-key": "abcdef"}}, {"oauth": {"client_secret": "s3cr3t"}}, {"a/b": {"TOKEN": "abcd"}},
    ],
)  # fmt: skip
def test_a_literal_under_such_a_name_is_found(value: dict[str, object]) -> None:
    assert len(list(clear_looking_secrets(value))) == 1


@pytest.mark.parametrize(
    "value",
    [
        {"existingSecret": "grafana-admin"}, {"passwordKey": "admin-password"}, {"tls": {"secretName": "web-tls"}},
        {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
        {"password": ""}, {"token": True}, {"env": [{"name": "PASSWORD", "value": "$(DB_PASSWORD)"}]},
        {"image": {"pullPolicy": "Always"}}, {"token": "/var/run/token"}, {"name": "PASSWORD", "value": ""},
        {"kind": "SealedSecret", "spec": {"encryptedData": {"PASSWORD": "AgBy3i4OJSWK"}}},
    ],
)  # fmt: skip
def test_references_switches_and_paths_are_not(value: dict[str, object]) -> None:
    assert list(clear_looking_secrets(value)) == []


def test_the_place_is_named_by_a_pointer() -> None:
    assert list(clear_looking_secrets({"a/b": [{"name": "X_TOKEN", "value": "abcd"}]})) == ["/a~1b/0/value"]
