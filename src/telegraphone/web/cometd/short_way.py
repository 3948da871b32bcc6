"""The short way of long-polling requests that come every second: answered on their connection, without a task of their own.

A client sends the same head, byte for byte, again and again on one connection. So the first request with a head goes the
whole way through the application, and what was found out there, who this is and what every answer to such a request says,
is kept for the connection. A later request with this head is as good, as long as its sign-in lives, and needs nothing but
the engine. Whatever is not like that goes the whole way again: this way can answer little, and refuse nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX, COMETD_HEAD_BYTES_MAX, COMETD_HEADS_KNOWN_MAX
from telegraphone.web.cometd.gatekeeper import Gatekeeper, SignedIn
from telegraphone.web.cometd.notifications import Notifications
from telegraphone.wire.bayeux import Line, Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError

ADMITTED: Final = "telegraphone.cometd.admitted"
"""The ASGI extension by which the application tells a connection whom it admitted: its "learn" takes a `SignedIn`."""

Fields = list[tuple[bytes, bytes]]
Answer = Callable[[bytes, bytes], None]
"""Takes everything of an answer before the `content-length` field, and its body."""

_END = b"\r\n\r\n"
_OK = b"HTTP/1.1 200 OK\r\n"
_OVERTAKEN = b"HTTP/1.1 500 Internal Server Error\r\n"
_FIELDS: Final = ((b"content-type", b"application/json; charset=UTF-8"), (b"cache-control", b"no-store"))
_NOT_TO_BE_LEARNT: Final = frozenset({b"expect", b"transfer-encoding", b"upgrade"})


@dataclass(frozen=True, slots=True)
class Admission:
    """What is known of requests with one head: the size of their body, who sends them, and the fields of every answer."""

    body_bytes: int
    who: SignedIn
    owner: Owner
    answered: bytes


class ShortWay:
    """What the connections of one server need for it. `dress` gives what the application adds to every answer."""

    def __init__(
        self, notifications: Notifications, gatekeeper: Gatekeeper, dress: Callable[[Headers], Iterable[tuple[str, str]]]
    ) -> None:
        self._notifications = notifications
        self._gatekeeper = gatekeeper
        self._dress = dress

    def admission(self, fields: Fields, body_bytes: int, who: SignedIn) -> Admission:
        """Notes whom the application admitted with these fields."""
        told = [*who.headers, *self._dress(Headers(raw=fields))]
        raw = [*_FIELDS, *((name.encode("latin-1"), value.encode("latin-1")) for name, value in told)]
        return Admission(body_bytes, who, who.owner, b"".join(b"%b: %b\r\n" % field for field in raw))

    def holds(self, admission: Admission) -> bool:
        """Whether the application would admit this today."""
        return self._gatekeeper.again(admission.who)

    def exchange(self, admission: Admission, answer: Answer) -> "Exchange":
        """Begins a request. `answer` is called once, at once or later, unless `Exchange.leave` comes first."""
        return Exchange(self._notifications, admission, answer)


class KnownHeads:
    """The heads that were admitted on one connection: one for each path and length of body that the client uses."""

    __slots__ = ("_admissions", "_way")

    def __init__(self, way: ShortWay) -> None:
        self._way = way
        self._admissions: dict[bytes, Admission] = {}

    @staticmethod
    def head_of(data: bytes) -> bytes:
        """The head of what may be worth learning: a POST; nothing for anything else."""
        end = data.find(_END, 0, COMETD_HEAD_BYTES_MAX) if data.startswith(b"POST ") else -1
        return data[: end + len(_END)] if end >= 0 else b""

    def learn(self, head: bytes, fields: Fields, who: SignedIn) -> None:
        """The application has admitted a request with this head, of which these are the header fields."""
        sizes = [value for name, value in fields if name == b"content-length"]
        if len(sizes) != 1 or any(name in _NOT_TO_BE_LEARNT for name, _ in fields) or int(sizes[0]) > BAYEUX_BODY_BYTES_MAX:
            return
        if len(self._admissions) >= COMETD_HEADS_KNOWN_MAX:
            del self._admissions[next(iter(self._admissions))]
        self._admissions[head] = self._way.admission(fields, int(sizes[0]), who)

    def find(self, data: bytes) -> tuple[Admission, bytes] | None:
        """Who sends this, and the body, when it is just one whole request with a known head whose sign-in lives."""
        if not self._admissions:
            return None
        start = data.find(_END, 0, COMETD_HEAD_BYTES_MAX) + len(_END)
        admission = self._admissions.get(data[:start])
        if admission is None or len(data) - start != admission.body_bytes:
            return None
        if not self._way.holds(admission):
            del self._admissions[data[:start]]
            return None
        return admission, data[start:]


class Exchange:
    """One request and its answer."""

    __slots__ = ("_admission", "_answer", "_line", "_notifications")

    def __init__(self, notifications: Notifications, admission: Admission, answer: Answer) -> None:
        self._notifications = notifications
        self._admission = admission
        self._answer = answer
        self._line: Line = notifications.open_line(admission.owner, Transport.LONG_POLLING, self._ready)

    def obey(self, body: bytes) -> bool:
        """Hands the request to the engine; False when it is no Bayeux and must be refused elsewhere."""
        try:
            self._notifications.receive(self._line, body)
        except RemoteProtocolError:
            self.leave()
            return False
        if self._line.pending:
            self._ready()
        return True

    def leave(self) -> None:
        """The client has gone, or the answer is written."""
        self._notifications.close_line(self._line)

    def _ready(self) -> None:
        status, body = (_OVERTAKEN, b"") if self._line.overtaken else (_OK, b"".join(self._notifications.take(self._line)))
        self.leave()
        self._answer(status + self._admission.answered, body)
