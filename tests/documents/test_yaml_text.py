"""What ``yaml_text`` writes comes back exactly: through Go, through PyYAML (YAML 1.1) and as it was."""

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import Json, differences
from gitops_runbook.documents.yaml_text import dump, dump_all
from gitops_runbook.errors import UnreadableInput

AMBIGUOUS = """
on yes y n Y N no off True FALSE null Null NULL ~ 1e3 1E3 1e+3 0o14 012 1_000 0x1F 0b1 12:30:45 190:20:30 1:30
2024-01-01 2024-01-01T00:00:00Z .5 +1 1. 1 -1 1.0 1.10 .inf -.INF .nan NaN inf 0.1.2 = << -0 - -- --- ... ? ! !x &a *a
% @ ` { } [ ] , | > 0777 08 1e1000 0o8 1__0 0x 1e -.5 .e1 1.e1 1e1f 7e5 12e03 10m 500Mi 1h30m0s 1d : :a a: # #a a#b "
' \\ $(A) ${A} $ %a ^a$ ~a --a --1 --.inf ../base ./a .../a ../1 ..a $patch $$ -.inf --
""".split()  # noqa: SIM905 - a table of words reads better without quotes
AMBIGUOUS += [
    "",
    " ",
    "a b",
    " a",
    "a ",
    "a: b",
    "a #b",
    "a:\tb",
    "- a",
    "? a",
    "a\tb",
    "x: [",
    "é",
    "日本",
    "😀",
    "a - b",
]

TEXTS = [
    "a\nb", "a\nb\n", "a\n\n\n", "\na", "\n", "\n\n", " a\nb\n", "\ta\nb", "a\n b\n  c\n", "a \nb\n", "a\n \nb",
    "a\n  ", "a\r\nb\r\n", "a\x85b\nc", "a\u2028b\nc", "\ufeffa\nb", "a\n---\nb: 1\n", "a\n...\n", "# a\nb",
    "a: |\n  b\n", "a\n\tb\n", "key: value\n", "日本\n😀\n", "x" * 300 + " " + "y" * 300 + "\nz\n", "\x07\n", "\x7f\na",
    "\ufffe\na", "\U0001fffe", "\U0010ffff\na", "- a\n- b\n", "a\n#b\n", "%a\nb", "{\n", "'\n\"", "a\n\n b", "a\n \n",
    "a\n\n \n", "a\n \n\n", "\u00a0\na", "a\n\u3000\n",
]  # fmt: skip


def through_python(document: Json) -> Json:
    return yaml.safe_load(dump(document))


def through_ours(document: Json) -> Json:
    return load_all(dump(document))[0]


@pytest.fixture(scope="module")
def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is needed as the oracle and is not installed")
    return found


def through_go(kubectl: str, spec: Json) -> Json:
    """Write an object, let kubectl read it and print it as JSON."""
    thing = {"apiVersion": "x.example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}
    command = [kubectl, "label", "--local", "-f", "-", "-o", "json", "read=by-go"]
    done = subprocess.run(command, input=dump(thing).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["spec"]


@pytest.mark.parametrize("reader", [through_python, through_ours])
@pytest.mark.parametrize("text", [*AMBIGUOUS, *TEXTS])
def test_a_string_stays_this_string_wherever_it_stands(reader: Callable[[Json], Any], text: str) -> None:
    for document in (
        text,
        [text],
        {"k": text},
        {text: 1},
        [[text], {"k": [text]}],
        {"k": text, "l": {"m": text, "n": 1}},
    ):
        assert reader(document) == document


def test_a_string_stays_this_string_for_go(kubectl: str) -> None:
    document = [{"k": text, "l": [text, [text, {"m": text}]]} for text in [*AMBIGUOUS, *TEXTS]]
    document.append({f"k{text}": index for index, text in enumerate([*AMBIGUOUS, *TEXTS])})  # type: ignore[misc]
    assert through_go(kubectl, document) == document


json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.text(alphabet=" \n\t:#-ab1.\r\u2028", max_size=12)
    | st.sampled_from(AMBIGUOUS + TEXTS)
)
json_documents = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=25,
)


@settings(max_examples=400)
@given(json_documents)
@example({"k" * 2000: {"x" * 1100: ["v"]}, "l": 1})
def test_reading_what_was_written_is_the_identity(document: Json) -> None:
    assert differences(document, load_all(dump(document))[0]) == []


@settings(max_examples=15, deadline=None)
@given(documents=st.lists(json_documents, min_size=15, max_size=30))
def test_go_reads_what_was_written(kubectl: str, documents: list[Json]) -> None:
    assert differences(documents, through_go(kubectl, documents)) == []


@given(st.lists(st.tuples(json_documents, st.text()), min_size=1, max_size=4))
def test_no_comment_and_no_number_of_documents_changes_what_is_read(documents: list[tuple[Json, str]]) -> None:
    expected = [document for document, _ in documents]
    assert differences(expected, load_all(dump_all(documents))) == []


def test_it_looks_as_a_person_would_write_it() -> None:
    document = {
        "apiVersion": "apps/v1",
        "metadata": {"name": "mlflow", "labels": {}},
        "spec": {
            "replicas": 2,
            "args": ["--port=5000", "a b", "1.10", "on"],
            "nested": [{"name": "x", "list": [[1, 2], []]}],
            "cpu": "500m",
            "script": "#!/bin/sh\n\n  echo é\n",
            "kept": "a\n\n",
            "empty": None,
            "wide": "word " * 60 + "end",
            "big": 1e22,
        },
    }
    wide = "word " * 60 + "end"
    assert dump(document, "task: deploy\n\nroles/mlflow/tasks/main.yml:3") == (
        "# task: deploy\n#\n# roles/mlflow/tasks/main.yml:3\n"
        "apiVersion: apps/v1\nmetadata:\n  name: mlflow\n  labels: {}\nspec:\n  replicas: 2\n"
        '  args:\n  - --port=5000\n  - a b\n  - "1.10"\n  - "on"\n'
        "  nested:\n  - name: x\n    list:\n    - - 1\n      - 2\n    - []\n"
        "  cpu: 500m\n  script: |\n    #!/bin/sh\n\n      echo é\n  kept: |+\n    a\n\n  empty: null\n"
        f"  wide: {wide}\n  big: 1.0e+22\n"
    )


def test_an_object_used_twice_is_written_twice() -> None:
    shared = {"a": [1]}
    assert dump([shared, shared]) == "- a:\n  - 1\n- a:\n  - 1\n"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1: 2}, {"a": b"x"}, {"a": {1}}, "\udc80", {"\ud800": 1}, "a\n\udfff"]
)
def test_what_json_cannot_express_is_refused(value: Json) -> None:
    with pytest.raises(UnreadableInput):
        dump(value)


def test_several_documents_keep_their_comments_above_them() -> None:
    assert dump_all([({"a": 1}, "one"), ([], ""), ("x", "two\u2028lines")]) == (
        "# one\na: 1\n---\n[]\n---\n# two\n# lines\nx\n"
    )
