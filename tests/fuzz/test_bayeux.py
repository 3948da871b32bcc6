"""Whatever a client sends, the Bayeux engine answers with Bayeux or refuses the whole, and other clients go on."""

import json
from itertools import count
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from telegraphone.wire.bayeux import BayeuxServer, Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError

KATE, MALLORY = Owner("kate", "sign-in-1"), Owner("mallory", "sign-in-2")
CALLS = "/v2/me/calls"
META = ["/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect", "/meta/foo"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from([*META, CALLS, "/**", "/v2/*", "/service/x", "/a/*/b", "/", "a", "//"]) | st.text(max_size=12)
messages = st.fixed_dictionaries(
    {"channel": st.sampled_from(META) | names | anything},
    optional={
        "clientId": st.sampled_from(["client-1", "client-2", "client-3"]) | anything,
        "id": st.text(max_size=5) | anything,
        "subscription": names | st.lists(names, max_size=3) | anything,
        "advice": st.fixed_dictionaries({}, optional={"timeout": st.just(0) | anything}) | anything,
        "ext": st.fixed_dictionaries({}, optional={"ack": st.booleans() | st.integers(-2, 9) | anything}) | anything,
        "connectionType": anything,
        "data": anything,
    },
)
bodies = (
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | anything.map(json.dumps).map(str.encode)
    | st.lists(messages, max_size=4).map(json.dumps).map(str.encode)
    | messages.map(json.dumps).map(str.encode)
)


class Rig:
    """A server where kate has one good client, and mallory one that she uses as she likes."""

    def __init__(self) -> None:
        numbers = count(1)
        self.server = BayeuxServer(lambda: f"client-{next(numbers)}")
        self.kate = self.say(KATE, {"channel": "/meta/handshake"})[0]["clientId"]
        self.say(KATE, {"channel": "/meta/subscribe", "clientId": self.kate, "subscription": "/**"})
        self.say(KATE, {"channel": "/meta/connect", "clientId": self.kate})
        self.say(MALLORY, {"channel": "/meta/handshake", "ext": {"ack": True}})

    def say(self, owner: Owner, message: dict[str, Any], now: float = 0.0) -> list[Any]:
        return self.attempt(owner, Transport.LONG_POLLING, json.dumps(message).encode(), now)

    def attempt(self, owner: Owner, transport: Transport, body: bytes, now: float) -> list[Any]:
        line = self.server.open_line(owner, transport)
        try:
            self.server.receive(line, body, now)
            return [message for frame in self.server.data_to_send(line, now) for message in json.loads(frame)]
        except RemoteProtocolError as error:
            refused = error.status
        finally:
            self.server.close_line(line, now)
        assert refused in {400, 413, 500}
        assert not line.pending
        return []


@given(st.lists(st.tuples(bodies, st.sampled_from(Transport)), max_size=8))
@example(
    [
        (
            b'[{"channel":"/meta/connect","clientId":"client-2"},{"channel":"/meta/connect","clientId":"client-2"}]',
            Transport.WEBSOCKET,
        )
    ]
)
@example([(b"[" * 60_000, Transport.LONG_POLLING), (b'{"data":' * 7_000, Transport.WEBSOCKET)])
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent(attempts: list[tuple[bytes, Transport]]) -> None:
    rig = Rig()
    for number, (body, transport) in enumerate(attempts):
        for reply in rig.attempt(MALLORY, transport, body, float(number)):
            assert isinstance(reply["channel"], str)
            assert isinstance(reply["successful"], bool)
            assert reply["successful"] or reply["error"].split(":")[0] in {"400", "402", "403"}
            assert isinstance(reply.get("id", ""), str)
        rig.server.events()
    rig.server.deliver("kate", CALLS, b"1")
    rig.server.deliver("mallory", CALLS, b"2")
    heard = rig.say(KATE, {"channel": "/meta/connect", "clientId": rig.kate}, float(len(attempts)))
    assert heard == [{"channel": CALLS, "data": 1}, {"channel": "/meta/connect", "successful": True}]
