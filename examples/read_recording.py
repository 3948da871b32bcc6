"""Reads a sealed recording without Telegraphone: written from docs/reference/recording-format.md alone.

    python examples/read_recording.py RECORDING-DIRECTORY KEY-DIRECTORY OUTPUT.wav [PUBLIC-KEY-HEX]

Checks the signature, every hash, every header and every segment, and writes a stereo WAV. It needs `cryptography` and
nothing else. Without a public key it says who has signed, and believes it.
"""  # noqa: INP001 - an example is a program of its own, not part of a package

import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def header_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header's members and its exact bytes."""
    magic, version, size, length = struct.unpack_from(">8sHHI", data)
    if magic != b"TGREC\r\n\x1a" or version != 1 or size % 64 or not 16 + length <= size <= 4096:
        raise ValueError("no header")
    return json.loads(data[16 : 16 + length]), data[:size]


def data_key(keys: Path, tenant: str, dek_id: str) -> bytes:
    """Unwraps a data key."""
    envelope = json.loads((keys / "envelopes" / dek_id[:2] / f"{dek_id}.json").read_text())
    own = keys / "keks" / f"{envelope['kek_id']}.key"
    kek = bytes.fromhex((own if own.exists() else keys / "kek.key").read_text().strip())
    kek_id = hashlib.sha256(b"telegraphone/v1/kek-id\0" + kek).hexdigest()[:16]
    bound = b"\0".join(part.encode() for part in (tenant, dek_id, kek_id))
    return AESGCM(kek).decrypt(bytes.fromhex(envelope["nonce"]), bytes.fromhex(envelope["wrapped"]), bound)


class Opener:
    """Opens the units of one file."""

    def __init__(self, header: dict[str, Any], raw: bytes, dek: bytes) -> None:
        if self.derived(dek, "commit").hex() != header["commit"]:
            raise ValueError("the header commits to another key")
        self.cipher = AESGCM(self.derived(dek, "segment"))
        self.prefix = bytes.fromhex(header["nonce_prefix"])
        self.digest = hashlib.sha256(raw).digest()

    @staticmethod
    def derived(dek: bytes, label: str) -> bytes:
        """One of the two values that follow from a data key."""
        return HKDF(hashes.SHA256(), 32, None, f"telegraphone/v1/{label}".encode()).derive(dek)

    def unit(self, i: int, sealed: bytes, closing: bool = False) -> bytes | None:
        """The plain bytes of unit i, None when it does not open."""
        number = struct.pack(">I", i)
        try:
            return self.cipher.decrypt(self.prefix + number + bytes([closing]), sealed, self.digest + number)
        except InvalidTag:
            return None


def segments(data: bytes, opener: Opener, header: dict[str, Any], size: int) -> list[bytes | None]:
    """All segments of an audio file, the closing one last if there is one."""
    slot = header["segment_bytes"] + 16
    count, rest = divmod(len(data) - size, slot)
    found = [opener.unit(i, data[size + i * slot : size + (i + 1) * slot]) for i in range(count)]
    closing = opener.unit(count, data[size + count * slot :], closing=True) if rest >= 16 else None
    return found if closing is None else [*found, closing]


def records(data: bytes, opener: Opener, size: int) -> list[dict[str, Any]]:
    """All records of a journal up to the first that does not open."""
    found: list[dict[str, Any]] = []
    place = size
    while place + 4 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        plain = opener.unit(len(found), data[place + 4 : place + 4 + length])
        if plain is None:
            break
        found.append(json.loads(plain))
        place += 4 + length
    return found


def mu_law(code: int) -> int:
    """G.711, table 2, on the 16-bit scale."""
    code ^= 0xFF
    magnitude = ((2 * (code & 15) + 33) << ((code >> 4 & 7) + 2)) - 132
    return -magnitude if code & 128 else magnitude


def a_law(code: int) -> int:
    """G.711, table 1, on the 16-bit scale."""
    code ^= 0x55
    exponent = code >> 4 & 7
    magnitude = (2 * (code & 15) + (33 if exponent else 1)) << (max(exponent, 1) + 2)
    return magnitude if code & 128 else -magnitude


def samples(codec: str, stored: bytes) -> list[int]:
    """Stored bytes as 16-bit samples."""
    if codec == "L16":
        return [value for (value,) in struct.iter_unpack("<h", stored)]
    table = [mu_law(code) if codec == "PCMU" else a_law(code) for code in range(256)]
    return [table[code] for code in stored]


def verified_manifest(directory: Path, trusted: str | None) -> dict[str, Any]:
    """The manifest, once signature and hashes have been checked."""
    raw = (directory / "manifest.json").read_bytes()
    signature = json.loads((directory / "manifest.sig").read_bytes())
    if trusted and signature["public_key"] != trusted:
        raise ValueError("signed by a stranger")
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["public_key"]))
    key.verify(bytes.fromhex(signature["signature"]), raw)
    manifest: dict[str, Any] = json.loads(raw)
    for fact in manifest["epochs"] + manifest["journals"]:
        if hashlib.sha256((directory / fact["file"]).read_bytes()).hexdigest() != fact["sha256"]:
            raise ValueError(f"{fact['file']} was changed")
    return manifest


def stream_samples(directory: Path, keys: Path, manifest: dict[str, Any], stream: int) -> list[int]:
    """One party's samples over the whole timeline."""
    timeline = [0] * manifest["frames"]
    for fact in sorted(manifest["epochs"], key=lambda fact: fact["epoch"]):
        if fact["stream"] != stream or fact["state"] == "unreadable":
            continue
        data = (directory / fact["file"]).read_bytes()
        header, raw = header_of(data)
        for name in ("stream", "epoch", "codec", "first_frame", "dek_id"):
            if header[name] != fact[name]:
                raise ValueError(f"{fact['file']} is another file")
        opener = Opener(header, raw, data_key(keys, header["tenant"], header["dek_id"]))
        place = fact["first_frame"]
        length = header["segment_bytes"] // (2 if header["codec"] == "L16" else 1)
        for plain in segments(data, opener, header, len(raw)):
            sound = [0] * length if plain is None else samples(header["codec"], plain)
            timeline[place : place + len(sound)] = sound
            place += len(sound)
    for span in manifest["spans"]:
        if span["stream"] in (None, stream):
            timeline[span["start"] : span["stop"]] = [0] * (span["stop"] - span["start"])
    return timeline


def main(directory: Path, keys: Path, output: Path, trusted: str | None) -> None:
    """Verifies a recording, prints what its journals say, writes the WAV."""
    manifest = verified_manifest(directory, trusted)
    for fact in manifest["journals"]:
        data = (directory / fact["file"]).read_bytes()
        header, raw = header_of(data)
        for record in records(data, Opener(header, raw, data_key(keys, header["tenant"], header["dek_id"])), len(raw)):
            sys.stdout.write(json.dumps(record) + "\n")
    left, right = (stream_samples(directory, keys, manifest, stream) for stream in (0, 1))
    audio = b"".join(struct.pack("<hh", *frame) for frame in zip(left, right, strict=True))
    rate = manifest["rate"]
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, rate, rate * 4, 4, 16) + struct.pack("<4sI", b"data", len(audio))
    output.write_bytes(struct.pack("<4sI4s", b"RIFF", 36 + len(audio), b"WAVE") + form + audio)
    sys.stdout.write(f"{manifest['status']}, {manifest['frames'] / rate:.3f} s, {output}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
