"""What ``go_yaml`` reads is what kubectl – the real sigs.k8s.io/yaml – reads."""

import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import differences
from gitops_runbook.errors import UnreadableInput

SCALARS = """
y Y yes Yes YES yEs n N no No NO nO on On ON oN off Off OFF oFF true True TRUE tRUE false False FALSE fALSE ~ null
Null NULL nULL ~x nil none None 0 -0 +0 00 1 -1 +1 01 08 09 007 0777 -017 +017 018 0o14 0O14 -0o7 0o8 0o 0x1F 0X1f
-0xff +0x0 0x 0xg 0b11 -0b11 +0b1 0b2 0b 1_000 1__0 _1 1_ -_1 0x_1 0o_7 9223372036854775807 9223372036854775808
-9223372036854775808 -9223372036854775809 18446744073709551615 +18446744073709551615 18446744073709551616
12345678901234567890123 0xffffffffffffffff 1.0 1.5 -1.5 +1.5 1. -1. .5 -.5 +.5 .5e3 1.e1 1e3 1E3 1e+3 1e-3 1e 1e+ e1
.e1 . .. 1.2.3 1.10 1.1_0 1_0.5 1e1000 -1e1000 .1e999 1e-7 1e22 1.0e20 1e15 1e16 1e18 1e19 0.1 0.30000000000000004
4e-324 1.7976931348623157e308 0.0 -0.0 0e0 00.5 08.5 1,000 1:30 190:20:30 1:2.5 12:30:45.5 -1:30 2024-01-01 2024-1-1
2024-01-01T00:00:00Z 2024-01-01t1:2:3Z 2024-13-01 20240101 2001-12-14T21:59:43.10-05:00 1e3f 123abc abc123 0x1Fh 10m
500Mi 1h30m = << <<< - -- --- +- + +- inf nan Infinity NaN .infinity ._5 .5_0 .5__0 .5_ .5_0e1_0 .5e_1 .5. -.e1 %x?
a=b a#b a:b http://x/y ::1 :x x: ?x -x @x `x
""".split()  # noqa: SIM905 - a table of words reads better without quotes
NOT_PLAIN = {"---", "-", "@x", "`x", "x:", "%x?", "<<"}


@pytest.fixture(scope="module")
def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is needed as the oracle and is not installed")
    return found


