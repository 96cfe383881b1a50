"""kubectl without a cluster: the objects ``kubectl create`` generates, and Kubernetes' own way of merging objects."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gitops_runbook.clients.command import Command, run
from gitops_runbook.clients.private_folder import private_folder

_ALONE = {"KUBECONFIG": os.devnull, "HOME": "/nonexistent", "KUBERC": "off"}
"""No cluster and no settings of the user."""


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
            environment=_ALONE,
            timeout=60,
            conceal=[argument for argument in arguments if "=" in argument],
        )
        manifest: dict[str, Any] = json.loads(run(command).stdout)
        return manifest

    def strategic_merge(self, manifest: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """A built-in object after a strategic merge patch: lists such as containers and env are merged by their key.

        Source: Kubernetes, "Update API Objects in Place Using kubectl patch".

        Raises:
            CommandFailed: kubectl refuses the object or the patch.
        """
        with private_folder() as folder:
            for name, content in (("object", manifest), ("patch", patch)):
                (folder / name).write_text(json.dumps(content), encoding="utf-8")
            command = Command(
                (self._kubectl, "patch", "--local", "--type=strategic", f"--filename={folder / 'object'}",
                 f"--patch-file={folder / 'patch'}", "--output=json"),
                environment=_ALONE, timeout=60,
            )  # fmt: skip
            merged: dict[str, Any] = json.loads(run(command).stdout)
        return merged
