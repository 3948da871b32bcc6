"""Numbers, acknowledgements and bounds of one client's messages."""

from telegraphone.limits import BAYEUX_QUEUE_BYTES_MAX, BAYEUX_QUEUE_MAX
from telegraphone.wire.bayeux.outbox import Outbox


def filled(*messages: bytes, acks: bool = True) -> Outbox:
    """Messages with the numbers 1, 2, 3 …"""
    outbox = Outbox(acks=acks)
    assert all(outbox.put(number, message) for number, message in enumerate(messages, 1))
    return outbox


def test_without_acknowledgements_a_message_is_given_once() -> None:
    outbox = filled(b"a", b"b", acks=False)
    assert outbox.take() == [b"a", b"b"]
    assert outbox.take() == []


def test_what_was_taken_is_given_again_until_it_is_acknowledged() -> None:
    outbox = filled(b"a", b"b", b"c")
    assert outbox.take() == [b"a", b"b", b"c"]
    outbox.acknowledge(2)
    assert outbox.take() == [b"c"]
    outbox.put(7, b"d")
    assert outbox.take() == [b"c", b"d"]
    outbox.acknowledge(7)
    assert outbox.take() == []


def test_a_number_between_two_messages_acknowledges_what_is_below_it() -> None:
    outbox = filled(b"a")
    outbox.put(5, b"b")
    outbox.acknowledge(4)
    assert outbox.take() == [b"b"]


def test_first_values_and_old_numbers_acknowledge_nothing() -> None:
    outbox = filled(b"a")
    for number in (-1, 0):
        outbox.acknowledge(number)
        assert outbox
    outbox.acknowledge(1)
    outbox.put(2, b"b")
    outbox.acknowledge(1)
    assert outbox.take() == [b"b"]


def test_a_future_number_clears_everything() -> None:
    outbox = filled(b"a", b"b")
    outbox.acknowledge(99)
    assert not outbox


def test_messages_are_bounded() -> None:
    outbox = filled(*[b"x"] * BAYEUX_QUEUE_MAX)
    assert not outbox.put(9_999, b"x")
    outbox.take()
    assert not outbox.put(9_999, b"x")
    outbox.acknowledge(1)
    assert outbox.put(9_999, b"x")


def test_bytes_are_bounded() -> None:
    outbox = filled(b"x" * (BAYEUX_QUEUE_BYTES_MAX - 1))
    assert not outbox.put(2, b"xx")
    assert outbox.put(2, b"x")
    outbox.clear()
    assert outbox.put(3, b"x" * BAYEUX_QUEUE_BYTES_MAX)


def test_bytes_are_given_back_by_acknowledging_and_without_it_by_taking() -> None:
    for acks in (True, False):
        outbox = filled(b"x" * BAYEUX_QUEUE_BYTES_MAX, acks=acks)
        outbox.take()
        outbox.acknowledge(1)
        assert outbox.put(2, b"x" * BAYEUX_QUEUE_BYTES_MAX)