def read_by_go(kubectl: str, values: str) -> object:
    """Let kubectl read a list of values as part of an object and print it as JSON."""
    text = "apiVersion: x.example.org/v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n" + values
    command = [kubectl, "label", "--local", "-f", "-", "-o", "json", "read=by-go"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["spec"]


def block(scalars: list[str]) -> str:
    return "".join(f"  - v: {scalar}\n" for scalar in scalars)


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len({*SCALARS} - NOT_PLAIN) >= 160


def test_plain_scalars_are_read_as_go_reads_them(kubectl: str) -> None:
    scalars = [scalar for scalar in SCALARS if scalar not in NOT_PLAIN]
    expected = read_by_go(kubectl, block(scalars))
    actual = load_all("x:\n" + block(scalars))[0]["x"]
    wrong = [
        (scalar, go["v"], ours["v"])
        for scalar, go, ours in zip(scalars, expected, actual, strict=True)  # type: ignore[call-overload]
        if differences(rounded(go["v"]), rounded(ours["v"]))
    ]
    assert wrong == []


def rounded(value: object) -> object:
    """Integers above int64 are floats to kubectl's own JSON decoder, which is behind the YAML reader."""
    return float(value) if type(value) is int and not -(2**63) <= value < 2**63 else value


def test_the_oracle_itself_tells_types_apart(kubectl: str) -> None:
    assert read_by_go(kubectl, block(["1e3", '"1e3"', "yes"])) == [{"v": 1000}, {"v": "1e3"}, {"v": True}]


number_like = st.text(alphabet="0123456789._-+eExXoObBaf", min_size=1, max_size=8).filter(
    lambda text: text not in {"-", "---", "..."}
)


@settings(max_examples=15, deadline=None)
@given(scalars=st.lists(number_like, min_size=60, max_size=120))
def test_anything_that_looks_like_a_number_is_read_as_go_reads_it(kubectl: str, scalars: list[str]) -> None:
    expected = read_by_go(kubectl, block(scalars))
    actual = load_all("x:\n" + block(scalars))[0]["x"]
    for scalar, go, ours in zip(scalars, expected, actual, strict=True):  # type: ignore[call-overload]
        assert differences(rounded(go["v"]), rounded(ours["v"])) == [], scalar


STRUCTURES = {
    "explicit tags": "  a: !!str 1\n  b: !!int '1'\n  c: !!float 1\n  d: !foo bar\n  e: !!binary YWJj\n",
    "more tags": "  a: !!bool 'yes'\n  b: !!null ''\n  c: !!str\n  d: !!set {a, b}\n  e: !x [1]\n",
    "a date with its tag": "  a: !!timestamp 2024-01-01\n",
    "anchors and aliases": "  a: &x {k: 1}\n  b: *x\n  c: &y yes\n  d: *y\n",
    "a merge key before": "  base: &x {k: 1, l: 2}\n  a:\n    <<: *x\n    k: 3\n",
    "a merge key behind": "  base: &x {k: 1, l: 2}\n  a:\n    k: 3\n    <<: *x\n",
    "a list of merges": "  p: &x {k: 1}\n  q: &y {k: 2, l: 2}\n  a:\n    <<: [*x, *y]\n",
    "a quoted merge key": "  a:\n    '<<': {k: 1}\n",
    "keys that are no text": "  1: a\n  true: b\n  no: c\n  0x10: d\n  -5: e\n  2024-01-01: f\n",
    "block scalars": "  a: |\n    x\n     y\n\n  b: >-\n    x\n    y\n  c: |+\n    x\n\n",
    "quoted scalars": "  a: '1'\n  b: \"\\x41\\u00e9\\U0001F600\"\n  c: 'it''s'\n  d: \"a\\\n    b\"\n",
    "empty values": "  a:\n  b: {}\n  c: []\n  d: ''\n  e: {x, z: }\n",
    "JSON": '  {"a": [1, 1.0, "1", true, null, {"b": 1e3}]}\n',
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_are_read_as_go_reads_them(kubectl: str, name: str) -> None:
    assert differences(read_by_go(kubectl, STRUCTURES[name]), load_all("x:\n" + STRUCTURES[name])[0]["x"]) == []


def test_documents_are_told_apart_and_an_empty_one_is_none() -> None:
    assert load_all("a: 1\n---\n---\n# nothing\n---\n[2]\n") == [{"a": 1}, None, None, [2]]
    assert load_all("") == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\na: 2\n", "values.yaml:2:1"),
        ("a: 1\n'a': 2\n", "values.yaml:2:1"),
        ("1: a\n'1': b\n", "values.yaml:2:1"),
        ("a:\n\t- 1\n", "values.yaml:2:1"),
        ("a: [1\nb: 2\n", "values.yaml:2:2"),
        ("a: *nowhere\n", "values.yaml:1:4"),
        ("a: &x [*x]\n", "values.yaml:1:4"),
        ("a: .inf\n", "values.yaml:1:4"),
        ("? [a]\n: 1\n", "values.yaml:1:3"),
        ("~: 1\n", "values.yaml:1:1"),
        ("1.5: x\n", "values.yaml:1:1"),
        ("<<: 1\n", "values.yaml:1:5"),
        ("<<: [1]\n", "values.yaml:1:5"),
        ("a: !!int x\n", "values.yaml:1:4"),
        ("a: !!binary '*'\n", "values.yaml:1:4"),
        ("a: \x07\n", "values.yaml"),
        ("a: '\udc80'\n", "values.yaml"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        load_all(text, source="values.yaml")
    assert caught.value.subject == place
    assert caught.value.remedy
