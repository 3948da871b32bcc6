"""Where the files of a recording lie below the data directory; every path of sealed audio is built here.

A recording lives in `recordings/live/<id>` while its writer is at work and moves, as a whole directory, to
`recordings/sealed/<first two characters>/<id>` once its manifest is durable. Paths are relative, with `/`.
"""

import re
from typing import Final

LIVE: Final = "recordings/live"
SEALED: Final = "recordings/sealed"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
NEXT_SIGNATURE: Final = "manifest-next.sig"
"""The signature of a manifest that is just replacing another: it is there before the manifest, so one of both always fits."""

_RECORDING = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z-]{7,63}", re.ASCII)
_SEGMENTS = re.compile(r"s([0-9]{1,5})-e([0-9]{1,9})\.tgs", re.ASCII)
_JOURNAL = re.compile(r"journal-([0-9]{1,9})\.tgj", re.ASCII)


def live_directory(recording: str) -> str:
    """Where the recording is being written. Raises ValueError for an id that is no id."""
    return f"{LIVE}/{checked(recording)}"


def sealed_shard(recording: str) -> str:
    """The directory that holds the finished recording's directory."""
    return f"{SEALED}/{checked(recording)[:2]}"


def sealed_directory(recording: str) -> str:
    """Where the finished recording lies. Raises ValueError for an id that is no id."""
    return f"{sealed_shard(recording)}/{recording}"


def segment_file(stream: int, epoch: int) -> str:
    """The name of one epoch's audio file."""
    return f"s{stream}-e{epoch}.tgs"


def journal_file(life: int) -> str:
    """The name of the journal of one writer life."""
    return f"journal-{life}.tgj"


def segment_file_parts(name: str) -> tuple[int, int] | None:
    """(stream, epoch) of an audio file's name, None for any other name."""
    match = _SEGMENTS.fullmatch(name)
    return (int(match[1]), int(match[2])) if match and name == segment_file(int(match[1]), int(match[2])) else None


def journal_life(name: str) -> int | None:
    """The writer life of a journal's name, None for any other name."""
    match = _JOURNAL.fullmatch(name)
    return int(match[1]) if match and name == journal_file(int(match[1])) else None


def checked(recording: str) -> str:
    """The id itself, if it can be a directory's name and nothing else; raises ValueError."""
    if not _RECORDING.fullmatch(recording):
        raise ValueError(f"not a recording id: {recording[:80]!r}")
    return recording
