"""Keys made in advance: each handed out once, of its own tenant, and what happens when the key store is away."""

import itertools
import queue

import pytest

from telegraphone.capture.key_pool import KeyPool
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.limits import KEYS_READY_MAX


class Counted:
    """Bytes that never repeat."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __call__(self, size: int) -> bytes:
        return next(self._numbers).to_bytes(size, "big")


class Keys(MemoryKeyStore):
    """A key store that can be away, and says when it was asked."""

    def __init__(self, entropy: Counted) -> None:
        super().__init__(entropy)
        self.away = False
        self.told: queue.SimpleQueue[str] = queue.SimpleQueue()

    def create(self, tenant: str, dek_id: str) -> bytes:
        if self.away:
            self.told.put("refused")
            raise OSError("away")
        self.told.put("made")
        return super().create(tenant, dek_id)


def test_each_key_is_handed_out_once_and_opens_for_its_tenant() -> None:
    keys = Keys(Counted())
    pool = KeyPool(keys, Counted())
    taken = [(tenant, *pool.take(tenant)) for tenant in ("one", "two") * 20]
    assert len({dek_id for _, dek_id, _ in taken}) == 40
    assert all(keys.open(tenant, dek_id) == dek for tenant, dek_id, dek in taken)


def test_without_its_thread_a_pool_makes_what_is_needed_and_no_more() -> None:
    keys = Keys(Counted())
    pool = KeyPool(keys, Counted())
    pool.expect("one")
    pool.take("one")
    assert len(keys._keys) == 1


def test_while_the_key_store_is_away_the_pool_lasts_and_then_whoever_asks_is_told() -> None:
    keys = Keys(Counted())
    pool = KeyPool(keys, Counted())
    pool.start()
    pool.take("one")
    pool.stop()
    keys.away = True
    for _ in range(len(keys._keys) - 1):
        pool.take("one")
    with pytest.raises(OSError, match="away"):
        pool.take("one")
    keys.away = False
    assert pool.take("one")


def test_a_pool_that_found_the_key_store_away_is_filled_when_it_is_back() -> None:
    keys = Keys(Counted())
    pool = KeyPool(keys, Counted())
    keys.away = True
    pool.start()
    pool.expect("one")
    assert keys.told.get(timeout=30) == "refused"
    keys.away = False
    pool.expect("one")
    assert keys.told.get(timeout=30) == "made", "by its thread: nobody has taken a key"
    pool.stop()


def test_a_pool_is_filled_up_to_its_bound() -> None:
    keys = Keys(Counted())
    pool = KeyPool(keys, Counted())
    pool.start()
    for _ in range(50):
        pool.take("one")
    pool.stop()
    assert len(keys._keys) <= 50 + 2 * KEYS_READY_MAX
