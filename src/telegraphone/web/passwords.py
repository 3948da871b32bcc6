"""Tells whether a password is right: Argon2 once, in a thread, then for minutes by a keyed hash.

An unknown user costs the same time as a wrong password, so that nobody learns from a clock who works here.
"""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from telegraphone.limits import (
    CREDENTIALS_REMEMBERED_MAX,
    CREDENTIALS_REMEMBERED_S,
    PASSWORD_CHECKS_MAX,
    PASSWORD_CHECKS_WAITING_MAX,
)
from telegraphone.services.limiter import LoginLimiter
from telegraphone.services.ports import Clock
from telegraphone.web.gws.errors import SIGN_INS_BUSY, Refused

log = structlog.get_logger()

_KEY_BYTES = 32


class Passwords:
    """The passwords of all users, as Argon2 hashes by user name."""

    def __init__(
        self,
        hashes: Mapping[str, str],
        clock: Clock,
        *,
        hasher: PasswordHasher | None = None,
        refused: Callable[[str, str], None] = lambda _user_name, _address: None,
    ) -> None:
        """`refused` is told of each wrong password of somebody who is known, and of the address."""
        self._hashes = dict(hashes)
        self._refused = refused
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(clock.entropy(_KEY_BYTES))
        self._key = clock.entropy(_KEY_BYTES)
        self._remembered: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._limiter = LoginLimiter()
        self._turn = asyncio.Semaphore(PASSWORD_CHECKS_MAX)
        self._waiting = 0

    def become(self, hashes: Mapping[str, str]) -> frozenset[str]:
        """From now on these are the passwords; answers whose is another than before."""
        changed = frozenset(name for name, known in self._hashes.items() if hashes.get(name) != known)
        self._hashes = dict(hashes)
        self.forget(changed)
        return changed

    def forget(self, user_names: Iterable[str]) -> None:
        """The next password of these users is verified anew."""
        for name in user_names:
            self._remembered.pop(name, None)

    async def right(self, user_name: str, password: str, address: str) -> bool:
        """Whether this is the user's password; False also for whoever tries too often. Raises `Refused` (503/4) when too many
        wait: nobody knows then whether it is right."""
        digest = self._digest(user_name, password)
        if self._remembers(user_name, digest):
            return True
        if self._waiting >= PASSWORD_CHECKS_WAITING_MAX:
            log.error("logins_waiting_full")
            raise Refused(SIGN_INS_BUSY)
        self._waiting += 1
        try:
            async with self._turn:
                # Not before its turn: those who sign in at once behind one address are no guesses yet.
                return self._remembers(user_name, digest) or await self._tried(user_name, password, address, digest)
        finally:
            self._waiting -= 1

    async def _tried(self, user_name: str, password: str, address: str, digest: bytes) -> bool:
        if not self._limiter.admit(user_name, address, self._clock.now()):
            log.warning("login_slowed_down", address=address)
            return False
        known = self._hashes.get(user_name)
        right = await asyncio.to_thread(self._verify, known or self._nobody, password)
        if known is None or not right:
            log.warning("login_failed", address=address)
            if known is not None:
                self._refused(user_name, address)
            return False
        self._limiter.succeeded(user_name, address, self._clock.now())
        self._remember(user_name, digest)
        return True

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    def _digest(self, user_name: str, password: str) -> bytes:
        name = user_name.encode("utf-8", "surrogatepass")
        said = len(name).to_bytes(4, "big") + name + password.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, "sha256")

    def _remembers(self, user_name: str, digest: bytes) -> bool:
        known, until = self._remembered.get(user_name, (b"", 0.0))
        return hmac.compare_digest(known, digest) and self._clock.now() < until

    def _remember(self, user_name: str, digest: bytes) -> None:
        self._remembered[user_name] = (digest, self._clock.now() + CREDENTIALS_REMEMBERED_S)
        self._remembered.move_to_end(user_name)
        if len(self._remembered) > CREDENTIALS_REMEMBERED_MAX:
            self._remembered.popitem(last=False)
