"""Bounds of the sealed format."""

from typing import Final

SEALED_HEADER_BYTES_MAX: Final = 4_096
"""The plain header of a sealed file (recording-format, "Header"): ids and numbers take some 500 bytes."""

SEALED_SEGMENT_BYTES_MAX: Final = 64 * 1024
"""Audio sealed as one unit: what a crash may lose and a seek must read; 600 ms of 16 kHz linear are 19,200 bytes."""

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

S3_BLOCK_BYTES: Final = 256 * 1024
"""Sealed audio fetched from an object store at once: 16 s of both parties, for the price of one request."""

S3_BLOCKS_KEPT: Final = 128
"""Blocks remembered: 32 MiB, what eight listeners need who seek back and forth."""

S3_CONNECT_S: Final = 5.0
"""How long connecting to an object store may take: more is an outage."""

S3_READ_S: Final = 30.0
"""How long an object store may say nothing: a file of 15 minutes is stored in seconds."""

S3_CONNECTIONS_MAX: Final = 16
"""Connections to the object store: those who play, and four recordings being sent."""

SHIPPING_AT_ONCE_MAX: Final = 4
"""Recordings sent at the same moment: enough for any line, few enough to leave the disk to those who record."""

SHIPPING_PERIOD_S: Final = 5.0
"""Time between two looks for something to send."""

SHIPPING_REST_S_MIN: Final = 5.0
"""How long a recording rests that could not be sent; doubled each time, up to the bound below."""

SHIPPING_REST_S_MAX: Final = 300.0
"""After hours of outage everything is sent within five minutes of its end."""

TRANSIT_ANSWER_S: Final = 5.0
"""How long a key service may take to answer: more is an outage, and recordings start from keys made in advance meanwhile."""

AUDIT_LINES_READ: Final = 1_000
"""Lines of the audit trail read at once when all of it is proved: half a megabyte."""

DOUBLES_MAX: Final = 8
"""Other recordings of a call, each of which must be looked at before one is mended: clients copy a call to five recorders at
most, and one that is lost begins anew."""

MENDED_PIECES_MAX: Final = 256
"""Stretches that are put to the frame for one double; of more, as where every tenth packet was lost, the rest goes by what holds
for the whole recording. Less than a second of work, each time it is opened."""
