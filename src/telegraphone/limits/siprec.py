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

RTP_SILENT_S: Final = 30.0
"""Without audio for so long a recording client is asked whether it is still there, and one that is lost is gone."""

RS_WATCH_S: Final = 5.0
"""Time between two looks at every recording session."""
