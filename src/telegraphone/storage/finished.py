"""Reaches finished recordings for the use cases: beside the event loop, and with the errors that they know."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final, TypeVar

from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, DamagedManifest, KeyMissing, SealedFormatError
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.ports import SealedSource
from telegraphone.services.ports import Unavailable

PORT: Final = "archive"
Result = TypeVar("Result")


def manifest_of(source: SealedSource, recording_id: str, trusted: Collection[bytes]) -> Manifest:
    """The manifest of a finished recording. Raises KeyError for one that is not there, DamagedManifest, OSError."""
    try:
        manifest = load_manifest(source, layout.sealed_directory(recording_id), trusted)
    except (FileNotFoundError, ValueError):
        raise KeyError(recording_id) from None
    if manifest.recording != recording_id:
        raise DamagedManifest("the manifest is another recording's")
    return manifest


async def in_thread(work: Callable[[], Result]) -> Result:
    """Does what reads, opens or erases in a thread. Raises KeyError for what is not there or opens no more, `Unavailable`."""
    try:
        return await asyncio.to_thread(work)
    except KeyMissing as error:
        raise KeyError(str(error)) from None
    except (SealedFormatError, DamagedEnvelope) as error:
        raise Unavailable(PORT, str(error), retryable=False) from error
    except OSError as error:
        raise Unavailable(PORT, str(error)) from error
