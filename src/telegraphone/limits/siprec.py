"""Bounds of what recording clients send."""

from typing import Final

MULTIPART_PARTS_MAX: Final = 16
"""Parts of one body (siprec 9): a description, metadata, and what a gateway adds of its own."""

MULTIPART_NESTING_MAX: Final = 2
"""Bodies within bodies (siprec 9)."""

METADATA_BYTES_MAX: Final = 64 * 1024
"""One metadata document, and what is kept of a rejected one (siprec 9)."""

CALL_S_MAX: Final = 8 * 3_600.0
"""A recording session that nobody ends is ended after this (siprec 9)."""

SNAPSHOT_REQUEST_S: Final = 5.0
"""Time between two requests for a metadata snapshot in one dialog (siprec 3)."""

METADATA_DEPTH_MAX: Final = 16
"""Elements within elements of metadata (siprec 9): the schema needs four."""

METADATA_ELEMENTS_MAX: Final = 4_096
"""Elements of one metadata document (siprec 9)."""

METADATA_ITEMS_MAX: Final = 512
"""Participants, or streams, or associations of one recording session (siprec 9)."""

METADATA_TEXT_CHARS_MAX: Final = 1_024
"""One text or attribute value of metadata (siprec 9)."""

ANY_PORT_REST_S: Final = 60.0
"""How long a media port rests after a call whose audio might come from any port of an address (siprec 9): all calls of such
a client may come from one address, so nothing but the rest keeps a stream that ends late out of the next customer's call."""

RTP_SILENT_S: Final = 30.0
"""Without audio for so long a recording client is asked whether it is still there, and one that is lost is gone."""

COPIES_PART_S: Final = 1.0
"""Copies of one call whose parties differ are given so long to become the same again, or to end together: a client tells what
changes to one session after the other."""

PAUSE_CARRIED_S: Final = 60.0
"""How long the pause in which a copy ended is remembered for the next copy of the conversation: clients begin a new one within
a second after a transfer, and within seconds after a failover."""

DRAIN_LOOK_S: Final = 0.5
"""Time between two looks whether a node that takes no new sessions has any left."""

RS_WATCH_S: Final = 5.0
"""Time between two looks at every recording session."""

SNAPSHOTS_KEPT_MAX: Final = 1_000
"""Metadata documents of one call of which each is kept (siprec 9)."""

SNAPSHOTS_KEPT_EVERY: Final = 10
"""Of those beyond, every tenth and the last (siprec 9)."""

SNAPSHOTS_UNTOLD_MAX: Final = 16
"""Metadata documents that wait for the call they describe to begin: between two calls of a session there are few."""

COPIES_AT_ONCE: Final = 64
"""Copied calls, and metadata documents, written in one transaction: each would cost a sync of its own otherwise."""

COPIES_BACKLOG_MAX: Final = 10_000
"""Copied calls, and metadata documents, that wait for the database: an outage of minutes at the busiest hour."""

HANDSHAKE_S: Final = 30.0
"""A client that has not agreed on keys by then will not (RFC 6347 section 4.2.4: its repeats go 1, 2, 4, 8, 16 s)."""
