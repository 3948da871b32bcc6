"""Batches, acknowledgements and bounds of one client's messages (cometd 1.7)."""

from telegraphone.limits import BAYEUX_QUEUE_BYTES_MAX, BAYEUX_QUEUE_MAX
from telegraphone.wire.bayeux.outbox import Outbox


def filled(*messages: bytes, acks: bool = True) -> Outbox:
    outbox = Outbox(acks=acks)
    assert all(outbox.put(message) for message in messages)
    return outbox


def test_without_acknowledgements_a_batch_is_sent_once() -> None:
    outbox = filled(b"a", b"b", acks=False)
    assert outbox.close_batch() == ([b"a", b"b"], 1)
    assert outbox.close_batch() == ([], 2)


def test_an_acknowledged_batch_is_dropped() -> None:
    outbox = filled(b"a")
    assert outbox.close_batch() == ([b"a"], 1)
    outbox.put(b"b")
    outbox.acknowledge(1)
    assert outbox.close_batch() == ([b"b"], 2)


def test_lost_batches_add_up_under_new_numbers() -> None:
    outbox = filled(b"a")
    outbox.close_batch()
    outbox.put(b"b")
    assert outbox.close_batch() == ([b"a", b"b"], 2)
    outbox.put(b"c")
    assert outbox.close_batch() == ([b"a", b"b", b"c"], 3)
    outbox.acknowledge(2)
    assert outbox.close_batch() == ([b"c"], 4)


def test_an_empty_batch_acknowledges_what_was_before_it() -> None:
    outbox = filled(b"a")
    outbox.close_batch()
    assert outbox.close_batch() == ([b"a"], 2)
    assert outbox.close_batch() == ([b"a"], 3)
    outbox.acknowledge(2)
    assert outbox.close_batch() == ([], 4)


def test_first_values_and_old_numbers_acknowledge_nothing() -> None:
    outbox = filled(b"a")
    for batch in (-1, 0):
        outbox.acknowledge(batch)
        assert outbox
    outbox.close_batch()
    outbox.acknowledge(1)
    outbox.put(b"b")
    outbox.close_batch()
    outbox.acknowledge(1)
    assert outbox.close_batch() == ([b"b"], 3)


def test_a_future_number_clears_everything() -> None:
    outbox = filled(b"a", b"b")
    outbox.acknowledge(99)
    assert not outbox
    assert outbox.close_batch() == ([], 1)


def test_messages_are_bounded() -> None:
    outbox = filled(*[b"x"] * BAYEUX_QUEUE_MAX)
    assert not outbox.put(b"x")
    outbox.close_batch()
    assert not outbox.put(b"x")
    outbox.acknowledge(1)
    assert outbox.put(b"x")


def test_bytes_are_bounded() -> None:
    outbox = filled(b"x" * (BAYEUX_QUEUE_BYTES_MAX - 1))
    assert not outbox.put(b"xx")
    assert outbox.put(b"x")
    outbox.clear()
    assert outbox.put(b"x" * BAYEUX_QUEUE_BYTES_MAX)


def test_bytes_are_given_back_without_acknowledgements() -> None:
    outbox = filled(b"x" * BAYEUX_QUEUE_BYTES_MAX, acks=False)
    outbox.close_batch()
    assert outbox.put(b"x" * BAYEUX_QUEUE_BYTES_MAX)


def test_lost_replies_keep_no_more_notes_than_messages() -> None:
    outbox = filled(b"a")
    for _ in range(10_000):
        outbox.close_batch()
    assert len(outbox._batches) == 1
