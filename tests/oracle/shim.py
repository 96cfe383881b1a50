"""The fake programs that stand on PATH: they send argv, standard input and the text of their files to the server."""

import json
import os
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from .flags import CommandLine, read_helm, read_kubectl

_MANIFESTS = {".json", ".yaml", ".yml"}


def main(program: str, port: int) -> int:
    """Ask the server what the real program would answer, and answer it."""
    argv = sys.argv[1:]
    line = read_helm(argv) if program == "helm" else read_kubectl(argv)
    environment = {name: value for name, value in os.environ.items() if name.startswith("HELM_")}
    request: dict[str, Any] = {"argv": argv, "cwd": str(Path.cwd()), "environment": environment}
    request["stdin"] = sys.stdin.read() if "-" in _file_words(line) else None
    request["files"] = [entry for word in _file_words(line) for entry in _read(word, request["stdin"])]
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("POST", f"/oracle/{program}", json.dumps(request), {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    sys.stdout.write(answer["stdout"])
    sys.stderr.write(answer["stderr"])
    return int(answer["returncode"])


def _file_words(line: CommandLine) -> list[str]:
    words = [word for value in line.all("values", "filename") for word in value.split(",")]
    return words + [value.partition("=")[2] for value in line.all("set-file")]


def _read(word: str, stdin: str | None) -> list[tuple[str, str | None]]:
    if word == "-":
        return [("-", stdin)]
    path = Path(word).expanduser()
    if path.is_dir():
        return [(str(entry), _text(entry)) for entry in sorted(path.iterdir()) if entry.suffix in _MANIFESTS]
    return [(word, _text(path))]


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
