"""kubectl without a cluster: the objects that ``kubectl create`` generates from its arguments."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitops_runbook.clients.command import Command, run


class Kubectl:
    """Generates objects with one kubectl."""

    def __init__(self, path: Path) -> None:
        self._kubectl = str(path)

    def generate(self, arguments: Sequence[str]) -> dict[str, Any]:
        """The object ``kubectl create …`` would create; nothing is sent anywhere.

        Args:
            arguments: everything behind ``kubectl``, e.g. ``["create", "namespace", "ml-lifecycle"]``.

        Raises:
            CommandFailed: kubectl refuses the arguments; its message does not show their values.
        """
        command = Command(
            (self._kubectl, *arguments, "--dry-run=client", "--output=json"),
            environment={"KUBECONFIG": os.devnull, "HOME": "/nonexistent", "KUBERC": "off"},
            timeout=60,
            conceal=[argument for argument in arguments if "=" in argument],
        )
        manifest: dict[str, Any] = json.loads(run(command).stdout)
        return manifest
