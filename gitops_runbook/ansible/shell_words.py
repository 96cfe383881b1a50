"""Split a command line or a small shell script into plain commands; refuse to guess anything else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t]|\\\n)+)
    |(?P<comment>\#[^\n]*)
    |(?P<quiet>(?:[012]?>>?|&>)[ \t]*/dev/null(?=[\s;|&]|$)|2>&1(?=[\s;|&]|$))
    |(?P<operator>\|\||&&|;;|\|&|<<<|<<|>>|>&|<&|&>|[|&;<>()\n])
    |(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\[^\n]|[^\s'"\\|&;<>()])+)""",
    re.VERBOSE | re.DOTALL,
)
"""The tokens of the POSIX shell grammar, as far as plain commands need them; redirections to nowhere are one."""
_PART = re.compile(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)|([^'\"\\]+)", re.DOTALL)
_SUBSTITUTION = re.compile(r"`|\$\(|\$\{|\$[A-Za-z_0-9@*#?!-]")
_KEYWORDS = {
    "if", "for", "while", "until", "case", "function", "{", "}", "[", "[[", "!", "then", "do", "done", "fi", "else",
    "elif", "esac", "select", "eval", "trap",
}  # fmt: skip
_HEREDOC = re.compile(
    r"^\s*(?P<before>[^\n]*?)<<(?P<dash>-?)\s*(?P<quote>['\"]?)(?P<mark>\w+)(?P=quote)(?P<after>[^\n]*)\n"
    r"(?P<body>.*?)^[\t ]*(?P=mark)\s*$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class PlainCommand:
    """One program call: its words, and its standard input when the script itself holds it."""

    words: tuple[str, ...]
    stdin: str | None = None


class NotPlain(ValueError):
    """The text is more than plain commands; the message says which construct."""


def split_command(text: str) -> list[PlainCommand]:
    """Split the free form of Ansible's ``command``: no shell, one program.

    Raises:
        NotPlain: when the quotes do not match.
    """
    try:
        return [PlainCommand(tuple(shlex.split(text)))]
    except ValueError as error:
        raise NotPlain(f"its quotes do not match ({error})") from error


def split_script(text: str) -> list[PlainCommand]:
    """Split a shell script that is nothing but plain commands one after the other.

    Understood: line continuations, comments, ``set -e``, ``&&``, line ends and ``;`` between commands, ``|| true`` and
    redirections to ``/dev/null`` at the end, a here-document or an ``echo`` piped into one command, and
    ``kubectl create … --dry-run=client -o yaml | kubectl apply -f -``.

    Raises:
        NotPlain: for everything else.
    """
    heredoc = _HEREDOC.search(text)
    if heredoc is not None:
        before, after = text[: heredoc.start()].strip(), text[heredoc.end() :].strip()
        commands = split_script(before) if before else []
        return [*commands, _heredoc_command(heredoc), *(split_script(after) if after else [])]
    found = (_plain(statement) for statement in _split_on(_tokens(text), {"&&", ";", "\n"}))
    return [command for command in found if command is not None]


Token = tuple[str, str]
"""Kind (``word`` or ``operator``) and the text as written."""


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    position, kind = 0, "space"
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotPlain("its quotes do not match")
        before, kind = kind, str(match.lastgroup)
        if kind == "comment" and before == "word":
            raise NotPlain("it uses # within a word")
        if kind == "space" and match.group() == "\\\n" and before == "word" and text[match.end() :][:1].strip():
            raise NotPlain("it continues a word on the next line")
        if kind in ("word", "operator"):
            tokens.append((kind, match.group()))
        position = match.end()
    return tokens


def _split_on(tokens: Sequence[Token], separators: set[str]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token[0] == "operator" and token[1] in separators:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _plain(tokens: Sequence[Token]) -> PlainCommand | None:
    """One statement; None when it does nothing."""
    texts = [text for _, text in tokens]
    if texts[-2:] in (["||", "true"], ["||", ":"]):
        tokens, texts = tokens[:-2], texts[:-2]
    if not texts or (
        texts[0] == "set" and all(text.startswith(("-", "+")) or text == "pipefail" for text in texts[1:])
    ):
        return None
    halves = _split_on(tokens, {"|"})
    if len(halves) == 2:
        return _piped(*halves)
    operator = next((text for kind, text in tokens if kind == "operator"), None)
    if operator is not None or texts[0] in _KEYWORDS:
        raise NotPlain(f"it uses {operator or texts[0]}")
    return PlainCommand(tuple(_unquoted(text) for text in texts))


def _unquoted(word: str) -> str:
    """The word as the shell passes it on (POSIX shell, 2.2 Quoting)."""
    parts = []
    for single, double, escaped, bare in _PART.findall(word):
        if _SUBSTITUTION.search(re.sub(r"\\.", "", double, flags=re.DOTALL)) or _SUBSTITUTION.search(bare):
            raise NotPlain("it uses shell variables or command substitution")
        parts.append(single + re.sub(r"\\([$`\"\\\n])", _escape, double) + escaped + bare)
    return "".join(parts)


def _escape(match: re.Match[str]) -> str:
    return match.group(1).replace("\n", "")


def _piped(left: Sequence[Token], right: Sequence[Token]) -> PlainCommand:
    """``echo TEXT | kubectl apply -f -`` and ``kubectl create … --dry-run=client -o yaml | kubectl apply -f -``."""
    producer, consumer = _plain(left), _plain(right)
    if producer is None or consumer is None or producer.stdin is not None or consumer.stdin is not None:
        raise NotPlain("it uses |")
    if producer.words[0] == "echo" and "-e" not in producer.words and "\\" not in "".join(producer.words):
        words = producer.words[1:]
        newline = "" if words[:1] == ("-n",) else "\n"
        return PlainCommand(consumer.words, " ".join(word for word in words if word != "-n") + newline)
    generates = producer.words[0].endswith("kubectl") and any(word.startswith("--dry-run") for word in producer.words)
    applies = consumer.words[0].endswith("kubectl") and "apply" in consumer.words and "-" in consumer.words
    if generates and applies:
        return PlainCommand(tuple(word for word in producer.words if not word.startswith("--dry-run")))
    raise NotPlain("it uses |")


def _heredoc_command(match: re.Match[str]) -> PlainCommand:
    body = match["body"]
    if match["dash"]:
        body = re.sub(r"^\t+", "", body, flags=re.MULTILINE)
    if not match["quote"]:
        if _SUBSTITUTION.search(body):
            raise NotPlain("its here-document uses shell variables or command substitution")
        body = re.sub(r"\\([$`\\\n])", _escape, body)
    halves = _split_on(_tokens(f"{match['before']} {match['after']}"), {"|"})
    if len(halves) == 2 and [text for _, text in halves[0]] in (["cat"], ["cat", "-"]):
        halves = halves[1:]
    if len(halves) != 1:
        raise NotPlain("it uses | or a redirection to a file")
    command = _plain(halves[0])
    if command is None or command.words[0] == "cat":
        raise NotPlain("it uses a redirection to a file")
    return PlainCommand(command.words, body)
