"""Keeps checkpoints of the audit trail in a place for files, a day in a folder, and reads such a folder back."""

import asyncio
import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from telegraphone.media.ports import SealedPlace
from telegraphone.services.audit import Head
from telegraphone.services.checkpoints import FORMAT, Checkpoint
from telegraphone.services.ports import Unavailable
from telegraphone.storage.content import keep_content

_FOLDER: Final = "audit-checkpoints"


class KeptCheckpoints:
    """A `CheckpointPlace` over a place that keeps files."""

    def __init__(self, place: SealedPlace) -> None:
        self._place = place

    async def keep(self, checkpoint: Checkpoint) -> None:
        """See `CheckpointPlace.keep`."""
        path = f"{_FOLDER}/{checkpoint.at:%Y-%m-%d}/{checkpoint.head.number:012}.json"
        try:
            await asyncio.to_thread(keep_content, self._place, path, checkpoint.document())
        except OSError as error:
            raise Unavailable("checkpoints", str(error)) from error


class BadCheckpoint(Exception):
    """A file that is none of our checkpoints, or not signed by whom we trust."""


def read_checkpoints(folder: Path, trusted: Collection[bytes]) -> tuple[Head, ...]:
    """What all checkpoints below a folder signed, in order of their numbers. Raises `BadCheckpoint`, and OSError."""
    return tuple(sorted((_read(path, trusted) for path in folder.rglob("*.json")), key=lambda head: head.number))


def _read(path: Path, trusted: Collection[bytes]) -> Head:
    try:
        document = json.loads(path.read_bytes())
        statement, signature = document["statement"].encode(), bytes.fromhex(document["signature"])
        said = json.loads(statement)
        head = Head(int(said["number"]), str(said["hash"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadCheckpoint(f"{path} is no checkpoint") from None
    if said.get("format") != FORMAT or not any(_has_signed(key, signature, statement) for key in trusted):
        raise BadCheckpoint(f"{path} is not signed by the key given")
    return head


def _has_signed(key: bytes, signature: bytes, statement: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, statement)
    except (InvalidSignature, ValueError):
        return False
    return True
