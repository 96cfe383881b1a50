"""Command lines as cobra reads them; an unknown flag is never ignored."""

from __future__ import annotations

import pytest

from gitops_runbook.ansible.command_flags import UnknownFlag, named, parse_flags

VALUED, SWITCHES = named("-n --namespace", "--set", "-f --filename"), named("-R --recursive", "--wait")


@pytest.mark.parametrize(
    "words", [["-n", "web"], ["-nweb"], ["-n=web"], ["--namespace", "web"], ["--namespace=web"]]
)  # fmt: skip
def test_every_spelling_of_a_flag_is_the_same(words: list[str]) -> None:
    assert parse_flags(["apply", *words, "x"], VALUED, SWITCHES).given == [("namespace", "web")]


def test_words_and_flags_mix_and_the_last_one_counts() -> None:
    flags = parse_flags(["a", "--set", "x=1", "b", "--set=y=2", "-n", "one", "-n", "two"], VALUED, SWITCHES)

    assert flags.words == ["a", "b"]
    assert flags.all("set") == ["x=1", "y=2"]
    assert flags.last("namespace") == "two"
    assert flags.last("filename", "none") == "none"


def test_a_switch_takes_no_word_and_can_be_turned_off() -> None:
    assert parse_flags(["-R", "x"], VALUED, SWITCHES).words == ["x"]
    assert parse_flags(["--wait"], VALUED, SWITCHES).on("wait")
    assert not parse_flags(["--wait=false"], VALUED, SWITCHES).on("wait")


def test_behind_two_dashes_and_a_single_dash_are_words() -> None:
    assert parse_flags(["-f", "-", "-", "--", "-n"], VALUED, SWITCHES).words == ["-", "-n"]


@pytest.mark.parametrize("words", [["--unknown"], ["-x"], ["--set"], ["-Rx"]])
def test_an_unknown_flag_or_one_without_its_value_is_refused(words: list[str]) -> None:
    with pytest.raises(UnknownFlag):
        parse_flags(words, VALUED, SWITCHES)
