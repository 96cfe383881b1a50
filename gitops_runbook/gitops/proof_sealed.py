"""The sealed part of the proof: what stands encrypted in the tree is the plaintext it should be, for its readers only.

Flux builds an overlay first and decrypts the result, without SOPS' checksum over the file, because Kustomize reorders
keys (kustomize-controller specification, "Decryption"). Here the file itself is decrypted, checksum included, and what
was built must be that file unchanged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from gitops_runbook.clients.sops import Sops
from gitops_runbook.documents.go_yaml import load_all
from gitops_runbook.documents.json_values import ABSENT, Json, escape, same_leaf
from gitops_runbook.errors import CommandFailed, UnreadableInput
from gitops_runbook.gitops.output_write import STATE
from gitops_runbook.gitops.proof_difference import NOTHING, Masking, hide, unequal
from gitops_runbook.gitops.sealing import encrypted_regex, is_sealed
from gitops_runbook.model.desired import Manifest

_ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:([^,]*),iv:[^,]+,tag:[^,]+,type:(str|int|float|bool)\]")
_TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "bool": bool, "int": (int, float), "float": (int, float)}
_SECRET_CONTENT = frozenset({"data", "stringData"})
_PROBE = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "probe"}, "stringData": {"probe": "probe"}}

Place = tuple[str, Json, Json]
"""A JSON pointer, what was expected there and what is there, with nothing secret in it."""


@dataclass(frozen=True)
class OpenRequest:
    """A sealed object to be compared with its plaintext.

    Attributes:
        built: the object as Kustomize gave it, still encrypted.
        plaintext: what it must hold.
        recipients: who must be able to read it.
        readable: whether the age key file opens it, by :meth:`SealedFiles.can_read`.
        texts: the texts sops gave for this environment; what cannot be decrypted must be one of them, byte for byte.
            None when nobody kept them.
    """

    built: Manifest
    plaintext: Manifest = field(repr=False)
    recipients: Sequence[str]
    readable: bool
    texts: frozenset[str] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Opened:
    """A sealed object that was looked into.

    Attributes:
        manifest: the object in clear: decrypted, or the plaintext given to sops where it could not be decrypted.
        places: where it is not what it should be.
    """

    manifest: Manifest = field(repr=False)
    places: tuple[Place, ...]


class SealedFiles:
    """The SOPS files below a folder, found again by their checksum."""

    def __init__(self, root: Path, sops: Sops, age_key_file: Path | None) -> None:
        self._root = root
        self._sops = sops
        self._age_key_file = age_key_file

    def can_read(self, recipients: Sequence[str]) -> bool:
        """Say whether the age key file opens what is sealed for these recipients; sops itself is asked."""
        if self._age_key_file is None or not recipients:
            return False
        probe = self._sops.encrypt(_PROBE, list(recipients), encrypted_regex(_PROBE, ()))
        try:
            self._sops.decrypt(probe, self._age_key_file)
        except CommandFailed:
            return False
        return True

    def open(self, request: OpenRequest, masking: Masking) -> Opened:
        """Compare a built object with its plaintext; ``masking`` knows what must not stand in clear."""
        built, plaintext = request.built, request.plaintext
        places = list(_structure(plaintext, built, masking))
        seal = built.get("sops")
        text = self._by_checksum.get(str(seal.get("mac"))) if isinstance(seal, Mapping) else None
        if text is None:
            places.append(("/sops", "a SOPS file of this tree", NOTHING if seal is None else "another one"))
            return Opened(plaintext, tuple(places))
        [document] = load_all(text)
        places += [(found.pointer, found.expected, found.actual) for found in unequal(document, built)]
        try:
            readers = sorted(self._sops.recipients_of(text))
        except UnreadableInput as error:
            places.append(("/sops/age", sorted(request.recipients), error.happened))
            return Opened(plaintext, tuple(places))
        if readers != sorted(request.recipients):
            places.append(("/sops/age", sorted(request.recipients), readers))
        if not request.readable:
            if request.texts is not None and text not in request.texts:
                places.append(("/sops", "the file that sops wrote", "another one, which cannot be decrypted here"))
            return Opened(plaintext, tuple(places))
        return self._decrypted(text, plaintext, places)

    def _decrypted(self, text: str, plaintext: Manifest, places: list[Place]) -> Opened:
        if self._age_key_file is None:
            raise ValueError("nothing can be read without an age key file")
        try:
            manifest = self._sops.decrypt(text, self._age_key_file)
        except CommandFailed:
            places.append(("/sops", "a file that sops decrypts", "sops refuses it: it is damaged"))
            return Opened(plaintext, tuple(places))
        places += [(found.pointer, hide(found.expected), hide(found.actual)) for found in unequal(plaintext, manifest)]
        return Opened(manifest, tuple(places))

    @cached_property
    def _by_checksum(self) -> dict[str, str]:
        """Checksum of a SOPS file → its text. A checksum is encrypted anew each time, so no two files share one."""
        found: dict[str, str] = {}
        for path in _yaml_files(self._root):
            text = path.read_text(errors="replace")
            if is_sealed(text):
                try:
                    documents = load_all(text, str(path))
                except UnreadableInput:
                    continue  # Kustomize says so, with the name of the overlay
                if len(documents) == 1:
                    found[str(documents[0]["sops"].get("mac"))] = text
        return found


def _yaml_files(root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in {".git", STATE})
        for name in sorted(names):
            if name.endswith((".yaml", ".yml", ".json")):
                yield Path(parent) / name


def _structure(plaintext: Manifest, sealed: Manifest, masking: Masking) -> Iterator[Place]:
    """Where the shape differs, something stands in clear that must not, or SOPS would not decrypt what it should."""
    seal = sealed.get("sops")
    pattern = str(seal.get("encrypted_regex", "")) if isinstance(seal, Mapping) else ""
    try:
        rule = _Rule(re.compile(pattern or "(?!)"), masking)
    except re.error:
        yield "/sops/encrypted_regex", "an expression", "none"
        return
    is_secret = plaintext.get("apiVersion") == "v1" and plaintext.get("kind") == "Secret"
    for key in dict.fromkeys([*plaintext, *sealed]):
        if key != "sops":
            must_hide = is_secret and key in _SECRET_CONTENT
            level = replace(rule, must_hide=must_hide, is_hidden=rule.hides(key))
            yield from _shape(f"/{escape(key)}", plaintext.get(key, ABSENT), sealed.get(key, ABSENT), level)


@dataclass(frozen=True)
class _Rule:
    """What SOPS does at one place.

    Attributes:
        must_hide: this is the content of a Secret.
        is_hidden: a key on the way matches the file's ``encrypted_regex``.
    """

    pattern: re.Pattern[str]
    masking: Masking = field(repr=False)
    must_hide: bool = False
    is_hidden: bool = False

    def hides(self, key: str) -> bool:
        return self.is_hidden or self.pattern.search(key) is not None

    def must_be_encrypted(self, value: Json) -> bool:
        """SOPS leaves empty strings and nulls as they are."""
        return value not in ("", None) and (self.is_hidden or self.must_hide or self.masking.shows_secret(value))


def _shape(pointer: str, plain: Json, sealed: Json, rule: _Rule) -> Iterator[Place]:
    if isinstance(plain, Mapping) and isinstance(sealed, Mapping):
        if pointer == "/metadata":
            plain, sealed = ({k: v for k, v in side.items() if v != {}} for side in (plain, sealed))
        for key in dict.fromkeys([*plain, *sealed]):
            one, other = plain.get(key, ABSENT), sealed.get(key, ABSENT)
            yield from _shape(f"{pointer}/{escape(key)}", one, other, replace(rule, is_hidden=rule.hides(key)))
    elif isinstance(plain, list) and isinstance(sealed, list):
        for index in range(max(len(plain), len(sealed))):
            one, other = (side[index] if index < len(side) else ABSENT for side in (plain, sealed))
            yield from _shape(f"{pointer}/{index}", one, other, rule)
    elif isinstance(sealed, str) and (match := _ENCRYPTED.fullmatch(sealed)) and rule.is_hidden:
        if not _may_be(plain, match):
            yield pointer, hide(plain), "the ciphertext of something else"
    elif not same_leaf(plain, sealed):
        yield pointer, hide(plain), hide(sealed)
    elif rule.must_be_encrypted(plain):
        yield pointer, "encrypted", "in clear"


def _may_be(plain: Json, encrypted: re.Match[str]) -> bool:
    """Say whether type and length fit: AES-GCM keeps the length, and SOPS notes the type beside it."""
    data, kind = encrypted.groups()
    if plain is ABSENT or not isinstance(plain, _TYPES[kind]) or (isinstance(plain, bool) and kind != "bool"):
        return False
    length = len(data.rstrip("=")) * 3 // 4  # of what the base64 stands for
    return not isinstance(plain, str) or length == len(plain.encode())
