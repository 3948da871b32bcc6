"""What is left of an erased recording: a signed statement of what it was, when it was erased, by whom and why.

A tombstone is canonical JSON (RFC 8785), signed as a manifest is. It names every part with the hash of its last manifest, every
sealed file with its hash, and the line of the audit trail behind which it was written; the trail names it by its own hash. So it
can be neither invented nor dropped nor moved in time without the trail showing it. The first ones have the signature alone, in
hexadecimal, in the place of a signature file, and name no line of the trail.
"""

import hashlib
import re
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from telegraphone.media.errors import DamagedManifest
from telegraphone.media.manifest import check_signature

FORMAT: Final = "telegraphone-tombstone-1"
_BARE: Final = re.compile(rb"[0-9a-f]{128}\Z")


class _Formatted(msgspec.Struct, frozen=True):
    format: str


class ErasedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sealed file that there was; `sha256` in hexadecimal."""

    part: str
    name: str
    size: int
    sha256: str


class TrailPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the audit trail, by its number and hash."""

    number: int
    hash: str


class TombstoneFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tombstone says. A part without a manifest was destroyed before a crash, or nothing was ever kept of it. `reason` are
    somebody's words, `rule` is what ended it where nobody did, `approved_by` the second person where one was needed."""

    tenant: str
    recording: str
    parts: tuple[str, ...]
    manifests: dict[str, str]
    files: tuple[ErasedFile, ...]
    files_left: tuple[str, ...]
    keys_destroyed: int
    erased_at: datetime
    by: str
    format: str
    trail: TrailPlace | None = None
    reason: str = ""
    rule: str = ""
    approved_by: str = ""

    def __str__(self) -> str:
        """What was erased, when, by whom and why."""
        why = self.reason or self.rule
        return (
            f"recording {self.recording} of {self.tenant}: {len(self.parts)} parts, {len(self.files)} files, "
            f"{self.keys_destroyed} keys destroyed, {self.erased_at.isoformat()}, by {self.by}"
            f"{f', approved by {self.approved_by}' if self.approved_by else ''}{f': {why}' if why else ''}"
        )


def read_tombstone(data: bytes, signature: bytes, trusted: Collection[bytes]) -> TombstoneFact:
    """What it says, once its signature has been verified by one of the trusted raw public keys.

    Raises DamagedManifest: signed by a stranger, changed, not of this format, or not in agreement with itself.
    """
    try:
        _check(data, signature, trusted)
    except DamagedManifest:
        raise DamagedManifest("is not what a trusted key has signed") from None
    try:
        stone = msgspec.json.decode(data, type=TombstoneFact)
    except msgspec.MsgspecError as error:
        raise DamagedManifest(f"tombstone: {error}") from None
    if stone.format != FORMAT or not {*stone.manifests, *(file.part for file in stone.files)} <= set(stone.parts):
        raise DamagedManifest("the tombstone does not agree with itself")
    return stone


def is_one(data: bytes) -> bool:
    """Whether these bytes say of themselves that they are a tombstone, whoever wrote them."""
    try:
        return msgspec.json.decode(data, type=_Formatted).format == FORMAT
    except msgspec.MsgspecError:
        return False


def _check(data: bytes, signature: bytes, trusted: Collection[bytes]) -> None:
    """Raises DamagedManifest unless a trusted key has signed exactly these bytes; a bare signature does not say which."""
    if not _BARE.match(signature):
        check_signature(data, signature, trusted)
        return
    for key in trusted:
        with suppress(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature.decode()), data)
            return
    raise DamagedManifest("the signature does not verify")


def digest(data: bytes) -> str:
    """The SHA-256, in hexadecimal, by which the audit trail names a tombstone."""
    return hashlib.sha256(data).hexdigest()
