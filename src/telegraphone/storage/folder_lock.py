"""Keeps two nodes out of one data folder, and a node out of it while a lost one's recorder still finishes its recordings.

A lock lasts as long as any process holds its descriptor open. So it is lent to the recorder's workers: when their node is
killed they seal what they had, and only when the last of them has ended does the next node get the folder.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

_LOOK_AGAIN_S: Final = 0.1


class FolderInUse(OSError):
    """Another process holds the lock."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"the data folder {folder} is in use by another Telegraphone, or its recorder is still finishing")


def lock(path: Path, wait_s: float = 0.0) -> int:
    """The descriptor that holds the lock of this file, which is made if it is not there; other programs do not inherit it
    unless told to. Waits at most so long (it blocks: nothing else runs yet). Raises FolderInUse, OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise FolderInUse(path.parent) from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return descriptor
