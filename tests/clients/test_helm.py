from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitops_runbook.clients.helm import Helm
from gitops_runbook.errors import CommandFailed, UsageError

NASTY = """
nothing: null
empty: {}
list: [null, 1, {a: null}]
nested: {a: null, b: {c: null}}
big: 12345678901234567890
int: 9007199254740993
one: 1.0
e: 1e3
o: 0o14
o8: 08
p: -.5
word: on
eq: =
time: 12:30:45
date: 2024-01-01
str: "1e3"
tagged: !!str 12
anchor: &x {p: 1}
merged: {<<: *x, q: 2}
control: "\\x7f\\u0085\\u2028<&>"
keys: {1: a, true: b, 1.5: c}
kind: 5
metadata: {annotations: {helm.sh/hook: pre-install}}
"""


@pytest.mark.parametrize(
    ("files", "arguments", "expected"),
    [
        ([], [], {}),
        ([""], [], {}),
        (["a: {x: 1, z: 1}", "a: {x: 2}"], [], {"a": {"x": 2, "z": 1}}),
        (["a: {x: 1, z: 1}", "a: {x: null}"], [], {"a": {"x": None, "z": 1}}),
        (["a: [1, 2]", "a: [3]"], [], {"a": [3]}),
        (["a: 1\n---\nb: 2"], [], {"a": 1}),
        (["tag: 1e3\nsha: 0o14"], [], {"sha": 12, "tag": 1000}),
        (["a: 1"], ["--set", "a=2"], {"a": 2}),
        ([], ["--set", "a.b=1,c=true,d=null,e=x"], {"a": {"b": 1}, "c": True, "d": None, "e": "x"}),
        ([], ["--set-string", "a=1,b=true"], {"a": "1", "b": "true"}),
        ([], ["--set", "a={x,y}", "--set", "b[1]=z"], {"a": ["x", "y"], "b": [None, "z"]}),
        ([], ["--set=a\\.b=1\\,2"], {"a.b": "1,2"}),
        ([], ["--set-json", 'a={"b":null,"c":[1.5]}'], {"a": {"b": None, "c": [1.5]}}),
        ([], ["--set-literal", "a=x,y=z"], {"a": "x,y=z"}),
        (["a: {b: 1, c: 2}"], ["--set", "a.b=null"], {"a": {"b": None, "c": 2}}),
    ],
)
def test_values_are_what_helm_makes_of_files_and_flags(
    helm: Helm, files: list[str], arguments: list[str], expected: dict[str, Any]
) -> None:
    assert repr(helm.effective_values(files, arguments)) == repr(expected)


def test_set_file_takes_the_content_of_a_file(helm: Helm, tmp_path: Path) -> None:
    file = tmp_path / "banner"
    file.write_text("two\nlines\n")

    assert helm.effective_values([], ["--set-file", f"a={file}"]) == {"a": "two\nlines\n"}


def test_values_that_look_like_an_object_or_a_hook_are_only_values(helm: Helm) -> None:
    values = helm.effective_values([NASTY])

    assert (values["kind"], values["control"]) == (5, "\x7f\x85\u2028<&>")
    assert values["metadata"] == {"annotations": {"helm.sh/hook": "pre-install"}}
    assert values["keys"] == {"1": "a", "true": "b", "1.5": "c"}


@pytest.mark.parametrize(
    "text",
    [NASTY, "", "~", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "\ufeffa: 1\r\nb: 2\r\n", "Error: mine", "x: !foo 1", "{}"],
)
def test_many_texts_at_once_are_read_as_each_alone(helm: Helm, text: str) -> None:
    read = helm.effective_values_of_many({"one": text, "other": "a: 1"})

    assert repr(read) == repr({"one": helm.effective_values([text]), "other": {"a": 1}})


def test_names_of_texts_are_free_and_keep_their_order(helm: Helm) -> None:
    names = ["z.b,c=d", "a/1e3", "{{ fail }}", "é"]

    assert list(helm.effective_values_of_many(dict.fromkeys(names, "a: 1"))) == names
    assert helm.effective_values_of_many({}) == {}


@pytest.mark.parametrize("text", ["[1]", "a: [", "a: .inf", "plain", "a: &a [*a]", "\tx: 1"])
def test_what_helm_refuses_is_refused_alone_and_among_many(helm: Helm, text: str) -> None:
    with pytest.raises(CommandFailed, match="failed to parse"):
        helm.effective_values([text])
    with pytest.raises(CommandFailed, match="failed to parse"):
        helm.effective_values_of_many({"good": "a: 1", "bad": text})


@pytest.mark.parametrize("argument", ["-f", "--namespace", "--post-renderer", "--set-strings=a=1", "a=1"])
def test_only_flags_that_set_values_are_passed_on(argument: str) -> None:
    with pytest.raises(UsageError, match="no flag that sets a value"):
        Helm(Path("/no/helm")).effective_values([], [argument, "x"])


def test_a_flag_without_its_value_is_refused() -> None:
    with pytest.raises(UsageError, match="its value is missing"):
        Helm(Path("/no/helm")).effective_values([], ["--set", "a=1", "--set"])


@pytest.mark.parametrize("arguments", [["--set", "pass[word=hunter22"], ["--set=pass[word=hunter22"]])
def test_an_error_does_not_show_what_was_set(helm: Helm, arguments: list[str]) -> None:
    with pytest.raises(CommandFailed) as failed:
        helm.effective_values([], arguments)

    assert "--set" in str(failed.value)
    assert "hunter22" not in str(failed.value)


def test_the_users_helm_settings_are_neither_used_nor_touched(
    helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Helm stops where its registry configuration is a folder, be it named or at home.
    (tmp_path / "helm" / "registry" / "config.json").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))

    assert helm.effective_values(["a: 1"]) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["helm"]
