"""Audio that says what it is: each frame names its stream and number, so a stored frame is recognised wherever it lies.

The payload of frame n is HMAC-SHA256(seed, stream ‖ n), repeated to 160 bytes. The reader looks at
decrypted files, finds every frame by its first bytes, and says where it lies.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from telegraphone.keystore.file import FileKeyStore
from telegraphone.media import layout
from telegraphone.media.header import FILLER
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.unseal import EpochReader
from telegraphone.storage.local import LocalSource

FRAME = 160


def payload(seed: bytes, stream: int, number: int) -> bytes:
    digest = hmac.digest(seed, stream.to_bytes(4, "big") + number.to_bytes(4, "big"), hashlib.sha256)
    return digest * 5


@dataclass(frozen=True, slots=True)
class Found:
    """A recording as it lies on the disk, decrypted: for each stream its frames from 0 on, None where no file has any."""

    manifest: Manifest
    streams: tuple[bytearray, bytearray]

    def frames(self, stream: int, seed: bytes, name: int, count: int) -> dict[int, list[int]]:
        """For each frame number of a sender, the positions at which its first 32 bytes lie."""
        audio = bytes(self.streams[stream])
        found: dict[int, list[int]] = {}
        for number in range(count):
            mark = payload(seed, name, number)[:32]
            place = audio.find(mark)
            while place >= 0:
                # The digest repeats within the frame: the next copy is looked for behind it.
                found.setdefault(number, []).append(place)
                place = audio.find(mark, place + FRAME)
        return found

    def unsaid(self, stream: int, longest: int = 2 * FRAME) -> list[tuple[int, int]]:
        """Where more frames than `longest` are filler, from the first audio on, and no span says why."""
        filler = bytearray(255 * (byte == 255) for byte in self.streams[stream])
        for span in self.manifest.spans:
            if span.stream in {None, stream}:
                filler[span.start : span.stop] = bytes(span.stop - span.start)
        begins = len(self.streams[stream]) - len(self.streams[stream].lstrip(b"\xff"))
        runs = re.finditer(b"\xff{%d,}" % (longest + 1), filler[begins:])
        return [(begins + run.start(), begins + run.end()) for run in runs]

    def audible(self, stream: int) -> bytes:
        return bytes(self.streams[stream])


def read_recording(data: Path, keys: Path, recording: str) -> Found:
    """The finished recording, manifest verified, every epoch decrypted and put in its place."""
    source, store = LocalSource(data), FileKeyStore(keys)
    directory = layout.sealed_directory(recording)
    manifest = load_manifest(source, directory, (store.public_key(),))
    streams = (bytearray(b"\xff" * manifest.frames), bytearray(b"\xff" * manifest.frames))
    for epoch in manifest.epochs:
        if epoch.state == "unreadable":  # killed between making the file and writing its header: nothing was in it
            assert epoch.frames == 0
            continue
        reader = EpochReader(source, f"{directory}/{epoch.file}", store)
        place = epoch.first_frame
        for _, plain in reader.plain():
            if plain is not None:
                streams[epoch.stream][place : place + len(plain)] = plain
            place += reader.header.segment_frames
        rest = reader.closing() or b""
        streams[epoch.stream][place : place + len(rest)] = rest
    return Found(manifest, streams)


def leaks(data: Path, keys: Path, recording: str) -> list[tuple[str, int]]:
    """Where a file holds sound in a span that its manifest says was paused or held, as the file and the span's first frame. Who
    listens would not hear it: there a player is silent whatever is stored."""
    source, store = LocalSource(data), FileKeyStore(keys)
    directory = layout.sealed_directory(recording)
    manifest = load_manifest(source, directory, (store.public_key(),))
    shut = [span for span in manifest.spans if span.kind != "gap"]
    found = []
    for epoch in (each for each in manifest.epochs if each.state != "unreadable"):
        reader = EpochReader(source, f"{directory}/{epoch.file}", store)
        width, filler = reader.header.frame_bytes, set(FILLER[reader.header.codec])
        full = b"".join(plain or b"" for _, plain in reader.plain())
        assert len(full) == reader.slots * reader.header.segment_bytes, "each segment opens"
        stored = full + (reader.closing() or b"")
        for span in (each for each in shut if each.stream in (None, epoch.stream)):
            first, last = (max(0, (edge - epoch.first_frame) * width) for edge in (span.start, span.stop))
            if set(stored[first:last]) - filler:
                found.append((epoch.file, span.start))
    return found
