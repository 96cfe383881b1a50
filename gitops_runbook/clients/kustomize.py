"""Kustomize as kubectl has it, and Go's reading of YAML; neither needs a cluster.

Go's reading matters because kubectl, Kustomize, Helm and Flux all read YAML by the same rules, and these are not
PyYAML's: ``1e3``, ``0o14`` and ``08`` are numbers to Go, ``12:30:45`` and ``2024-01-01`` are strings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gitops_runbook.clients.command import Command, run
from gitops_runbook.errors import CommandFailed

_NO_CLUSTER = {
    "KUBECONFIG": os.devnull,
    "KUBERC": "off",  # from kubectl 1.34 on: no default flags of the user
}
_NOTHING_TO_READ = "no objects passed to patch"
_TIMEOUT_SECONDS = 120


class Kustomize:
    """Builds overlays and reads manifests with one kubectl (1.29 or newer; see ``toolchain.find``)."""

    def __init__(self, kubectl: Path) -> None:
        self._kubectl = str(kubectl)

    def build(self, folder: Path) -> str:
        """The YAML that ``kubectl kustomize`` makes of a folder.

        Raises:
            CommandFailed: Kustomize refuses the folder.
        """
        return run(self._command("kustomize", str(folder))).stdout

    def build_all(self, folders: Iterable[Path]) -> dict[Path, str]:
        """Build many folders at once, one per core; in the order given.

        Raises:
            CommandFailed: Kustomize refuses one of them; those not yet begun are left out.
        """
        wanted = list(dict.fromkeys(folders))
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            try:
                return dict(zip(wanted, pool.map(self.build, wanted), strict=True))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def read_manifests(self, text: str) -> list[dict[str, Any]]:
        """Read manifests as kubectl does; lists (``kind: List``) are taken apart, order is kept.

        Nothing is defaulted or retyped: a merge patch that changes nothing is applied to objects kubectl does not look
        into, so unknown kinds and fields, nulls and empty maps stay. Integers beyond 64 bits become floats in Go.

        Raises:
            CommandFailed: the text is not YAML, or an object has no kind.
        """
        flags = ("--local", "-f", "-", "--type=merge", "-p", "{}", "-o", "json")
        command = self._command("patch", *flags, stdin=_marked_as_yaml(text))
        try:
            return list(_json_documents(run(command).stdout))
        except CommandFailed as error:
            if _NOTHING_TO_READ in error.happened:  # comments only, or an empty list, is an error to kubectl
                return []
            raise

    def _command(self, *arguments: str, stdin: str | None = None) -> Command:
        argv = (self._kubectl, *arguments)
        return Command(argv, environment=_NO_CLUSTER, stdin=stdin, timeout=_TIMEOUT_SECONDS)


def _marked_as_yaml(text: str) -> str:
    """Begin with ``---`` what kubectl would take for JSON because of its first brace, and is not."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        json.loads(text)
    except ValueError:
        return f"---\n{text}"
    return text


def _json_documents(text: str) -> Iterable[dict[str, Any]]:
    decoder = json.JSONDecoder()
    position = 0
    while position < len(text.rstrip()):
        document, position = decoder.raw_decode(text, position)
        yield document
        while position < len(text) and text[position].isspace():
            position += 1
