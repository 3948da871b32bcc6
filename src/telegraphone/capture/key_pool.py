"""Data keys made in advance, so that a recording can start without waiting for a key's envelope, and hundreds at once.

Theory. An envelope must be durable before its key is used (W2), and durability has a price per sync, not per envelope. So
keys are made in batches, by a thread of their own, and handed out one by one, each once. What the pool holds when the
process ends are envelopes of keys that nobody was given: a few hundred bytes each, harmless. While the key store is away
(fault F14), recordings start until the pool is empty, and then fail loudly; running ones need no more keys.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from telegraphone.limits import KEYS_AT_ONCE, KEYS_READY_MAX
from telegraphone.media.errors import DamagedEnvelope, KeyExists
from telegraphone.media.ports import KeyStore

_FAILURES: Final = (OSError, KeyExists, DamagedEnvelope)


class KeyPool:
    """The keys of one worker. `take` is for its writer thread; without `start` keys are made as they are needed."""

    def __init__(self, keys: KeyStore, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._keys = keys
        self._entropy = entropy
        self._ready: dict[str, deque[tuple[str, bytes]]] = {}
        self._wanted: deque[str] = deque()
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._count = 1
        self._stopping = False

    def start(self) -> None:
        """Begins to make keys in advance."""
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Makes no more in advance."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread:
            self._thread.join()
            self._thread = None

    def expect(self, tenant: str) -> None:
        """Recordings of this tenant are coming."""
        if self._thread and len(self._ready.get(tenant, ())) < KEYS_READY_MAX // 2:
            with self._news:
                if tenant not in self._wanted:
                    self._wanted.append(tenant)
                    self._news.notify()

    def take(self, tenant: str) -> tuple[str, bytes]:
        """A key id and its key, whose envelope is durable, for one file. Raises OSError, KeyExists, DamagedEnvelope."""
        ready = self._ready.setdefault(tenant, deque())
        self.expect(tenant)
        while True:
            try:
                return ready.popleft()
            except IndexError:
                self._make(tenant)

    def _make(self, tenant: str) -> None:
        """A batch, each larger than the one before: the first recording after a start shall not wait for sixty keys."""
        count, self._count = self._count, min(KEYS_AT_ONCE, 2 * self._count) if self._thread else 1
        dek_ids = [self._entropy(16).hex() for _ in range(count)]
        deks = self._keys.create_all(tenant, dek_ids) if count > 1 else [self._keys.create(tenant, dek_ids[0])]
        self._ready.setdefault(tenant, deque()).extend(zip(dek_ids, deks, strict=True))

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._wanted and not self._stopping:
                    self._news.wait()
                if self._stopping:
                    return
                tenant = self._wanted.popleft()
            try:
                while len(self._ready.get(tenant, ())) < KEYS_READY_MAX and not self._stopping:
                    self._make(tenant)
            except _FAILURES:
                # Whoever needs a key and finds none tries by itself, and is told.
                continue
