"""Whatever arrives, the SIP engine does not break: it answers or ignores, stays within its bounds, and serves the next call."""

from pathlib import Path
from random import Random

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import PCMA, PCMU, TELEPHONE_EVENT, Direction, SessionDescription, answer
from telegraphone.wire.sip.events import RequestArrived
from telegraphone.wire.sip.message import MalformedMessage, parse_message, serialize
from telegraphone.wire.sip.stream import StreamParser
from telegraphone.wire.sip.transport import Flow
from tests.fuzz.bounded import rounds
from tests.unit.wire.sip.calls import established, pair
from tests.unit.wire.sip.network import Network, Node

TORTURE = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "fixtures/sip/torture").glob("*.dat"))]
PIECES = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b";",
    b",",
    b"<",
    b">",
    b'"',
    b"%",
    b"%00",
    b"@",
    b":",
    b" ",
    b"\t",
    b"=",
    b"\xff",
    b"\xc3\xa9",
]
LINES = [
    b"Content-Length: 99999999999\r\n",
    b"Via: \r\n",
    b"CSeq: 4294967295 INVITE\r\n",
    b"Require: \r\n",
    b"Route: <>\r\n",
    b"Record-Route: <x\r\n",
]
SOURCE = ("192.0.2.99", 5060)


def conversation() -> list[bytes]:
    """Every message of one call, from both sides."""
    network = Network()
    a, _, here, _ = established(network)
    a.hang_up(here)
    network.run(40)
    return [data for _, _, data in network.log]


SEEDS = TORTURE + conversation()


def mutate(random: Random, data: bytes) -> bytes:
    """A few cuts, swaps, repetitions and insertions."""
    for _ in range(random.randint(1, 6)):
        at, size = random.randint(0, len(data)), random.randint(0, 40)
        what = random.randint(0, 4)
        if what == 0:
            data = data[:at] + data[at + size :]
        elif what == 1:
            data = data[:at] + random.choice(PIECES) + data[at:]
        elif what == 2:
            data = data[:at] + data[at : at + size] * random.randint(2, 30) + data[at + size :]
        elif what == 3:
            start = data.find(b"\r\n") + 2
            data = data[:start] + random.choice(LINES) + data[start:]
        else:
            other = random.choice(SEEDS)
            data = data[:at] + other[at:]
    return data


def answer_all(node: Node, event: object) -> None:
    if isinstance(event, RequestArrived):
        node.respond(event, 180)
        node.respond(event, 200, b"answer")


@pytest.mark.parametrize("seed", range(8))
def test_mutated_messages(seed):
    for random in rounds(1, seed=f"{seed}.", share=1 / 8):
        mutated_messages(random)


def mutated_messages(random: Random) -> None:
    network = Network()
    a, b = pair(network, answer_all)
    for number in range(400):
        data = mutate(random, random.choice(SEEDS))
        source = random.choice((a.host, "192.0.2.99"))
        b.inject_raw(data, (source, 5060))
        flow = Flow("TCP", "192.0.2.99", 40000, number // 10 + 1)
        b.engine.receive_stream(flow, data, network.now)
        network.tell(b)
        for transmission in b.engine.data_to_send():
            if not transmission.data.startswith(b"\r\n"):
                readable_start = transmission.data.split(b" ", 1)[0]
                assert readable_start in {b"SIP/2.0", b"ACK", b"BYE"}
        if number % 10 == 9:
            b.engine.connection_lost(flow, network.now)
            network.run(random.uniform(0, 3))
    fresh = network.node("192.0.2.3")
    pending = fresh.invite(b)
    network.run(5)
    assert pending.confirmed is not None, "the next call works"
    fresh.hang_up(pending.confirmed)
    for _ in range(3):
        for dialog in list(b.engine.dialogs._dialogs.values()):
            b.hang_up(dialog)
        network.run(200)
    assert network.left_over() == 0


def test_noise():
    for random in rounds(300):
        data = random.randbytes(random.randint(0, 400))
        with pytest.raises(MalformedMessage):
            parse_message(data)
        StreamParser().receive_data(data)


def test_what_is_read_can_be_written_and_read_again():
    for random in rounds(300):
        try:
            message = parse_message(mutate(random, random.choice(SEEDS)))
        except MalformedMessage:
            continue
        again = parse_message(serialize(message))
        assert again.start_line() == message.start_line()
        assert again.headers.without("Content-Length") == message.headers.without("Content-Length")


DESCRIPTIONS = [data.partition(b"\r\n\r\n")[2] for data in TORTURE if b"v=0" in data]


def test_mutated_descriptions():
    for random in rounds(300):
        data = mutate(random, random.choice(DESCRIPTIONS))
        try:
            offered = SessionDescription.parse(data)
        except RemoteProtocolError:
            continue
        given_answer = answer(offered, (PCMU, PCMA, TELEPHONE_EVENT), Direction.SENDRECV, "192.0.2.2", 4000)
        assert len(given_answer.media) == len(offered.media)
        assert SessionDescription.parse(given_answer.serialize()).serialize() == given_answer.serialize()
