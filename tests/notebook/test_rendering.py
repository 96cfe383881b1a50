"""What is shown: escaped, sorted worst first, readable without colour and without HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from gitops_runbook.errors import UsageError
from gitops_runbook.model.checks import Check, RunStatus, Status
from gitops_runbook.model.finding_codes import CODES, code
from gitops_runbook.model.findings import Finding, Severity
from gitops_runbook.notebook.markup import AMBER, BLUE, GREEN, GREY, RED, Rendered, badge, icon, word
from gitops_runbook.notebook.rendering import Row, checks, findings_table, picture, render, table, tree, verdict

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\nFAKE passed"


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def finding(name: str, subject: str, decision: str = "") -> Finding:
    return Finding(code(name), "staging", subject, "seen", "site.yml:3", decision)


def everything(text: str) -> list[Rendered]:
    figure = Figure()
    figure.subplots().plot([1, 2])
    return [
        render(text, text),
        render({text: text}, text),
        render([{text: text, "b": [text]}], text),
        render([Finding(code("live-value"), text, text, text, text, text)], text),
        render(Check(text + "x", Status.FAILED, text, text, text, text), text),
        tree([Path("a") / text.replace("/", "_").replace("\0", "")], text),
        verdict(Status.ERROR, text, text, text),
        picture(figure, "x" + text),
        render(object.__new__(type("T", (), {"__repr__": lambda _: text}))),
    ]


def test_nothing_that_is_shown_can_become_markup_or_forge_a_line() -> None:
    for shown in everything(ATTACK):
        page = Page(shown.html)
        assert page.count("script") == 0
        assert [attrs for tag, attrs in page.tags if tag == "img" and not str(attrs["src"]).startswith("data:")] == []
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
        assert "\x1b" not in shown.text + shown.html
        assert page.open == []


@given(st.text(max_size=30))
def test_any_text_gives_balanced_markup(text: str) -> None:
    for shown in (render({text: text}, text), render([{"a": text}], text), verdict(Status.PASSED, text, text, text)):
        assert Page(shown.html).open == []


def test_a_line_break_in_a_cell_does_not_begin_a_line_in_a_log() -> None:
    assert not [line for line in table([{"a": ATTACK}]).text.splitlines() if line.startswith("FAKE")]


def test_html_needs_neither_script_nor_external_style() -> None:
    for shown in everything("x"):
        page = Page(shown.html)
        assert not {tag for tag, _ in page.tags} & {"script", "style", "link", "iframe", "object", "form", "input"}
        assert not [attrs for _, attrs in page.tags if "class" in attrs or "id" in attrs]


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [GREEN, AMBER, RED, GREY, BLUE])
def test_words_on_a_badge_have_a_contrast_of_at_least_four_and_a_half(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_colours_are_those_of_the_theme_with_a_fallback_or_a_badge() -> None:
    for shown in everything("x"):
        for style in re.findall(r'style="([^"]*)"', shown.html):
            if "color:#ffffff" in style:
                continue  # a badge brings both of its colours
            outside = re.sub(r"var\(--jp-[a-z0-9-]+,#[0-9a-f]{6}\)", "", style)
            assert "#" not in outside


@pytest.mark.parametrize("status", [*Status, *RunStatus, *Severity])
def test_every_status_has_icon_and_word(status: Status | RunStatus | Severity) -> None:
    assert icon(status)
    assert word(status) in "".join(Page(badge(status)).words)


def test_a_table_has_caption_and_scopes() -> None:
    page = Page(table([{"name": "a", "size": 1}], caption="Sizes").html)
    assert page.count("caption") == 1
    assert [attrs["scope"] for tag, attrs in page.tags if tag == "th"] == ["col", "col", "row"]


def test_twenty_rows_are_open_and_the_rest_fold_away() -> None:
    shown = table([{"n": number} for number in range(45)])
    before, after = shown.html.split("<details>")
    assert (before.count("<tr>"), after.count("<tr>")) == (21, 26)
    assert "25 more rows" in after
    assert "25 more rows" in shown.text
    assert "<details>" not in table([{"n": number} for number in range(20)]).html


def test_a_table_without_end_is_cut_and_says_so() -> None:
    shown = table([{"n": number} for number in range(1500)])
    assert shown.html.count("<tr>") == 1002
    assert "500 further rows are not shown" in shown.html


def test_rows_with_a_status_come_worst_first_and_keep_their_order_otherwise() -> None:
    rows = [("a", Status.PASSED), ("b", Status.FAILED), ("c", Status.WARNED), ("d", Status.FAILED)]
    assert column(table(rows, ["name", "status"])) == ["b", "d", "c", "a"]


def column(shown: Rendered) -> list[str]:
    return [line.split("  ")[0] for line in shown.text.splitlines()[3:]]


def test_sorting_takes_numbers_by_size_text_by_its_numbers_and_empty_last() -> None:
    rows: list[Row] = [{"n": "x10", "v": 9}, {"n": "x9", "v": 10}, {"n": None, "v": 1}, {"n": "X1", "v": 2.5}]
    assert column(table(rows, sort_by="n")) == ["X1", "x9", "x10", "–"]
    assert column(table(rows, sort_by="v")) == ["–", "X1", "x10", "x9"]


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(Status))))
def test_any_mixture_can_be_sorted(values: list[object]) -> None:
    table([{"a": value} for value in values], ["a"], sort_by="a")


def test_an_unknown_column_names_the_columns() -> None:
    with pytest.raises(UsageError, match="name, size"):
        table([{"name": 1, "size": 2}], sort_by="weight")


def test_an_empty_table_says_nothing_was_there() -> None:
    assert table([], caption="Objects").text == "Objects: nothing"
    assert findings_table([]).text == "Findings: nothing"


def test_findings_are_grouped_by_severity_and_errors_are_open() -> None:
    found = [finding("applied-twice", "i"), finding("live-value", "e"), finding("shared-hosts", "w")]
    page = Page(findings_table(found).html)
    assert [attrs for tag, attrs in page.tags if tag == "details"] == [{"open": None}, {}, {}]
    text = findings_table(found).text
    assert text.startswith("Findings: 3, 2 open, 0 answered")
    assert text.index("live-value") < text.index("shared-hosts") < text.index("applied-twice")


def test_answered_findings_come_after_open_ones() -> None:
    text = findings_table([finding("live-value", "answered", "accept"), finding("live-value", "waiting")]).text
    assert text.index("waiting") < text.index("answered  ")


def test_findings_can_be_sorted_by_another_column_as_one_table() -> None:
    found = [finding(name, name) for name in sorted(CODES, reverse=True)]
    shown = findings_table(found, sort_by="code")
    listed = [name for name in re.findall(r"  ([a-z-]+)  ", shown.text) if name in CODES]
    assert listed == sorted(listed)
    assert shown.html.count("<caption") == 2  # one table: 20 rows and the rest
    with pytest.raises(UsageError, match="severity, code"):
        findings_table(found, sort_by="colour")


def test_checks_say_what_was_seen_why_it_matters_and_what_to_do() -> None:
    shown = checks([Check("fine", Status.PASSED), Check("bad", Status.FAILED, "seen", "matters", "do this")])
    assert shown.text.index("bad") < shown.text.index("fine")
    for part in ("seen", "matters", "do this"):
        assert part in shown.text
        assert part in shown.html


def test_a_tree_shows_folders_first() -> None:
    shown = tree([Path("b.yaml"), Path("apps/base/x.yaml"), Path("apps/a.yaml")], "Tree")
    assert shown.text.splitlines() == [
        "Tree", "├── apps/", "│   ├── base/", "│   │   └── x.yaml", "│   └── a.yaml", "└── b.yaml",
    ]  # fmt: skip


@dataclass(frozen=True)
class Thing:
    name: str
    size: int


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ([Thing("a", 1)], "name  size"),
        ([Path("a/b")], "└── b"),
        ({"exact": True}, "exact  yes"),
        (["x", "y"], "value"),
        ("two\nlines", "two\nlines"),
        (17, "17"),
        ([], "[]"),
        (Rendered("as it is", "<p>as it is</p>"), "as it is"),
    ],
)
def test_a_value_chooses_its_form(value: object, part: str) -> None:
    assert part in render(value).text


def test_a_picture_brings_a_text_that_says_the_same() -> None:
    figure = Figure()
    figure.subplots().bar(["a"], [1])
    shown = picture(figure, "One bar")
    ((_, attrs),) = Page(shown.html).tags
    assert attrs["alt"] == "One bar"
    assert str(attrs["src"]).startswith("data:image/png;base64,")
    assert shown.text == "[picture] One bar"
    with pytest.raises(ValueError, match="alt"):
        picture(figure, " ")
