"""Slows down whoever guesses passwords, per user and per address, without letting anyone lock somebody else out.

Theory. Failures fill a bucket that drains at a fixed rate; a full bucket refuses. One bucket counts an address, one a
user. A stranger who fills a user's bucket must not shut the user out, and an address is shared by many and can be forged in a
datagram, so places where that user was let in before have a bucket of their own and look at no other. All tables are
bounded: the least recently failing is forgotten, and forgetting errs on the side of letting a guess through, never of
shutting a user out.
"""

from collections import OrderedDict
from collections.abc import Hashable

from telegraphone.limits import (
    LOGIN_FAILURE_FORGIVEN_S,
    LOGIN_FAILURES_PER_ADDRESS_MAX,
    LOGIN_FAILURES_PER_USER_MAX,
    LOGIN_LIMITS_REMEMBERED_MAX,
)


class _Buckets:
    """Failures per key; each key's bucket holds `size` and loses one every LOGIN_FAILURE_FORGIVEN_S."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def full(self, key: Hashable, now: float) -> bool:
        """Whether one more failure would not fit."""
        return self._level(key, now) > self._size - 1

    def add(self, key: Hashable, amount: int, now: float) -> None:
        """Counts a failure, or takes one back."""
        level = max(0.0, self._level(key, now) + amount)
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > LOGIN_LIMITS_REMEMBERED_MAX:
            self._levels.popitem(last=False)

    def _level(self, key: Hashable, now: float) -> float:
        level, then = self._levels.get(key, (0.0, now))
        return max(0.0, level - (now - then) / LOGIN_FAILURE_FORGIVEN_S)


class LoginLimiter:
    """Counts wrong passwords. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._addresses = _Buckets(LOGIN_FAILURES_PER_ADDRESS_MAX)
        self._users = _Buckets(LOGIN_FAILURES_PER_USER_MAX)
        self._known_places = _Buckets(LOGIN_FAILURES_PER_USER_MAX)
        self._let_in: OrderedDict[tuple[str, str], None] = OrderedDict()

    def admit(self, user_name: str, address: str, now: float) -> bool:
        """Whether a password may be tried now. Counts the try as a failure until `succeeded` says otherwise, so that
        many tries at once are no way around the limit."""
        known = (user_name, address) in self._let_in
        users, key = self._bucket(user_name, address)
        if users.full(key, now) or (not known and self._addresses.full(address, now)):
            return False
        users.add(key, 1, now)
        if not known:
            self._addresses.add(address, 1, now)
        return True

    def succeeded(self, user_name: str, address: str, now: float) -> None:
        """The password was right: the try did not count, and the place is known from now on."""
        users, key = self._bucket(user_name, address)
        users.add(key, -1, now)
        if (user_name, address) not in self._let_in:
            self._addresses.add(address, -1, now)
        self._let_in[user_name, address] = None
        self._let_in.move_to_end((user_name, address))
        if len(self._let_in) > LOGIN_LIMITS_REMEMBERED_MAX:
            self._let_in.popitem(last=False)

    def _bucket(self, user_name: str, address: str) -> tuple[_Buckets, Hashable]:
        if (user_name, address) in self._let_in:
            return self._known_places, (user_name, address)
        return self._users, user_name
