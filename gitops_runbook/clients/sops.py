"""SOPS with age keys: plaintext enters by standard input and leaves by standard output, never by a file.

Source: SOPS documentation, "Encrypting using age" and "Encrypting only parts of a file".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gitops_runbook.clients.command import Command, run
from gitops_runbook.clients.private_folder import private_folder
from gitops_runbook.documents import go_yaml
from gitops_runbook.errors import UnreadableInput, UsageError

_TIMEOUT_SECONDS = 120
_IDENTITY = ("apiVersion", "kind", "metadata")
_IDENTITY_IN_METADATA = ("name", "namespace", "generateName")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON allows in a string as it stands, and a YAML reader refuses or folds."""


class Sops:
    """Encrypts and decrypts manifests with one sops (3.9 or newer; see ``toolchain.find``)."""

    def __init__(self, path: Path) -> None:
        self._sops = str(path)

    def encrypt(self, manifest: Mapping[str, Any], recipients: Sequence[str], encrypted_regex: str) -> str:
        """Encrypt the leaves below matching keys; returns YAML with the keys in the manifest's order.

        Args:
            manifest: the object as JSON values, with its real secrets.
            recipients: age public keys, each of which can decrypt.
            encrypted_regex: which keys are hidden, e.g. ``^(data|stringData)$``; matched against each key on the way to
                a leaf.

        Raises:
            UsageError: there is no recipient, or the expression would hide the object's identity, which Flux reads
                before it decrypts.
            CommandFailed: sops refuses, e.g. a recipient that is no key, or an integer beyond 64 bits.
        """
        if not recipients:
            raise UsageError("sops", "there is nobody to encrypt for", "name at least one age recipient")
        _check_identity_stays(manifest, encrypted_regex)
        # As YAML, of which JSON is a part: sops' JSON reader would turn every integer into a float.
        formats = ("--input-type", "yaml", "--output-type", "yaml")
        keys = ("--age", ",".join(recipients), "--encrypted-regex", encrypted_regex)
        return self._run("encrypt", *formats, *keys, stdin=_json_as_yaml(manifest))

    def decrypt(self, text: str, key_file: Path) -> dict[str, Any]:
        """Decrypt a file's text with the private age keys in ``key_file``; values have their types back.

        Raises:
            CommandFailed: none of the keys fits, or the text was changed after it was encrypted.
        """
        formats = ("--input-type", "yaml", "--output-type", "json")
        answer = self._run("decrypt", *formats, stdin=text, key_file=key_file)
        manifest: dict[str, Any] = json.loads(answer)
        return manifest

    def recipients_of(self, text: str) -> list[str]:
        """The age public keys a text was encrypted for, in the order of the file.

        Raises:
            UnreadableInput: the text is no YAML, or was not encrypted with sops and age.
        """
        documents = go_yaml.load_all(text)
        try:
            return [str(entry["recipient"]) for entry in documents[0]["sops"]["age"]]
        except (IndexError, KeyError, TypeError) as error:
            raise UnreadableInput(
                "SOPS file", "it names no age recipients", "check that it was encrypted with sops and age"
            ) from error

    def _run(self, *arguments: str, stdin: str, key_file: Path | None = None) -> str:
        # An empty folder of our own: sops looks for a .sops.yaml from its folder upwards, and for keys at home.
        with private_folder() as folder:
            command = Command(
                (self._sops, *arguments, "--filename-override", "manifest.yaml"),
                cwd=folder,
                environment=_environment(folder, key_file),
                stdin=stdin,
                timeout=_TIMEOUT_SECONDS,
                remedy="check the age recipients or the age key file",
            )
            return run(command).stdout


def _environment(home: Path, key_file: Path | None) -> dict[str, str | None]:
    """No key and no setting of the user but the one key file: SOPS_* would add recipients unseen."""
    changes: dict[str, str | None] = {name: None for name in os.environ if name.startswith("SOPS_")}
    changes |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    if key_file is not None:
        changes["SOPS_AGE_KEY_FILE"] = str(key_file.absolute())
    return changes


def _check_identity_stays(manifest: Mapping[str, Any], encrypted_regex: str) -> None:
    try:
        pattern = re.compile(encrypted_regex)
    except re.error as error:
        raise UsageError(encrypted_regex, f"this is no regular expression: {error}", "correct it") from error
    metadata = manifest.get("metadata") or {}
    identity = [*_IDENTITY, *(key for key in _IDENTITY_IN_METADATA if key in metadata)]
    hidden = [key for key in identity if pattern.search(key)]
    if hidden:
        raise UsageError(
            encrypted_regex,
            f"it would hide {', '.join(hidden)}, and Flux must be able to read them",
            "choose an expression that matches other keys, e.g. ^(data|stringData)$",
        )


def _json_as_yaml(manifest: Mapping[str, Any]) -> str:
    text = json.dumps(manifest, ensure_ascii=False)  # YAML does not know surrogate pairs of \u escapes
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
