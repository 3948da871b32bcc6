"""The Bayeux server: client messages in, replies and events out, for any number of clients and both transports.

Life of a client id: *handshaken* → *connected* (its first connect is answered at once) → gone, by its own disconnect,
by silence, by the end of its owner's sign-in, or because it cannot keep up. While a connect waits, or is *held*, a
client does not age. Over long-polling, messages travel only with connect replies, since two responses on two
connections have no order; over a WebSocket they are pushed at once, unless the client acknowledges messages: then too
they travel with the connect reply, in one frame, so that they arrive and are acknowledged together.

The engine writes to *lines*. After `receive`, and whenever `events` names a line, its keeper asks `data_to_send`:
an empty answer means that a connect is held. Messages leave their queue at that moment and not before, so a request
that has gone away loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from telegraphone.limits import (
    BAYEUX_CLIENTS_PER_USER_MAX,
    BAYEUX_CROWDED_S,
    BAYEUX_EXPIRY_S,
    BAYEUX_HOLD_S,
    BAYEUX_SOCKETS_PER_USER_MAX,
)
from telegraphone.wire.bayeux import channel as channels
from telegraphone.wire.bayeux import message as messages
from telegraphone.wire.bayeux.deadlines import Deadlines
from telegraphone.wire.bayeux.message import Message
from telegraphone.wire.bayeux.session import Held, Line, Owner, Session, Transport
from telegraphone.wire.errors import RemoteProtocolError

Fields = dict[str, object]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


_KEEP_ON: Fields = {"reconnect": "retry", "interval": 0, "timeout": _ms(BAYEUX_HOLD_S)}
_STOP: Fields = {"reconnect": "none", "interval": 0}


def _begin_anew(after_s: float = 0.0) -> Fields:
    return {"reconnect": "handshake", "interval": _ms(after_s)}


def _refused(error: str, advice: Fields | None = None) -> Fields:
    fields: Fields = {"successful": False, "error": error}
    return fields if advice is None else {**fields, "advice": advice}


class BayeuxServer:
    """All client ids of one server. `now` is always monotonic seconds; nothing here waits.

    `client_ids` makes client ids: at least 128 random bits each, never the same twice. `aliases` gives second names of
    channels: who does not hear `/v2/me/calls` but does hear its alias gets the message there; never both.
    """

    def __init__(
        self,
        client_ids: Callable[[], str],
        *,
        aliases: Mapping[str, Sequence[str]] | None = None,
        transports: Sequence[Transport] = tuple(Transport),
    ) -> None:
        self._client_ids = client_ids
        self._aliases = dict(aliases or {})
        self._transports = [transport.value for transport in transports]
        self._sessions: dict[str, Session] = {}
        self._users: dict[str, dict[str, Session]] = {}
        self._numbers: dict[str, int] = {}
        """How many messages each user was ever sent, heard or not; kept while the user has no client, for the next one."""
        self._sockets: dict[str, set[Line]] = {}
        self._deadlines: Deadlines[Session] = Deadlines()
        self._events: list[Line] = []
        self._closing = False
        self._handlers: dict[str, Callable[[Line, Message, float], Fields]] = {
            channels.HANDSHAKE: self._handshake,
            channels.SUBSCRIBE: self._subscribe,
            channels.UNSUBSCRIBE: self._unsubscribe,
            channels.DISCONNECT: self._disconnect,
        }

    # --- lines -----------------------------------------------------------------------------------------------------

    def open_line(self, owner: Owner, transport: Transport) -> Line:
        """A request or socket of this owner begins; raises `RemoteProtocolError` when the user has too many sockets."""
        line = Line(owner, transport)
        if transport is Transport.WEBSOCKET:
            sockets = self._sockets.setdefault(owner.user, set())
            if len(sockets) >= BAYEUX_SOCKETS_PER_USER_MAX:
                raise RemoteProtocolError("too many sockets of one user", status=503)
            sockets.add(line)
        return line

    def receive(self, line: Line, body: bytes, now: float) -> None:
        """Obeys one request body or frame; raises `RemoteProtocolError`, and does nothing, when it is no Bayeux."""
        batch = messages.read_messages(body)
        for message in batch:
            if message.channel == channels.CONNECT:
                self._connect(line, message, now, alone=len(batch) == 1)
            else:
                handler = self._handlers.get(message.channel, self._publish)
                line.replies.append(messages.encode_reply(message, handler(line, message, now)))

    def data_to_send(self, line: Line, now: float) -> list[bytes]:
        """What to write now: frames for a socket, at most one body for a request; empty while a connect is held."""
        line.stirred = False
        due, line.due = line.due, {}
        for session in due:
            if session.held is not None and session.held.line is line and session.held.released:
                self._answer(session, session.held, now)
            elif session.line is line and not session.acks:
                line.messages += session.outbox.take()
        pushed, line.messages = line.messages, []
        replies, line.replies = line.replies, []
        if line.whole:
            return [messages.pack(pushed + replies)] if pushed or replies else []
        frames = [messages.pack([message]) for message in pushed]
        return [*frames, messages.pack(replies)] if replies else frames

    def close_line(self, line: Line, now: float) -> None:
        """The request was answered or went away, or the socket closed. Sessions live on until they expire."""
        for session in line.sessions:
            if session.line is line:
                session.line = None
            if session.held is not None and session.held.line is line:
                session.held = None
                self._deadlines.set(session, now + BAYEUX_EXPIRY_S)
        line.sessions.clear()
        sockets = self._sockets.get(line.owner.user)
        if sockets is not None:
            sockets.discard(line)
            if not sockets:
                del self._sockets[line.owner.user]

    @property
    def has_events(self) -> bool:
        """Whether `events` would name a line."""
        return bool(self._events)

    def events(self) -> list[Line]:
        """The lines that have something to send since this was last asked."""
        events, self._events = self._events, []
        return events

    # --- the server's own acts -------------------------------------------------------------------------------------

    def deliver(self, user: str, channel: str, data: bytes) -> None:
        """Sends `data` (JSON, taken as it is) to every client of this user that listens to the channel or its alias."""
        number = self._numbers[user] = self._numbers.get(user, 0) + 1
        sessions = self._users.get(user)
        if not sessions:
            return
        names = (channel, *self._aliases.get(channel, ()))
        encoded: dict[str, bytes] = {}
        for session in list(sessions.values()):
            name = next((name for name in names if session.subscriptions.hear(name)), None)
            if name is None:
                continue
            message = encoded.get(name) or encoded.setdefault(name, messages.encode_event(name, data))
            if session.outbox.put(number, message):
                self._stir(session)
            else:
                session.outbox.clear()
                self._end(session, _refused(messages.UNKNOWN_CLIENT, _begin_anew()))

    def end_sign_in(self, owner: Owner) -> None:
        """The sign-in is over: its sessions end and its sockets are to close.

        The clients are told to handshake again, not to stop: one whose sign-in merely grew old gets a new one with its
        next request; one that was logged out is refused there, and asks its user to log in.
        """
        for session in list(self._users.get(owner.user, {}).values()):
            if session.owner == owner:
                self._end(session, _refused(messages.UNKNOWN_CLIENT, _begin_anew()))
        for line in self._sockets.get(owner.user, ()):
            if line.owner == owner:
                line.closing = True
                self._wake(line)

    def shutdown(self) -> None:
        """The server is about to end: held connects are answered, and whoever comes now is refused.

        The advice names no time to wait: clients take their own after a handshake that fails, and the other node of an
        installation of two may be there at once.
        """
        self._closing = True
        for session in list(self._sessions.values()):
            self._end(session, _refused(messages.UNKNOWN_CLIENT, _begin_anew()))

    def next_deadline(self) -> float | None:
        """When `on_deadline` wants to be called; a call too early does no harm."""
        return self._deadlines.next()

    def on_deadline(self, now: float) -> None:
        """Lets connects go that were held long enough, and forgets clients that were silent too long."""
        for session in self._deadlines.pop_due(now):
            if session.held is not None:
                self._release(session, session.held)
            else:
                self._forget(session)

    # --- what clients ask ------------------------------------------------------------------------------------------

    def _handshake(self, line: Line, message: Message, now: float) -> Fields:
        if self._closing:
            return _refused(messages.HANDSHAKE_DENIED, _begin_anew())
        self._make_room(line.owner.user)
        session = Session(self._client_ids(), line, acks=message.wants_acks, now=now)
        self._sessions[session.client_id] = session
        self._users.setdefault(line.owner.user, {})[session.client_id] = session
        self._deadlines.set(session, now + BAYEUX_EXPIRY_S)
        fields: Fields = {
            "successful": True,
            "version": "1.0",
            "minimumVersion": "1.0",
            "supportedConnectionTypes": self._transports,
            "clientId": session.client_id,
            "advice": _KEEP_ON,
        }
        return {**fields, "ext": {"ack": True}} if session.acks else fields

    def _connect(self, line: Line, message: Message, now: float, *, alone: bool) -> None:
        session = self._find(line, message, now)
        if session is None:
            line.replies.append(messages.encode_reply(message, _refused(messages.UNKNOWN_CLIENT, _begin_anew())))
            return
        if session.held is not None:
            self._overtake(session, session.held)
        if session.acks and message.acked is not None:
            session.outbox.acknowledge(message.acked)
        fields: Fields = {"successful": True}
        if message.advice is not None or session.transport is not line.transport:
            fields["advice"] = _KEEP_ON
        first, session.connected = not session.connected, True
        self._bind(session, line)
        held = session.held = Held(line, message, fields)
        hold_s = min(BAYEUX_HOLD_S, BAYEUX_HOLD_S if message.timeout_s is None else message.timeout_s)
        if first or not alone or hold_s == 0:
            self._answer(session, held, now)
            return
        self._deadlines.set(session, now + hold_s)
        if session.outbox:
            self._stir(session)

    def _subscribe(self, line: Line, message: Message, now: float) -> Fields:
        return self._change_subscriptions(line, message, self._add_subscription, now)

    def _unsubscribe(self, line: Line, message: Message, now: float) -> Fields:
        return self._change_subscriptions(line, message, self._remove_subscription, now)

    def _change_subscriptions(
        self, line: Line, message: Message, change: Callable[[Session, str], str | None], now: float
    ) -> Fields:
        """Applies the change name by name until one is refused; what went before it stays, as the reference has it."""
        session = self._find(line, message, now)
        if session is None:
            return _refused(messages.UNKNOWN_CLIENT)
        names = [message.subscription] if isinstance(message.subscription, str) else message.subscription
        if names is None or names == []:
            return _refused(messages.SUBSCRIPTION_MISSING)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return _refused(messages.SUBSCRIPTION_INVALID)
        error = next(filter(None, (change(session, name) for name in names)), None)
        outcome: Fields = {"successful": True} if error is None else _refused(error)
        return {**outcome, "subscription": message.subscription}

    @staticmethod
    def _add_subscription(session: Session, name: str) -> str | None:
        if not channels.is_pattern(name):
            return messages.SUBSCRIPTION_INVALID
        if channels.is_meta(name):
            return messages.SUBSCRIBE_DENIED
        if channels.is_service(name) or session.subscriptions.add(name):
            return None
        return messages.SUBSCRIBE_DENIED

    @staticmethod
    def _remove_subscription(session: Session, name: str) -> str | None:
        if session.subscriptions.remove(name) or (channels.is_service(name) and channels.is_pattern(name)):
            return None
        return messages.CHANNEL_MISSING

    def _disconnect(self, line: Line, message: Message, now: float) -> Fields:
        session = self._find(line, message, now)
        if session is None:
            return _refused(messages.UNKNOWN_CLIENT)
        session.outbox.clear()
        self._end(session, {"successful": True, "advice": _STOP})
        return {"successful": True}

    def _publish(self, line: Line, message: Message, now: float) -> Fields:
        """Clients have nothing to tell each other here; `/service/**` is accepted, and nobody listens to it."""
        if self._find(line, message, now) is None:
            return _refused(messages.UNKNOWN_CLIENT)
        if channels.is_service(message.channel):
            return {"successful": True}
        return _refused(messages.CREATE_DENIED if channels.is_meta(message.channel) else messages.PUBLISH_DENIED)

    # --- sessions --------------------------------------------------------------------------------------------------

    def _find(self, line: Line, message: Message, now: float) -> Session | None:
        """The session of a message, kept alive by it; somebody else's is as unknown as one that does not exist."""
        session = self._sessions.get(message.client_id) if isinstance(message.client_id, str) else None
        if session is None or session.owner != line.owner:
            return None
        session.heard_at = now
        if session.held is None:
            self._deadlines.set(session, now + BAYEUX_EXPIRY_S)
        return session

    def _bind(self, session: Session, line: Line) -> None:
        """From now on the session is reached by this line."""
        if session.line is not None and session.line is not line:
            session.line.sessions.discard(session)
        session.transport = line.transport
        session.line = line if line.transport is Transport.WEBSOCKET else None
        line.sessions.add(session)
        line.whole = line.transport is Transport.LONG_POLLING or session.acks

    def _make_room(self, user: str) -> None:
        sessions = self._users.get(user, {})
        if len(sessions) >= BAYEUX_CLIENTS_PER_USER_MAX:
            silent = min(sessions.values(), key=lambda session: session.heard_at)
            self._end(silent, _refused(messages.UNKNOWN_CLIENT, _begin_anew(BAYEUX_CROWDED_S)))

    def _overtake(self, session: Session, held: Held) -> None:
        """A newer connect takes the place of this one, which gets no messages; a socket's older connect just lapses."""
        session.held = None
        if held.line.transport is Transport.LONG_POLLING:
            held.line.overtaken = True
            self._wake(held.line)

    def _stir(self, session: Session) -> None:
        """Something waits in the session's outbox: let it out where there is a way."""
        if session.line is not None and not session.acks:
            session.line.due[session] = None
            self._wake(session.line)
        elif session.held is not None:
            self._release(session, session.held)

    def _release(self, session: Session, held: Held) -> None:
        if not held.released:
            held.released = True
            held.line.due[session] = None
            self._wake(held.line)

    def _answer(self, session: Session, held: Held, now: float) -> None:
        """Writes the connect reply, with the messages that wait, to its line; the session ages from now on."""
        fields = held.fields
        if session.acks:
            fields = {**fields, "ext": {"ack": self._numbers.get(session.owner.user, 0)}}
        held.line.messages += session.outbox.take()
        held.line.replies.append(messages.encode_reply(held.message, fields))
        session.held = None
        self._deadlines.set(session, now + BAYEUX_EXPIRY_S)

    def _end(self, session: Session, farewell: Fields) -> None:
        """Ends the session; its held connect, if any, is answered with what still waits and the farewell."""
        self._forget(session)
        if session.held is not None:
            line = session.held.line
            line.messages += session.outbox.take()
            line.replies.append(messages.encode_reply(session.held.message, farewell))
            session.held = None
            self._wake(line)

    def _forget(self, session: Session) -> None:
        self._deadlines.clear(session)
        if session.line is not None:
            session.line.sessions.discard(session)
        del self._sessions[session.client_id]
        user = self._users[session.owner.user]
        del user[session.client_id]
        if not user:
            del self._users[session.owner.user]

    def _wake(self, line: Line) -> None:
        if not line.stirred:
            line.stirred = True
            self._events.append(line)
