"""Whatever a client sends, the Bayeux engine answers with Bayeux or refuses the whole, and other clients go on; and whatever
bytes come on a connection, the web server's short way neither breaks nor answers for somebody else.

FUZZ_SECONDS says how long the mutations go on; without it they are a few thousand.
"""

import asyncio
import json
from itertools import count
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from telegraphone.wire.bayeux import BayeuxServer, Owner, Transport
from telegraphone.wire.errors import RemoteProtocolError
from tests.fuzz.bounded import examples, rounds
from tests.unit.web.cometd.visits import connect, site
from tests.unit.web.cometd.wires import Server, request

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
@settings(max_examples=examples(300, a_second=10), deadline=None)
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


# --- mutations of good bytes, for as long as is asked ------------------------------------------------------------------

PIECES = [b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\u0000", b"\xff", b"null", b"-1", b"1e999", b"/**", b"/meta/", b"message="]
PIECES += [b"\r\n", b"\r\n\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"user: carl\r\n", b"\0", b" "]
TALK: list[dict[str, Any]] = [
    {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"], "ext": {"ack": True}},
    {"channel": "/meta/subscribe", "clientId": "client-2", "subscription": ["/v2/me/*", CALLS], "id": "3"},
    {
        "channel": "/meta/connect",
        "clientId": "client-2",
        "connectionType": "long-polling",
        "ext": {"ack": 4},
        "advice": {"timeout": 0},
    },
    {"channel": "/meta/unsubscribe", "clientId": "client-2", "subscription": CALLS},
    {"channel": CALLS, "clientId": "client-2", "data": {"a": [1, 2.5, None, "\u00e9"]}},
    {"channel": "/meta/disconnect", "clientId": "client-2"},
]


def mutated(random: Random, data: bytes) -> bytes:
    """The bytes with a few pieces put in, taken out or put twice."""
    for _ in range(random.randint(0, 3)):
        at, size = random.randint(0, len(data)), random.randint(0, 9)
        middle = random.choice([b"", random.choice(PIECES), data[at : at + size] * 2, random.randbytes(size)])
        data = data[:at] + middle + data[at + size :]
    return data


def test_mutated_messages() -> None:
    rig = Rig()
    for now, random in enumerate(rounds(3_000)):
        messages = [random.choice(TALK) for _ in range(random.choice([1, 1, 1, 2, 5]))]
        body = mutated(random, json.dumps(messages).encode())
        for reply in rig.attempt(MALLORY, random.choice(list(Transport)), body, now / 100):
            assert isinstance(reply["channel"], str)
        rig.server.events()
        rig.server.on_deadline(now / 100)
        if now % 100 == 0:
            rig.server.deliver("kate", CALLS, b"%d" % now)
            heard = rig.say(KATE, {"channel": "/meta/connect", "clientId": rig.kate}, now / 100)
            assert heard[0] == {"channel": CALLS, "data": now}


async def test_mutated_requests() -> None:
    async with site() as here:
        server = Server(here)
        kates, hers = server.connect(), {"channel": "/meta/handshake"}
        kates.post(hers)
        await kates.answer()
        for random in rounds(1_000):
            wire = server.connect()
            wire.post({"channel": "/meta/handshake"}, user="mallory")
            client_id = (await wire.answer())[2][0]["clientId"]
            good = request(json.dumps([connect(client_id, advice={"timeout": 0})]).encode(), user="mallory")
            data = b"".join(mutated(random, good) for _ in range(random.randint(1, 3)))
            for piece in (data[: len(data) // 2], data[len(data) // 2 :]) if random.random() < 0.3 else (data,):
                if not wire.pipe.closed:
                    wire.feed(piece)
            for _ in range(20):
                await asyncio.sleep(0)
            wire.lose()
            kates.post(hers)
            assert (await kates.answer())[2][0]["successful"]
            here.notifications.end_sign_in("mallory", "mallory-1")
