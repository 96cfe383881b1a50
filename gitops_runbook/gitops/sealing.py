"""Sealing secrets with SOPS and age so that a file changes only when its content or its readers do.

SOPS draws a new data key and new nonces each time, so an unchanged secret would look changed at every conversion. So a
file is sealed again only when its plaintext, its recipients or the set of encrypted keys changed. A *mark* decides
that: an HMAC-SHA256 over all of these and over the sealed text itself, keyed from the ansible-vault password. It says
nothing to a reader without the password (a plain hash of a weak secret could be guessed), it cannot be forged without
it, and it does not vouch for any other text. Without the password the earlier file is decrypted and compared.

Sources: SOPS, "Encrypting only parts of a file" (``encrypted_regex`` is matched against all keys on the way to a leaf);
Flux, kustomize-controller specification, "Decryption" (``apiVersion``, ``kind`` and ``metadata`` must stay readable).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_runbook.clients.sops import Sops
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import canonical, tokens
from gitops_runbook.errors import CommandFailed, UsageError
from gitops_runbook.gitops.age_recipient import check_recipient
from gitops_runbook.model.desired import Manifest
from gitops_runbook.model.finding_codes import code
from gitops_runbook.model.findings import Finding

_SALT = b"gitops-runbook/sops-mark/v1"
"""Public and fixed: the same password must give the same key on every machine. What protects it is scrypt's cost."""

_SECRET_REGEX_KEYS = frozenset({"data", "stringData"})
_IDENTITY_KEYS = frozenset({"apiVersion", "kind", "metadata", "sops"})
_METADATA_IDENTITY_KEYS = frozenset({"name", "namespace", "generateName"})


@dataclass(frozen=True)
class SealMark:
    """What ``DIR/.gitops-runbook/sops.json`` holds for one path; ``mark`` is empty without a vault password."""

    mark: str = ""
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class EarlierFiles:
    """What the last conversion sealed: path → sealed text, and path → mark."""

    texts: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, SealMark] = field(default_factory=dict)


@dataclass(frozen=True)
class SealRequest:
    """One manifest to be sealed.

    Attributes:
        path: POSIX path of the file within the tree.
        secret: JSON pointers of the leaves that are secret; for a Secret its whole content is, with or without them.
    """

    environment: str
    path: str
    plaintext: Manifest = field(repr=False)
    secret: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sealed:
    """A sealed file; ``reused`` when it is byte for byte the earlier one."""

    path: str
    text: str
    mark: SealMark
    reused: bool
    findings: tuple[Finding, ...] = ()


