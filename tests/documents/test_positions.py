"""Positions: what stands where, and what is refused."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_runbook.documents.positions import load_with_positions, pointer, read_with_positions
from gitops_runbook.errors import UnreadableInput


def test_every_key_and_item_has_its_line_and_column() -> None:
    value, positions = load_with_positions("a: 1\nb:\n  - x\n  - {c: 2}\n", "f")
    assert value == {"a": 1, "b": ["x", {"c": 2}]}
    assert positions == {"": (1, 1), "/a": (1, 1), "/b": (2, 1), "/b/0": (3, 5), "/b/1": (4, 5), "/b/1/c": (4, 6)}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("on", "on"), ("1:30", "1:30"), ("2026-01-01", "2026-01-01"), ("true", True), ("~", None),
        ("", None), ("0o14", 12), ("0x1F", 31), ("-7", -7), ("1e3", 1000.0), ("1.10", 1.1), ("'1'", "1"), ("v1", "v1"),
        ("1_000", "1_000"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(written: str, value: object) -> None:
    read = load_with_positions(f"k: {written}", "f")[0]["k"]
    assert (read, type(read)) == (value, type(value))


def test_scalars_can_stay_the_text_that_was_written() -> None:
    text = "id: 12345678e901\nchoice: no\nexpires:\n"
    value, _ = load_with_positions(text, "f", scalars_as_text=True)
    assert value == {"id": "12345678e901", "choice": "no", "expires": ""}


def test_a_merged_key_stands_where_the_anchor_wrote_it_and_own_keys_win() -> None:
    value, positions = load_with_positions("a: &a\n  x: 1\n  y: 2\nb:\n  y: 3\n  <<: *a\n", "f")
    assert value["b"] == {"x": 1, "y": 3}
    assert (positions["/b/x"], positions["/b/y"]) == ((2, 3), (5, 3))


def test_an_empty_document_is_none() -> None:
    assert load_with_positions("# nothing\n", "f") == (None, {"": (1, 1)})


@pytest.mark.parametrize(
    ("text", "subject", "happened"),
    [
        ("a: 1\nb:\n\tc: 1", "f:3", "a tab"),
        ("a: 1\nb: 2\na: 3", "f:3", "stands here and in line 1"),
        ("x: {b: 1, b: 2}", "f:1", "stands here"),
        ("a: 1\n---\nb: 2", "f:2", "more than one document"),
        ("a: [", "f:", "is no YAML"),
        ("a: 1\n b: 2", "f:2", "is no YAML"),
        ("a: *nobody", "f:1", "undefined alias"),
        ("a: &x [*x]", "f:1", "contains itself"),
        ("a: !vault x", "f:1", "tag !vault"),
        ("a: !!python/object/apply:os.system [id]", "f:1", "tag"),
        ("? [a]\n: 1", "f:1", "key is a list"),
        ("a:\n  <<: 1", "f:2", "merges"),
        ("a: \x07", "f", "control characters"),
        ("a: " + "9" * 5000, "f:1", "too long"),
        ("[" * 100_000, "f:1", "levels deep"),
    ],
)
def test_what_is_not_one_plain_document_is_refused_with_its_line(text: str, subject: str, happened: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        load_with_positions(text, "f")
    assert caught.value.subject.startswith(subject)
    assert happened in caught.value.happened
    assert caught.value.remedy


def test_anchors_that_multiply_do_not_exhaust_memory() -> None:
    lines = ["a0: &a0 [1, 1]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(UnreadableInput, match="expands"):
        load_with_positions("\n".join(lines), "f")


def test_a_file_that_is_not_utf8_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\nb: M\xfcnchen\n")
    with pytest.raises(UnreadableInput) as caught:
        read_with_positions(path)
    assert caught.value.subject == f"{path}:2"
    assert "0xfc" in caught.value.happened


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_with_positions(path)[0] == {"a": 1}


def test_a_missing_file_is_unreadable_input(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="cannot be read"):
        read_with_positions(tmp_path / "none.yaml")


@given(st.lists(st.text(alphabet="ab/~", min_size=1), min_size=1, max_size=4))
def test_pointers_can_be_told_apart(parts: list[str]) -> None:
    undone = [part.replace("~1", "/").replace("~0", "~") for part in pointer(*parts)[1:].split("/")]
    assert undone == parts


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_but_never_crashes(text: str) -> None:
    with contextlib.suppress(UnreadableInput):
        load_with_positions(text, "f")
