"""Small Ansible projects as text, and the vault they need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ansible.parsing.vault import VaultLib, VaultSecret  # type: ignore[import-untyped] # ansible has no types

PASSWORD = "a test password"


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder; ``bytes`` as they are."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def encrypted(text: str, password: str = PASSWORD) -> str:
    """A whole file as ``ansible-vault encrypt`` writes it."""
    secret = VaultSecret(password.encode())
    return str(VaultLib([("default", secret)]).encrypt(text, secret=secret).decode())


def inline(text: str, password: str = PASSWORD) -> str:
    """The value of a variable as ``ansible-vault encrypt_string`` writes it, for the right of a colon."""
    return "!vault |\n" + "".join(f"      {line}\n" for line in encrypted(text, password).splitlines())


def config_map(name: str, value: str, **task: str) -> str:
    """A task that applies one ConfigMap with one entry."""
    more = "".join(f"      {key}: {text}\n" for key, text in task.items())
    return (
        f"    - name: '{name}'\n{more}      kubernetes.core.k8s:\n        definition:\n          apiVersion: v1\n"
        f"          kind: ConfigMap\n          metadata: {{name: '{name}', namespace: web}}\n"
        f"          data:\n            value: {value}\n"
    )


def play(tasks: str, head: str = "") -> str:
    """One play on all hosts."""
    return f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}"


HOSTS = "[all]\none\ntwo\n"
