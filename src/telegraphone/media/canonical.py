"""Canonical JSON (RFC 8785), in the time that hundreds of recordings starting at once, or one with every gap, can spare.

Of whole numbers and of text in plain ASCII there is one sensible way to write JSON, and a compiled encoder that sorts by name
writes it; everything else goes to the full implementation, which is fifty times slower.
"""

from collections.abc import Mapping

import msgspec
import rfc8785


def canonical(facts: Mapping[str, str | int] | msgspec.Struct) -> bytes:
    """The canonical form of an object of texts, whole numbers and more such objects; of fractions there may be none."""
    data = msgspec.json.encode(facts, order="sorted")
    # A backslash begins an escape, of which there may be several spellings.
    return data if data.isascii() and b"\\" not in data else rfc8785.dumps(msgspec.to_builtins(facts))
