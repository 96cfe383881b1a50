"""The README: every command in it exists, every link and picture leads somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from typer.main import get_command

from gitops_runbook.cli.app import app
from tests.cli.conftest import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\]\((?!https?://|#)([^)]+)\)", README)))


def commands(text: str) -> Iterator[list[str]]:
    """The command lines of the shell blocks, without comments."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield from (shlex.split(part, comments=True) for part in line.split("&&") if part.strip())


COMMANDS = [words for words in commands(README) if words]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_readme_exists(words: list[str]) -> None:
    program, *arguments = words
    if program.startswith("scripts/"):
        assert (CHECKOUT / program).is_file()
    elif program == "gitops-runbook":
        command = get_command(app).commands[arguments[0]]  # type: ignore[attr-defined]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("-")} <= known
    else:
        assert program in {"git", "cd", ".venv/bin/jupyter"}


def test_the_readme_has_commands_of_ours() -> None:
    names = {words[1] for words in COMMANDS if words[0] == "gitops-runbook"}
    assert names >= {"convert", "init", "doctor"}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (CHECKOUT / link).exists()


def test_the_picture_is_small_enough_for_a_repository() -> None:
    assert 10_000 < (CHECKOUT / "notebooks" / "images" / "convert.png").stat().st_size < 300_000


def test_the_architecture_names_every_room() -> None:
    rooms = {
        path.name for path in (CHECKOUT / "gitops_runbook").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    named = set(re.findall(r"^[├└]── (\w+)/", README, re.MULTILINE))
    assert named == rooms
