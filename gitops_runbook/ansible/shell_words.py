"""Split a command line or a small shell script into plain commands; refuse to guess anything else."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_HARMLESS_END = re.compile(r"(\s*(2>\s*&1|&>\s*/dev/null|[12]?>\s*/dev/null)|\s*\|\|\s*(true|:)|\s*;)+\s*$")
_SUBSTITUTION = re.compile(r"`|\$\(|\$\{|\$[A-Za-z_0-9@*#?!]")
_OPERATORS = {"|", "||", "&", ";", ";;", "<", ">", ">>", "<<", "<<<", "(", ")", "|&", ">&", "<&", "&>"}
_KEYWORDS = {"if", "for", "while", "until", "case", "function", "{", "}", "[", "[[", "!", "then", "do", "select"}
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
    text = text.replace("\\\n", " ").strip()
    heredoc = _HEREDOC.search(text)
    if heredoc is not None:
        before, after = text[: heredoc.start()].strip(), text[heredoc.end() :].strip()
        commands = split_script(before) if before else []
        return [*commands, _heredoc_command(heredoc), *(split_script(after) if after else [])]
    commands = []
    for line in _statements(text):
        command = _plain(line)
        if command is not None:
            commands.append(command)
    return commands


def _statements(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    statements: list[str] = []
    for line in lines:
        statements += _split_on(line, {"&&", ";"})
    return statements


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=False, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise NotPlain(f"its quotes do not match ({error})") from error


def _split_on(line: str, separators: set[str]) -> list[str]:
    parts: list[list[str]] = [[]]
    for token in _tokens(line):
        if token in separators:
            parts.append([])
        else:
            parts[-1].append(token)
    return [" ".join(part) for part in parts if part]


def _plain(line: str) -> PlainCommand | None:
    line = _HARMLESS_END.sub("", _join_redirections(line)).strip()
    if not line or re.fullmatch(r"set\s+[-+][\w ]+", line):
        return None
    halves = _split_on(line, {"|"})
    if len(halves) == 2:
        return _piped(*halves)
    tokens = _tokens(line)
    operator = next((token for token in tokens if token in _OPERATORS or token in _KEYWORDS), None)
    if operator is not None or len(halves) > 2:
        raise NotPlain(f"it uses {operator or '|'}")
    if _SUBSTITUTION.search(re.sub(r"'[^']*'", "''", line)):
        raise NotPlain("it uses shell variables or command substitution")
    return split_command(line)[0]


def _join_redirections(line: str) -> str:
    """``shlex`` splits ``2>/dev/null`` into three tokens; put it together again."""
    return re.sub(r"([012]?)\s*(>|&>)\s*/dev/null", r" \1\2/dev/null", line.replace("2 > & 1", "2>&1")).replace(
        "2 >& 1", "2>&1"
    )


def _piped(left: str, right: str) -> PlainCommand:
    """``echo TEXT | kubectl apply -f -`` and ``kubectl create … --dry-run=client -o yaml | kubectl apply -f -``."""
    producer, consumer = _plain(left), _plain(right)
    if producer is None or consumer is None:
        raise NotPlain("it uses |")
    if producer.words[0] == "echo" and "-e" not in producer.words:
        text = " ".join(word for word in producer.words[1:] if word != "-n")
        return PlainCommand(consumer.words, text + "\n")
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
        body = body.replace("\\\\", "\\")
    line = f"{match['before']} {match['after']}".strip()
    halves = _split_on(_HARMLESS_END.sub("", line), {"|"})
    if len(halves) == 2 and halves[0].strip() in ("cat", "cat -"):
        halves = halves[1:]
    if len(halves) != 1:
        raise NotPlain("it uses | or a redirection to a file")
    command = _plain(halves[0])
    if command is None or command.words[0] == "cat":
        raise NotPlain("it uses a redirection to a file")
    return PlainCommand(command.words, body)
