"""An export package: recordings that prove themselves on a machine without our service.

    export.json, export.sig     every other file with size and SHA-256, signed as a manifest is; when, by which software
    certificate.pem             the signing key as an X.509 certificate, for whoever keeps such a list
    <recording>/audio.wav       stereo, 16-bit linear; what a listener hears
               /metadata.json   what the list of recordings said; with the events of the recording
               /trail.json      who did what to it
               /manifest.json, manifest.sig             what was sealed, as it lies in the archive
               /pauses.json, pauses.sig, completeness.json, completeness.sig
               /sealed/…        the sealed files, if they were asked for
    <erased recording>/tombstone.json, tombstone.sig        what is left of one that was erased
                      /trail.json

Checked without any key: signatures, that exactly these files are there, that the sound is as long as its manifest says and
digital zero in every span that is marked as silent, and that the reports follow from that manifest.
"""

import hashlib
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
import rfc8785

from telegraphone.limits import MANIFEST_BYTES_MAX
from telegraphone.media import layout, wav
from telegraphone.media.errors import DamagedManifest
from telegraphone.media.manifest import Manifest, check_signature, file_hash, read_manifest
from telegraphone.media.ports import FileFacts, KeyStore, PublicFacts, SealedSource
from telegraphone.media.spans import within
from telegraphone.media.tombstone import TombstoneFact, digest, read_tombstone
from telegraphone.media.verify import Finding, verify

FORMAT: Final = "telegraphone-export-1"
INDEX: Final = "export.json"
INDEX_SIGNATURE: Final = "export.sig"
CERTIFICATE: Final = "certificate.pem"
SOUND: Final = "audio.wav"
METADATA: Final = "metadata.json"
TRAIL: Final = "trail.json"
SEALED: Final = "sealed"
STONE: Final = "tombstone.json"
STONE_SIGNATURE: Final = "tombstone.sig"
REPORTS: Final = ("pauses", "completeness")
_FRAME_BYTES: Final = 4
_PIECE_FRAMES: Final = 1 << 16


class PackageIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `export.json` says; `files` by path in the package: [size, SHA-256 in hexadecimal]."""

    created_at: datetime
    software: str
    recordings: tuple[str, ...]
    files: dict[str, FileFacts]
    format: str = FORMAT

    def to_bytes(self) -> PublicFacts:
        """The canonical form, which is signed."""
        return PublicFacts(rfc8785.dumps(msgspec.to_builtins(self)))


def verify_package(
    source: SealedSource, names: Collection[str], trusted: Collection[bytes], *, keys: KeyStore | None = None
) -> tuple[Finding, ...]:
    """Everything that is wrong with a package. `source` reads it, `names` are all files in it; `trusted` are raw Ed25519 public
    keys. With `keys` sealed files in it are opened too. Raises OSError only."""
    for name in (INDEX, INDEX_SIGNATURE):
        if name not in names:
            return (Finding(name, "is missing"),)
    try:
        data = source.read(INDEX, 0, MANIFEST_BYTES_MAX)
        check_signature(data, source.read(INDEX_SIGNATURE, 0, MANIFEST_BYTES_MAX), trusted)
        index = msgspec.json.decode(data, type=PackageIndex)
        if index.format != FORMAT or index.to_bytes() != data:
            raise DamagedManifest("the list of files is not in canonical form")
    except (DamagedManifest, msgspec.MsgspecError) as error:
        return (Finding(INDEX, str(error)),)
    findings = list(_files(source, names, index))
    for recording in index.recordings:
        findings += _recording(source, names, recording, trusted, keys)
    for name in sorted(names):
        if name.endswith(f"/{STONE}"):
            findings += _stone(source, name.removesuffix(f"/{STONE}"), trusted)
    return tuple(findings)


def stones(source: SealedSource, names: Collection[str], trusted: Collection[bytes]) -> Iterator[tuple[TombstoneFact, str]]:
    """The tombstones of a package that are signed by a trusted key, each with its hash."""
    for name in sorted(names):
        if name.endswith(f"/{STONE}"):
            signature = f"{name.removesuffix(STONE)}{STONE_SIGNATURE}"
            with suppress(FileNotFoundError, DamagedManifest):
                data = source.read(name, 0, MANIFEST_BYTES_MAX)
                yield read_tombstone(data, source.read(signature, 0, MANIFEST_BYTES_MAX), trusted), digest(data)


def _files(source: SealedSource, names: Collection[str], index: PackageIndex) -> Iterator[Finding]:
    for name in sorted(set(names) - index.files.keys() - {INDEX, INDEX_SIGNATURE}):
        yield Finding(name, "is not named by the list of files")
    for name, facts in index.files.items():
        if name not in names:
            yield Finding(name, "is missing")
        elif source.size(name) != facts.size or file_hash(source, name) != facts.sha256:
            yield Finding(name, "is not what the list of files says")


def _recording(
    source: SealedSource, names: Collection[str], recording: str, trusted: Collection[bytes], keys: KeyStore | None
) -> Iterator[Finding]:
    at = f"{recording}/{layout.MANIFEST}"
    try:
        signature = source.read(f"{recording}/{layout.SIGNATURE}", 0, MANIFEST_BYTES_MAX)
        manifest = read_manifest(source.read(at, 0, MANIFEST_BYTES_MAX), signature, trusted)
    except FileNotFoundError:
        yield Finding(at, "is missing, or its signature is")
        return
    except DamagedManifest as error:
        yield Finding(at, str(error))
        return
    if manifest.recording != recording:
        yield Finding(at, f"speaks of recording {manifest.recording}")
    yield from _sound(source, f"{recording}/{SOUND}", manifest)
    for kind in REPORTS:
        yield from _report(source, f"{recording}/{kind}", manifest, trusted)
    if any(name.startswith(f"{recording}/{SEALED}/") for name in names):
        found = verify(source, f"{recording}/{SEALED}", trusted, keys=keys, recording=recording)
        yield from (Finding(f"{recording}/{SEALED}/{each.file}", each.problem, each.segment) for each in found.findings)


def _stone(source: SealedSource, recording: str, trusted: Collection[bytes]) -> Iterator[Finding]:
    at = f"{recording}/{STONE}"
    try:
        signature = source.read(f"{recording}/{STONE_SIGNATURE}", 0, MANIFEST_BYTES_MAX)
        stone = read_tombstone(source.read(at, 0, MANIFEST_BYTES_MAX), signature, trusted)
    except FileNotFoundError:
        yield Finding(f"{recording}/{STONE_SIGNATURE}", "is missing")
    except DamagedManifest as error:
        yield Finding(at, str(error))
    else:
        if stone.recording != recording:
            yield Finding(at, f"speaks of recording {stone.recording}")


def _sound(source: SealedSource, name: str, manifest: Manifest) -> Iterator[Finding]:
    """The sound has the manifest's length and is digital zero where that says so."""
    try:
        size = source.size(name)
    except FileNotFoundError:
        yield Finding(name, "is missing")
        return
    header = wav.header(manifest.frames, 2, manifest.rate)
    if size != len(header) + manifest.frames * _FRAME_BYTES or source.read(name, 0, len(header)) != header:
        yield Finding(name, "is not as long as its manifest says")
        return
    for stream in (0, 1):
        silences = manifest.silences(stream)
        for start in range(0, manifest.frames, _PIECE_FRAMES):
            for low, high in within(silences, start, min(start + _PIECE_FRAMES, manifest.frames)):
                pcm = source.read(name, len(header) + low * _FRAME_BYTES, (high - low) * _FRAME_BYTES)
                if any(frame[stream] for frame in struct.iter_unpack("<hh", pcm)):
                    yield Finding(name, f"holds sound in frames {low} to {high}, which are marked as silent")
                    return


def _report(source: SealedSource, name: str, manifest: Manifest, trusted: Collection[bytes]) -> Iterator[Finding]:
    try:
        data = source.read(f"{name}.json", 0, MANIFEST_BYTES_MAX)
        check_signature(data, source.read(f"{name}.sig", 0, MANIFEST_BYTES_MAX), trusted)
    except (FileNotFoundError, DamagedManifest) as error:
        yield Finding(f"{name}.json", "is missing" if isinstance(error, FileNotFoundError) else str(error))
        return
    if msgspec.json.decode(data)["manifest_sha256"] != hashlib.sha256(manifest.to_bytes()).hexdigest():
        yield Finding(f"{name}.json", "speaks of another version of the recording")
