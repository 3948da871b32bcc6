"""The short way of long-polling requests that come every second: answered on their connection, without a task of their own.

A client sends the same header fields again and again on one connection. So the first request goes the whole way through the
application, and what was found out there, who this is and what every answer to such a request says, is kept for the
connection. A later request that is like it in all fields is as good, as long as its sign-in lives, and needs nothing but the
engine. Whatever is not like that goes the whole way again: this way can answer little, and refuse nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX
from telegraphone.web.cometd.gatekeeper import Gatekeeper, SignedIn
from telegraphone.web.cometd.notifications import Notifications
from telegraphone.wire.bayeux import Line, Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError

ADMITTED: Final = "telegraphone.cometd.admitted"
"""The ASGI extension by which the application tells a connection whom it admitted: its "learn" takes a `SignedIn`."""

Fields = list[tuple[bytes, bytes]]

_OK = b"HTTP/1.1 200 OK\r\n"
_OVERTAKEN = b"HTTP/1.1 500 Internal Server Error\r\n"
_FIELDS: Final = ((b"content-type", b"application/json; charset=UTF-8"), (b"cache-control", b"no-store"))


@dataclass(frozen=True, slots=True)
class Admission:
    """What is known of requests with these header fields: who sends them, and the fields of every answer."""

    asked: Fields
    who: SignedIn
    owner: Owner
    answered: bytes


def comparable(fields: Iterable[tuple[bytes, bytes]]) -> Fields:
    """The header fields of a request without its length, in which requests of one client differ."""
    return [field for field in fields if field[0] != b"content-length"]


class ShortWay:
    """What the connections of one server need for it. `dress` gives what the application adds to every answer."""

    def __init__(
        self, notifications: Notifications, gatekeeper: Gatekeeper, dress: Callable[[Headers], Iterable[tuple[str, str]]]
    ) -> None:
        self._notifications = notifications
        self._gatekeeper = gatekeeper
        self._dress = dress

    def admission(self, fields: Fields, who: SignedIn) -> Admission:
        """Notes whom the application admitted with these fields."""
        told = [*who.headers, *self._dress(Headers(raw=fields))]
        raw = [*_FIELDS, *((name.encode("latin-1"), value.encode("latin-1")) for name, value in told)]
        return Admission(comparable(fields), who, who.owner, b"".join(b"%b: %b\r\n" % field for field in raw))

    def begin(self, admission: Admission, body: bytes, answer: Callable[[bytes, bytes], None]) -> "Exchange | None":
        """Obeys a request; None, and nothing is done, when this way cannot answer it. `answer` is called once, at once or
        later, with everything before the `content-length` field and with the body, unless `Exchange.leave` comes first."""
        if len(body) > BAYEUX_BODY_BYTES_MAX or not self._gatekeeper.again(admission.who):
            return None
        exchange = Exchange(self._notifications, admission, answer)
        return exchange if exchange.obey(body) else None


class Exchange:
    """One request and its answer."""

    __slots__ = ("_admission", "_answer", "_line", "_notifications")

    def __init__(self, notifications: Notifications, admission: Admission, answer: Callable[[bytes, bytes], None]) -> None:
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
