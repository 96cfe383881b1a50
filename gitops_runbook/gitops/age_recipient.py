"""Age public keys (recipients): told apart from typing errors and from private keys before sops runs.

Source: C2SP age specification, "The X25519 recipient type": Bech32 (BIP 173) with the prefix ``age`` over 32 bytes.
"""

from __future__ import annotations

from gitops_runbook.errors import UsageError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_X25519_LENGTH = len("age1") + 52 + 6  # 32 bytes in groups of five bits, and the checksum


def check_recipient(environment: str, recipient: str) -> None:
    """Check that a recipient is an age X25519 public key, checksum included.

    Raises:
        UsageError: it is not; the text itself is never repeated, since it may be the private half.
    """
    remedy = f"pass --age-recipient {environment}=age1…, the line after 'public key:' that age-keygen prints"
    subject = f"age recipient of environment {environment}"
    if recipient.upper().startswith("AGE-SECRET-KEY-"):
        raise UsageError(subject, "this is a private key, which must not leave its owner", remedy)
    if not recipient.startswith("age1") or len(recipient) != _X25519_LENGTH or not _has_valid_checksum(recipient):
        raise UsageError(subject, "this is no age public key (62 characters that begin with age1)", remedy)


def _has_valid_checksum(text: str) -> bool:
    """Bech32's checksum over a lower-case text (BIP 173)."""
    prefix, _, data = text.rpartition("1")
    if prefix != "age" or any(character not in _ALPHABET for character in data):
        return False
    values = [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]
    values += [_ALPHABET.index(character) for character in data]
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            checksum ^= term if top >> bit & 1 else 0
    return checksum == 1
