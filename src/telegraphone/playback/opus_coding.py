"""A recording as Opus in Ogg (RFC 6716, RFC 7845): packets of 20 ms and of constant length, fifty of them on each page."""

from typing import Final

from telegraphone.playback.coder import Coder
from telegraphone.playback.coding import Folded, Sound
from telegraphone.playback.ogg import BEGINS, CONTINUES, ENDS, page, page_bytes
from telegraphone.services.player_ports import Form

_GRANULE_RATE: Final = 48_000
_PACKETS_PER_SECOND: Final = 50
_PAGE_PACKETS: Final = 50
_PIECE_PAGES: Final = 5
"""5 s: what a seek costs."""
_WARM_PACKETS: Final = 25
_TAIL_PACKETS: Final = 2
_BITS_PER_SAMPLE: Final = 3
_PRE_SKIP: Final = slice(10, 12)
"""Where the identification header says how much is to be thrown away (RFC 7845 section 5.1)."""
_HEAD_PAGES: Final = 2
_VENDOR: Final = b"Telegraphone"


class OpusCoding:
    """Opus at a constant bit rate."""

    content_type: Final = "audio/ogg"

    def __init__(self, form: Form, frames: int, rate: int) -> None:
        self._folded = Folded(form)
        tracks = self._folded.count
        bit_rate = _BITS_PER_SAMPLE * tracks * rate
        self._packet_bytes = bit_rate // 8 // _PACKETS_PER_SECOND
        self._block = rate // _PACKETS_PER_SECOND
        options = {"vbr": "off", "frame_duration": "20", "application": "audio", "compression_level": "0"}
        self._coder = Coder("libopus", options, tracks=tracks, rate=rate, bit_rate=bit_rate, planar=False)
        stated = self._coder.extradata()
        self._pre_skip = int.from_bytes(stated[_PRE_SKIP], "little")
        self._last_granule = self._pre_skip + frames * _GRANULE_RATE // rate
        self._packets = -(-self._last_granule * _PACKETS_PER_SECOND // _GRANULE_RATE)
        self._pages = -(-self._packets // _PAGE_PACKETS)
        tags = b"OpusTags" + len(_VENDOR).to_bytes(4, "little") + _VENDOR + bytes(4)
        self.head = page([stated], 0, 0, BEGINS) + page([tags], 0, 1, CONTINUES)
        self._page_bytes = page_bytes(_PAGE_PACKETS, self._packet_bytes)
        self.piece_bytes = _PIECE_PAGES * self._page_bytes
        self.body_bytes = (self._pages - 1) * self._page_bytes + page_bytes(self._on_page(self._pages - 1), self._packet_bytes)

    def part(self, start: int, stop: int, sound: Sound) -> bytes:
        """See `Coding`."""
        piece = start // self.piece_bytes
        pages = range(piece * _PIECE_PAGES, min((piece + 1) * _PIECE_PAGES, self._pages))
        first = pages[0] * _PAGE_PACKETS
        begin = first - _WARM_PACKETS
        end = pages[-1] * _PAGE_PACKETS + self._on_page(pages[-1]) + _TAIL_PACKETS
        pcm = self._folded(sound, begin * self._block, end * self._block)
        packets = self._coder.units(pcm, self._block, self._packet_bytes)[first - begin :]
        made = bytearray()
        for number in pages:
            mine = packets[(number - pages[0]) * _PAGE_PACKETS :][: self._on_page(number)]
            made += page(mine, self._granule(number), number + _HEAD_PAGES, ENDS if number == self._pages - 1 else 0)
        return bytes(made[start - piece * self.piece_bytes : stop - piece * self.piece_bytes])

    def _on_page(self, number: int) -> int:
        return min(_PAGE_PACKETS, self._packets - number * _PAGE_PACKETS)

    def _granule(self, number: int) -> int:
        """The place behind the page's last packet; on the last page it says where the sound ends (RFC 7845 section 4.4)."""
        if number == self._pages - 1:
            return self._last_granule
        return (number + 1) * _PAGE_PACKETS * _GRANULE_RATE // _PACKETS_PER_SECOND