class Sealer:
    """Seals the manifests of one conversion.

    Args:
        recipients: the age public keys of each environment.
        vault_password: makes marks possible; it is turned into a key at once and not kept.
        earlier: what the last conversion wrote.
        age_key_file: private age keys (``SOPS_AGE_KEY_FILE``), used only to see whether an earlier file is unchanged.

    Raises:
        UsageError: a recipient is no age public key, or the key file cannot be read.
    """

    def __init__(
        self,
        sops: Sops,
        recipients: Mapping[str, Sequence[str]],
        vault_password: str | None,
        earlier: EarlierFiles,
        age_key_file: Path | None,
    ) -> None:
        for environment, keys in recipients.items():
            for key in keys:
                check_recipient(environment, key)
        if age_key_file is not None and not os.access(age_key_file, os.R_OK):
            raise UsageError(str(age_key_file), "the age key file cannot be read", "check SOPS_AGE_KEY_FILE")
        self._sops = sops
        self._recipients = {environment: sorted(set(keys)) for environment, keys in recipients.items()}
        self._key = _key_from(vault_password) if vault_password is not None else None
        self._earlier = earlier
        self._age_key_file = age_key_file

    def seal_all(self, requests: Sequence[SealRequest]) -> list[Sealed]:
        """Seal many manifests at once, in the order given; sops runs in parallel.

        Raises:
            UsageError: see :meth:`seal`.
            CommandFailed: sops refuses one of them.
        """
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            return list(pool.map(self.seal, requests))

    def seal(self, request: SealRequest) -> Sealed:
        """Seal one manifest, or keep the earlier file when nothing it depends on changed.

        Raises:
            UsageError: the environment has no recipient, or what is secret cannot be encrypted without hiding the
                object's identity.
            CommandFailed: sops refuses the manifest.
        """
        recipients = self._recipients.get(request.environment)
        if not recipients:
            raise UsageError(
                f"environment {request.environment}",
                f"{request.path} must be encrypted and nobody is named who may read it",
                f"pass --age-recipient {request.environment}=age1…",
            )
        regex = encrypted_regex(request.plaintext, request.secret)
        unchanged, findings = self._is_unchanged(request, recipients, regex)
        if unchanged:
            text = self._earlier.texts[request.path]
        else:
            text = self._sops.encrypt(request.plaintext, recipients, regex)
        mark = self._mark(request, recipients, regex, text)
        return Sealed(request.path, text, SealMark(mark, tuple(recipients)), unchanged, findings)

    def _is_unchanged(
        self, request: SealRequest, recipients: list[str], regex: str
    ) -> tuple[bool, tuple[Finding, ...]]:
        """Say whether the earlier file still holds this plaintext for these readers, and what is to be told."""
        text = self._earlier.texts.get(request.path)
        if text is None:
            return False, ()
        earlier_mark = self._earlier.marks.get(request.path, SealMark()).mark
        if self._key is not None and earlier_mark:
            if hmac.compare_digest(earlier_mark, self._mark(request, recipients, regex, text)):
                return True, ()
            if self._age_key_file is None:  # the password is known and the mark differs: something did change
                return False, ()
        if not is_sealed(text) or self._readers_and_regex(text) != (recipients, regex):
            return False, ()
        return self._compare_decrypted(request, text)

    def _compare_decrypted(self, request: SealRequest, text: str) -> tuple[bool, tuple[Finding, ...]]:
        if self._age_key_file is None:
            return False, (_reencrypted(request, "neither the vault password nor the age key was there to compare"),)
        try:
            earlier = self._sops.decrypt(text, self._age_key_file)
        except CommandFailed:
            # Someone else's key, or a damaged file: either way a fresh one is right, and worth a line.
            return False, (_reencrypted(request, "the earlier file could not be decrypted with the age key given"),)
        return canonical(request.plaintext) == canonical(earlier), ()

    def _readers_and_regex(self, text: str) -> tuple[list[str], str]:
        [document] = load_all(text)
        return sorted(self._sops.recipients_of(text)), str(document["sops"].get("encrypted_regex", ""))

    def _mark(self, request: SealRequest, recipients: list[str], regex: str, text: str) -> str:
        """The mark of a sealed text, or nothing without a vault password.

        The path is part of it so that two files with the same secret do not show that they are alike.
        """
        if self._key is None:
            return ""
        sealed_hash = hashlib.sha256(text.encode()).hexdigest()
        subject = [request.path, request.plaintext, recipients, regex, sealed_hash]
        return hmac.new(self._key, canonical(subject).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def encrypted_regex(manifest: Manifest, secret: Iterable[str]) -> str:
    r"""The ``encrypted_regex`` that hides what is secret and leaves the object's identity readable.

    A Secret's whole content is hidden. In any other object a secret leaf is hidden by the nearest key above it that
    occurs nowhere in the identity (``metadata.name`` would be hidden too by a rule for a container's ``name``).

    >>> encrypted_regex({"apiVersion": "v1", "kind": "ConfigMap", "data": {"db-url": "…"}}, ["/data/db-url"])
    '^(db\\-url)$'

    Raises:
        UsageError: a secret is part of the object's identity.
        ValueError: nothing in the manifest is secret.
    """
    is_secret = manifest.get("apiVersion") == "v1" and manifest.get("kind") == "Secret"
    keys = set(_SECRET_REGEX_KEYS) if is_secret else set()
    for pointer in secret:
        path = list(_keys_on_the_way(manifest, pointer))
        if not keys.intersection(path):
            keys.add(_deepest_hideable(path, manifest))
    if not keys:
        raise ValueError("nothing to encrypt in a manifest without secret leaves")
    return f"^({'|'.join(re.escape(key) for key in sorted(keys))})$"


def is_sealed(text: str) -> bool:
    """Say whether a text is a SOPS file: metadata under a root key ``sops`` with a MAC."""
    return bool(re.search(r"^sops:[ \t]*\n(?:[ \t].*\n)*[ \t]+mac: ENC\[", text, re.MULTILINE))


def _deepest_hideable(path: Sequence[str], manifest: Manifest) -> str:
    metadata = manifest.get("metadata") or {}
    identity = _IDENTITY_KEYS | (_METADATA_IDENTITY_KEYS & metadata.keys())
    for key in reversed(path):
        if key not in identity:
            return key
    raise UsageError(
        f"{manifest.get('kind', 'object')} in {metadata.get('namespace') or 'the cluster'}",
        f"/{'/'.join(path)} depends on a secret and is part of the object's identity, which must stay readable",
        "make the object's name independent of the secret",
    )


def _keys_on_the_way(manifest: Manifest, pointer: str) -> Iterator[str]:
    """The mapping keys from the root to a leaf; positions in lists are no keys to SOPS."""
    node: Any = manifest
    for key in tokens(pointer):
        if isinstance(node, list | tuple):
            position = int(key)
            node = node[position] if position < len(node) else None
        else:
            yield key
            node = node.get(key) if isinstance(node, Mapping) else None


def _key_from(vault_password: str) -> bytes:
    """Derive the marks' key; about 0.1 s and 32 MiB, so that marks are no shortcut to guessing the password.

    Ansible's own vault files offer such guesses at the price of 10,000 rounds of PBKDF2, which is cheaper.
    """
    return hashlib.scrypt(vault_password.encode(), salt=_SALT, n=2**15, r=8, p=1, maxmem=2**26)


def _reencrypted(request: SealRequest, why: str) -> Finding:
    return Finding(code("sops-reencrypted"), request.environment, request.path, f"{request.path} is new: {why}")
