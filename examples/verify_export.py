"""Checks an export package without Telegraphone: written from docs/reference/recording-format.md alone.

    python examples/verify_export.py PACKAGE.zip [PUBLIC-KEY-HEX]

Every signature, every hash, that the sound is as long as its manifest says and digital zero where silence is marked, and
that the reports speak of this manifest. Of a recording that was erased it says by whom, when and why. It needs `cryptography` and
nothing else. Without a public key it says who has signed.
"""  # noqa: INP001 - an example is a program of its own, not part of a package

import hashlib
import json
import struct
import sys
import zipfile
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def signed(package: zipfile.ZipFile, name: str, trusted: str) -> tuple[dict[str, Any], str]:
    """The document `name`.json, once `name`.sig has been verified, and its SHA-256."""
    data, signature = package.read(f"{name}.json"), package.read(f"{name}.sig")
    # The first tombstones have a signature alone.
    signature = json.loads(signature) if signature[:1] == b"{" else {"public_key": trusted, "signature": signature.decode()}
    if trusted and signature["public_key"] != trusted:
        raise ValueError(f"{name}.json is signed by a stranger")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["public_key"])).verify(
            bytes.fromhex(signature["signature"]), data
        )
    except InvalidSignature:
        raise ValueError(f"{name}.json was changed") from None
    return json.loads(data), hashlib.sha256(data).hexdigest()


def check_files(package: zipfile.ZipFile, index: dict[str, Any]) -> None:
    """Exactly the listed files are there, as they were."""
    names = set(package.namelist()) - {"export.json", "export.sig"}
    if names != set(index["files"]):
        raise ValueError(f"missing or not listed: {sorted(names ^ set(index['files']))}")
    for name, (size, digest) in index["files"].items():
        data = package.read(name)
        if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"{name} was changed")


def check_sound(name: str, sound: bytes, manifest: dict[str, Any]) -> None:
    """A stereo WAV of the manifest's length, silent wherever that says so."""
    (rate,) = struct.unpack_from("<I", sound, 24)
    if len(sound) != 44 + 4 * manifest["frames"] or rate != manifest["rate"]:
        raise ValueError(f"{name} is not as long as its manifest says")
    frames = memoryview(sound)[44:].cast("h")
    for span in manifest["spans"]:
        for stream in (0, 1) if span["stream"] is None else (span["stream"],):
            if any(frames[2 * span["start"] + stream : 2 * span["stop"] : 2]):
                raise ValueError(f"{name} holds sound in a span marked as {span['kind']}")


def main(path: str, trusted: str) -> None:
    """Verifies a package and says what is in it. Raises ValueError, KeyError, zipfile.BadZipFile."""
    with zipfile.ZipFile(path) as package:
        index, _ = signed(package, "export", trusted)
        if not trusted:
            trusted = json.loads(package.read("export.sig"))["public_key"]
            sys.stdout.write(f"signed by {trusted}\n")
        check_files(package, index)
        for recording in index["recordings"]:
            manifest, digest = signed(package, f"{recording}/manifest", trusted)
            if manifest["recording"] != recording:
                raise ValueError(f"{recording}/manifest.json speaks of another recording")
            check_sound(f"{recording}/audio.wav", package.read(f"{recording}/audio.wav"), manifest)
            for kind in ("pauses", "completeness"):
                if signed(package, f"{recording}/{kind}", trusted)[0]["manifest_sha256"] != digest:
                    raise ValueError(f"{recording}/{kind}.json speaks of another version of the recording")
            sys.stdout.write(f"{recording}: {manifest['status']}, {manifest['frames'] / manifest['rate']:.3f} s, intact\n")
        for name in sorted(index["files"]):
            if name.endswith("/tombstone.json"):
                stone, _ = signed(package, name.removesuffix(".json"), trusted)
                if stone["recording"] != name.split("/")[0]:
                    raise ValueError(f"{name} speaks of another recording")
                why = stone.get("reason") or stone.get("rule") or "no reason given"
                sys.stdout.write(f"{stone['recording']}: erased {stone['erased_at']} by {stone['by']}: {why}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"NOT intact: {error}")
