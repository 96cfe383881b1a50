"""Recorded lines, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitops_runbook.ansible.installation import AnsibleInstallation
from gitops_runbook.ansible.recording import FIRST, Line, Pass, Recording, RecordingRequest

REQUEST = RecordingRequest(AnsibleInstallation(Path("ansible-playbook"), Path("python")), Path("/p"), "site.yml", "all")


def task(action: str, arguments: dict[str, Any], **fields: Any) -> Line:  # noqa: ANN401 - JSON
    """The line of one task."""
    line = {
        "type": "task", "action": action, "arguments": arguments, "name": "a task", "role": "", "file": "site.yml",
        "line": 1, "host": "one", "undefined": [],
    }  # fmt: skip
    return {**line, **fields}


def k8s(*documents: Any, line: int = 1, **fields: Any) -> Line:  # noqa: ANN401 - JSON
    """A task of kubernetes.core.k8s with these documents; ``state``, ``apply`` and the like go into its arguments."""
    own = {
        name: fields.pop(name) for name in ("host", "item", "undefined", "role", "problem", "file") if name in fields
    }
    return task("kubernetes.core.k8s", fields, documents=list(documents), line=line, **own)


def shell(text: str, **fields: Any) -> Line:  # noqa: ANN401 - JSON
    """A shell task."""
    return task("ansible.builtin.shell", {"_raw_params": text}, **fields)


def config_map(name: str = "a", namespace: str = "web", **data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def recording(lines: Sequence[Line], taken: Pass = FIRST) -> Recording:
    """A complete recording."""
    return Recording(REQUEST, taken, tuple(lines))
