"""Words as the real shell makes them, or a refusal; never a guess and never a command less."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_runbook.ansible.shell_words import NotPlain, PlainCommand, split_command, split_script

PRINT = "kubectl() { printf '%s\\0' kubectl \"$@\"; printf '\\n'; }\n"
PIECES = st.sampled_from(
    ["a", "b c", "'x y'", "'a;b'", '"p  q"', '"it\'s"', '"\\$HOME"', "\\ ", "=", "--set", "'{\"k\": 1}'", "#no",
     '"a|b"',
     "-n", "web", "\\\"", "'multi\nline'", "&&", ";", "\n", "|| true", "> /dev/null", "2>&1", " ", "# note", "$x", "|",
     "*"]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_a_script_that_is_accepted_has_the_words_of_the_real_shell(pieces: list[str]) -> None:
    script = "kubectl " + " ".join(pieces)
    try:
        commands = split_script(script)
    except NotPlain:
        return
    if subprocess.run(["/bin/sh", "-n", "-c", script], capture_output=True, check=False).returncode:
        return  # the shell itself refuses it
    found = [list(command.words) for command in commands if command.words[0] == "kubectl"]

    assert found == as_the_shell_of(script)


def as_the_shell_of(script: str) -> list[list[str]]:
    """What the real shell calls; output that the script hides is made visible again."""
    visible = script.replace("2>&1", "").replace("> /dev/null", "> /dev/stdout")
    output = subprocess.run(
        ["/bin/sh", "-f", "-c", PRINT + visible], capture_output=True, text=True, check=False
    ).stdout
    return [part.split("\0") for part in output.split("\0\n") if part]


CALLS = st.sampled_from(
    ["kubectl apply -f a.yml", "helm upgrade --install a b", "kubectl delete ns x", "echo hello", "set -e", "sleep 1",
     "kubectl get pods", "true"]
)  # fmt: skip
GLUE = st.sampled_from(
    ["\n", " && ", "; ", " || true\n", " > /dev/null 2>&1\n", " \\\n  --flag\n", " | cat\n", " & ", "\n# kubectl x\n",
     "  # helm y\n"]
)  # fmt: skip


@given(st.lists(st.tuples(CALLS, GLUE), min_size=1, max_size=6))
def test_no_command_is_ever_dropped(parts: list[tuple[str, str]]) -> None:
    script = "".join(call + glue for call, glue in parts)
    try:
        commands = split_script(script)
    except NotPlain:
        return
    expected = [call.split() for call, _ in parts if call.startswith(("kubectl", "helm"))]
    found = [list(command.words) for command in commands if command.words[0] in ("kubectl", "helm")]

    assert [words[: len(call)] for words, call in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("kubectl apply -f a.yml || true", [PlainCommand(("kubectl", "apply", "-f", "a.yml"))]),
        ("set -euo pipefail\nhelm list", [PlainCommand(("helm", "list"))]),
        ("echo 'a: 1' | kubectl apply -f -", [PlainCommand(("kubectl", "apply", "-f", "-"), "a: 1\n")]),
        ("cat <<EOF | kubectl apply -f -\na: 1\nEOF\n", [PlainCommand(("kubectl", "apply", "-f", "-"), "a: 1\n")]),
        ("kubectl apply -f - <<'END'\na: $x\nEND\n", [PlainCommand(("kubectl", "apply", "-f", "-"), "a: $x\n")]),
        ("kubectl apply -f - <<-X\n\ta: 1\n\tX\n", [PlainCommand(("kubectl", "apply", "-f", "-"), "a: 1\n")]),
        ("kubectl create ns a --dry-run=client -o yaml | kubectl apply -f -",
         [PlainCommand(("kubectl", "create", "ns", "a", "-o", "yaml"))]),
        ("helm upgrade a b --set 'x=p  q'", [PlainCommand(("helm", "upgrade", "a", "b", "--set", "x=p  q"))]),
        ('helm upgrade a b --set x="p;  q"', [PlainCommand(("helm", "upgrade", "a", "b", "--set", "x=p;  q"))]),
    ],
)  # fmt: skip
def test_what_is_understood(script: str, expected: list[PlainCommand]) -> None:
    assert split_script(script) == expected


@pytest.mark.parametrize(
    "script",
    ["for x in a b; do kubectl create ns $x; done", "kubectl get ns | grep x | xargs kubectl delete ns",
     "kubectl a $(b)", "if true; then kubectl apply -f a; fi", "kubectl apply -f a &", "kubectl apply -f a > out.txt",
     "kubectl a `b`",
     "(kubectl apply -f a)", "kubectl get ns x || kubectl create ns x", "kubectl 'unclosed", "eval kubectl apply -f a",
     "kubectl apply -f - <<EOF\na: $x\nEOF\n", "cat <<EOF > /tmp/f\na\nEOF\n", "! kubectl apply -f a",
     "kubectl a ${b}"],
)  # fmt: skip
def test_what_is_not_guessed(script: str) -> None:
    with pytest.raises(NotPlain):
        split_script(script)


def test_the_command_module_knows_no_shell() -> None:
    words = ("kubectl", "apply", "-f", "a", "&&", "rm", "$x")

    assert split_command("kubectl apply -f a && rm $x") == [PlainCommand(words)]
    with pytest.raises(NotPlain):
        split_command("kubectl 'unclosed")
