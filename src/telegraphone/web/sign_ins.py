"""Keeps the logins of the API: who is signed in under which cookie, since when, and until when (gws-api 4).

A sign-in is a login, not the agent's presence at a device: its end changes no call, no recording and no agent state.
"""

import base64
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from telegraphone.limits import SIGN_IN_IDLE_S, SIGN_IN_LIFE_S, SIGN_INS_MAX, SIGN_INS_PER_USER_MAX
from telegraphone.services.ports import Clock

_ID_BYTES = 32
_TOKEN_BYTES = 16


@dataclass(slots=True, eq=False)
class SignIn:
    """One login: `id` is the cookie's value and a secret; `csrf_token` lives as long. Times in monotonic seconds; `until` is
    when it ends in any case. `token` is the id of the API token that it goes with, if one does; `vouched_for`: an identity
    provider has said who it is. `addresses` are those from which its password or token was shown."""

    id: str
    user_name: str
    csrf_token: str
    began_at: float
    used_at: float
    until: float
    token: str = ""
    vouched_for: bool = False
    over: bool = False
    addresses: set[str] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"SignIn(user_name={self.user_name!r}, id=***)"


class SignIns:
    """All sign-ins of one node, the longest unused first. `on_end` is told of each that is over, for any reason."""

    def __init__(self, clock: Clock, on_end: Callable[[SignIn], None]) -> None:
        self._clock = clock
        self._on_end = on_end
        self._all: OrderedDict[str, SignIn] = OrderedDict()
        self._of_user: dict[str, OrderedDict[str, SignIn]] = {}
        self._shared: dict[tuple[str, str], str] = {}

    def __len__(self) -> int:
        return len(self._all)

    def find(self, sign_in_id: str) -> SignIn | None:
        """The sign-in of this cookie, which is thereby used; None when it is over or never was."""
        self._end_the_old()
        found = self._all.get(sign_in_id)
        if found is None:
            return None
        if self._clock.now() >= found.until:
            self.end(found)
            return None
        self._use(found)
        return found

    def shared(self, user_name: str, token: str = "", life_s: float = SIGN_IN_LIFE_S) -> SignIn:
        """The sign-in of all requests of this user that come with a password and no cookie, or with the token of this id,
        which lasts no longer than the token."""
        found = self.find(self._shared.get((user_name, token), ""))
        if found is None:
            found = self.begin(user_name, token, life_s)
            self._shared[user_name, token] = found.id
        return found

    def end_shared(self, user_name: str, token: str) -> None:
        """Ends the sign-in of requests with this token."""
        found = self._all.get(self._shared.get((user_name, token), ""))
        if found is not None:
            self.end(found)

    def begin(self, user_name: str, token: str = "", life_s: float = SIGN_IN_LIFE_S, *, vouched_for: bool = False) -> SignIn:
        """A new sign-in under a new id; where there are too many, the longest unused ends."""
        self._end_the_old()
        mine = self._of_user.get(user_name)
        if mine is not None and len(mine) >= SIGN_INS_PER_USER_MAX:
            self.end(next(iter(mine.values())))
        if len(self._all) >= SIGN_INS_MAX:
            self.end(next(iter(self._all.values())))
        now = self._clock.now()
        until = now + min(life_s, SIGN_IN_LIFE_S)
        sign_in = SignIn(self._text(_ID_BYTES), user_name, self._uuid(), now, now, until, token, vouched_for)
        self._all[sign_in.id] = sign_in
        self._of_user.setdefault(user_name, OrderedDict())[sign_in.id] = sign_in
        return sign_in

    def end(self, sign_in: SignIn) -> None:
        """Ends it; what hangs on it, its CometD clients, is told to go."""
        if self._all.pop(sign_in.id, None) is None:
            return
        sign_in.over = True
        mine = self._of_user[sign_in.user_name]
        del mine[sign_in.id]
        if not mine:
            del self._of_user[sign_in.user_name]
        key = sign_in.user_name, sign_in.token
        if self._shared.get(key) == sign_in.id:
            del self._shared[key]
        self._on_end(sign_in)

    def end_all(self, user_name: str) -> None:
        """Ends every sign-in of this user."""
        for sign_in in tuple(self._of_user.get(user_name, {}).values()):
            self.end(sign_in)

    def _use(self, sign_in: SignIn) -> None:
        sign_in.used_at = self._clock.now()
        self._all.move_to_end(sign_in.id)
        self._of_user[sign_in.user_name].move_to_end(sign_in.id)

    def _end_the_old(self) -> None:
        """The unused ones stand in front, so this costs nothing while nobody is idle; whole age is looked at on use."""
        now = self._clock.now()
        while self._all and now - next(iter(self._all.values())).used_at >= SIGN_IN_IDLE_S:
            self.end(next(iter(self._all.values())))

    def _text(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._clock.entropy(count)).rstrip(b"=").decode()

    def _uuid(self) -> str:
        return str(uuid.UUID(bytes=self._clock.entropy(_TOKEN_BYTES), version=4))
