"""Bounds of the sealed format."""

from typing import Final

SEALED_HEADER_BYTES_MAX: Final = 4_096
"""The plain header of a sealed file (recording-format, "Header"): ids and numbers take some 500 bytes."""

SEALED_SEGMENT_BYTES_MAX: Final = 64 * 1024
"""Audio sealed as one unit: what a crash may lose and a seek must read; 200 ms of 16 kHz linear is 6,400 bytes."""

JOURNAL_RECORD_BYTES_MAX: Final = 4 * 1024
"""One record of a journal before sealing: a few ids, a note of who and how."""

JOURNAL_BYTES_MAX: Final = 8 * 1024 * 1024
"""One journal file: a day of a badly broken stream, a gap every second; read whole at recovery."""

MANIFEST_BYTES_MAX: Final = 32 * 1024 * 1024
"""One manifest: every gap of a full journal takes a line of some 120 bytes in it."""

PLAYBACK_PIECE_FRAMES: Final = 16_000
"""Frames rendered at once: 2 s of 8 kHz, 64 KB of stereo; what a listener waits for and a reader holds in memory."""

PLAYBACK_READS_MAX: Final = 8
"""Pieces rendered at the same moment in worker threads: each waits for a disk and then for one core."""
