"""Reads and writes the keys of encrypted streams in session descriptions (SDES, RFC 4568; its suites and those of RFC 7714)."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

KEY_BYTES: Final = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"""The suites that can be opened, with the length of master key and salt together, in bytes."""

OWN_KEY_BYTES: Final = max(KEY_BYTES.values())
"""Chance enough for a key of ours in any suite."""

_UNSAFE: Final = frozenset(("unencrypted_srtp", "unencrypted_srtcp", "unauthenticated_srtp"))


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One `a=crypto` line: its tag, its suite, and the sender's master key and salt, which are shown nowhere."""

    tag: str
    suite: str
    master: bytes = field(repr=False)

    def line(self) -> str:
        """The value of the attribute."""
        return f"{self.tag} {self.suite} inline:{base64.b64encode(self.master).decode()}"

    def answered_with(self, chance: bytes, index: int) -> "StreamKey":
        """Our key for an answer to this line, the n-th of the description: the same tag and suite (RFC 4568 section 5.1.2). What
        we send on each line has a key of its own (section 6.1), out of the same chance."""
        assert len(chance) == OWN_KEY_BYTES
        drawn = b"".join(hashlib.sha256(b"%d %s %d %s" % (half, self.suite.encode(), index, chance)).digest() for half in (0, 1))
        return StreamKey(self.tag, self.suite, drawn[: KEY_BYTES[self.suite]])


def usable_key(lines: Iterable[str]) -> StreamKey | None:
    """The first of these `a=crypto` values that we can use, None if there is none: a suite that is known, one key without
    an identifier in each packet, and nothing left unprotected."""
    return next((key for line in lines if (key := _read(line)) is not None), None)


def _read(line: str) -> StreamKey | None:
    fields = line.split()
    if len(fields) < 3 or not _UNSAFE.isdisjoint(field.lower() for field in fields[3:]):
        return None
    tag, suite, parameters = fields[0], fields[1].upper(), fields[2]
    method, _, value = parameters.partition(":")
    text, *more = value.split("|")
    if not tag.isascii() or not tag.isdigit() or method.lower() != "inline" or any(":" in each for each in more):
        return None
    try:
        master = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return StreamKey(tag, suite, master) if KEY_BYTES.get(suite) == len(master) else None
