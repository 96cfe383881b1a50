"""The texts of ``convert``'s options: what they mean, and what is said when they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.cli.convert_arguments import ConvertArguments, conversion_options
from gitops_runbook.errors import UsageError
from gitops_runbook.runbooks.conversion import ConversionOptions, EnvironmentOptions

TWO = ("staging=stg@hosts.ini", "production=prd@hosts.ini")
KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"  # of the age documentation


def read(project: Path, **given: Any) -> ConversionOptions:  # noqa: ANN401 - options of any type
    """Read options that are right but for those given."""
    values: Mapping[str, Any] = {"environment": TWO, **given}
    return conversion_options(ConvertArguments(project, "site.yml", Path("out"), **values))


@pytest.mark.parametrize(
    ("text", "limit", "inventory"),
    [
        ("staging=all", "all", ("default.ini",)),
        ("staging=all:!x@inventories/staging", "all:!x", ("inventories/staging",)),
        ("staging=web@a.ini,b.yml", "web", ("a.ini", "b.yml")),
        ("staging=all@host1,host2,", "all", ("host1,host2,",)),
        ("staging=a=b", "a=b", ("default.ini",)),
    ],
)
def test_an_environment_is_a_limit_and_inventories(
    project: Path, text: str, limit: str, inventory: tuple[str, ...]
) -> None:
    options = read(project, environment=[text], inventory=["default.ini"])
    assert options.environments == {"staging": EnvironmentOptions(limit, inventory)}


def test_extra_variables_are_for_all_environments_or_one_in_the_order_given(project: Path) -> None:
    given = ["a=1", "production:a=2", "@all.yml", "staging:@own.yml", "url=http://x:80/?a=b", '{"b": {"c": 1}}']
    found = read(project, extra_vars=given).environments
    assert found["staging"].extra_vars == ("a=1", "@all.yml", "@own.yml", "url=http://x:80/?a=b", '{"b": {"c": 1}}')
    assert found["production"].extra_vars == ("a=1", "a=2", "@all.yml", "url=http://x:80/?a=b", '{"b": {"c": 1}}')


def test_recipients_add_up(project: Path) -> None:
    found = read(project, age_recipient=[f"staging={KEY}"]).environments
    assert (found["staging"].recipients, found["production"].recipients) == ((KEY,), ())


@pytest.mark.parametrize(
    ("given", "subject", "words"),
    [
        ({"environment": ["staging"]}, "--environment staging", "staging=all@inventories/staging"),
        ({"environment": ["=all"]}, "--environment =all", "cannot name"),
        ({"environment": ["staging="]}, "--environment staging=", "which hosts"),
        ({"environment": ["Stage_1=all"]}, "--environment Stage_1=all", "lower case"),
        ({"environment": ["a=x", "a=y"]}, "--environment a=y", "given twice"),
        ({"environment": []}, "--environment", "--environment staging=staging@hosts.ini"),
        ({"extra_vars": ["stagign:a=b"]}, "-e stagign:a=b", "did you mean staging?"),
        ({"extra_vars": ["other:a=b"]}, "-e other:a=b", "use one of: staging, production"),
        ({"extra_vars": ["novalue"]}, "-e novalue", "NAME=VALUE"),
        ({"extra_vars": ["staging:novalue"]}, "-e staging:novalue", "NAME=VALUE"),
        ({"age_recipient": [f"prodction={KEY}"]}, "--age-recipient prodction=…", "did you mean production?"),
        ({"age_recipient": [KEY]}, "--age-recipient", "--age-recipient staging=age1…"),
        ({"age_recipient": ["staging=age1short"]}, "age recipient of environment staging", "no age public key"),
        ({"path_prefix": "../x"}, "--path-prefix ../x", "leads out"),
        ({"path_prefix": "/x"}, "--path-prefix /x", "leads out"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_was_meant(
    project: Path, given: Mapping[str, Any], subject: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(project, **given)
    assert caught.value.subject == subject
    assert words in str(caught.value)


def test_a_private_key_given_as_recipient_is_never_repeated(project: Path) -> None:
    secret = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ"
    for text in (secret, f"staging={secret}"):
        with pytest.raises(UsageError) as caught:
            read(project, age_recipient=[text])
        assert secret not in str(caught.value)


def test_the_vault_password_file_is_looked_for_here_then_in_the_project(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "vault-password.example"
    assert read(project, vault_password_file=name).vault_password_file == project / name
    (tmp_path / name).touch()
    assert read(project, vault_password_file=name).vault_password_file == tmp_path / name
    assert read(project, vault_password_file="nowhere").vault_password_file == tmp_path / "nowhere"


def test_a_prefix_is_brought_to_one_form(project: Path) -> None:
    assert read(project, path_prefix="./gitops//main/").path_prefix == "gitops/main"
