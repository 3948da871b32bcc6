"""The whole grid of the four machines: every state and input, the timers of each, and random lives."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.transaction import (
    FIRST,
    OURS,
    TABLE,
    Effect,
    Input,
    Kind,
    State,
    linger_delay,
    repeat_delay,
    step,
)

OPTIONS = SipOptions(host="192.0.2.1")
CLIENT_INPUTS = "START PROVISIONAL SUCCESS FAILURE CANCELLED REPEAT GIVE_UP LINGER TRANSPORT_FAILED"
SERVER_INPUTS = "START REQUEST ACK SEND_PROVISIONAL SEND_SUCCESS SEND_FAILURE REPEAT GIVE_UP LINGER"

# As one would read it from RFC 3261 figures 5 to 8 with RFC 6026 sections 7.1 and 7.2: the next state by its first letters,
# "." nothing happens, "x" our own mistake, "=" stays and does something.
GRID = {
    Kind.INVITE_CLIENT: (
        CLIENT_INPUTS,
        """
        CALLING    =  PROC  ACCE  COMP  .  =  TERM  .     TERM
        PROCEEDING x  =     ACCE  COMP  =  .  TERM  .     TERM
        ACCEPTED   x  .     =     .     .  .  .     TERM  .
        COMPLETED  x  .     .     =     .  .  .     TERM  .
        TERMINATED x  .     .     .     .  .  .     .     .
        """,
    ),
    Kind.CLIENT: (
        CLIENT_INPUTS,
        """
        TRYING     =  PROC  COMP  COMP  .  =  TERM  .     TERM
        PROCEEDING x  =     COMP  COMP  .  =  TERM  .     TERM
        COMPLETED  x  .     .     .     .  .  .     TERM  .
        TERMINATED x  .     .     .     .  .  .     .     .
        """,
    ),
    Kind.INVITE_SERVER: (
        SERVER_INPUTS,
        """
        PROCEEDING =  =  .     =  ACCE  COMP  .  .     .
        ACCEPTED   x  .  =     x  =     x     .  .     TERM
        COMPLETED  x  =  CONF  x  x     x     =  TERM  .
        CONFIRMED  x  .  .     x  x     x     .  .     TERM
        TERMINATED x  .  .     x  x     x     .  .     .
        """,
    ),
    Kind.SERVER: (
        SERVER_INPUTS,
        """
        TRYING     =  .  .  PROC  COMP  COMP  .  TERM  .
        PROCEEDING x  =  .  =     COMP  COMP  .  TERM  .
        COMPLETED  x  =  .  x     x     x     .  .     TERM
        TERMINATED x  .  .  x     x     x     .  .     .
        """,
    ),
}


def rows():
    for kind, (inputs, grid) in GRID.items():
        for line in grid.strip().splitlines():
            state, *cells = line.split()
            for name, cell in zip(inputs.split(), cells, strict=True):
                yield kind, State[state], Input[name], cell


@pytest.mark.parametrize(("kind", "state", "what", "cell"), list(rows()))
def test_the_grid(kind, state, what, cell):
    if cell == "x":
        with pytest.raises(LocalProtocolError, match=what.name):
            step(kind, state, what)
        return
    result = step(kind, state, what)
    if cell == ".":
        assert (result.state, result.effects) == (state, ())
    elif cell == "=":
        assert result.state is state
        assert result.effects
    else:
        assert result.state.name.startswith(cell)


def test_nothing_in_the_tables_is_outside_the_grid():
    drawn = {(kind, state, what) for kind, state, what, _ in rows()}
    assert {(kind, *key) for kind, table in TABLE.items() for key in table} <= drawn


@pytest.mark.parametrize(("kind", "state"), list(product(Kind, State)))
def test_a_foreign_input_changes_nothing(kind, state):
    for what in set(Input) - OURS - {key[1] for key in TABLE[kind]}:
        assert step(kind, state, what).state is state


@pytest.mark.parametrize(
    ("kind", "what", "expected"),
    [
        (Kind.INVITE_CLIENT, Input.FAILURE, (Effect.DISARM, Effect.ACKNOWLEDGE, Effect.DELIVER, Effect.ARM_LINGER)),
        (Kind.INVITE_CLIENT, Input.SUCCESS, (Effect.DISARM, Effect.DELIVER, Effect.ARM_LINGER)),
        (Kind.INVITE_SERVER, Input.SEND_FAILURE, (Effect.TRANSMIT, Effect.ARM_REPEAT, Effect.ARM_GIVE_UP)),
        (Kind.INVITE_SERVER, Input.SEND_SUCCESS, (Effect.TRANSMIT, Effect.ARM_LINGER)),
    ],
)
def test_effects_come_in_order(kind, what, expected):
    assert step(kind, FIRST[kind], what).effects == expected


def test_a_failure_is_delivered_once_and_acknowledged_every_time():
    first = step(Kind.INVITE_CLIENT, State.PROCEEDING, Input.FAILURE)
    again = step(Kind.INVITE_CLIENT, first.state, Input.FAILURE)
    assert again.effects == (Effect.ACKNOWLEDGE,)


@given(st.sampled_from(Kind), st.lists(st.sampled_from(sorted(set(Input) - {Input.START}, key=lambda one: one.name))))
def test_a_random_life_never_leaves_the_dead_nor_tells_two_failures(kind, inputs):
    state, told, died = FIRST[kind], 0, False
    for what in inputs:
        try:
            result = step(kind, state, what)
        except LocalProtocolError:
            continue
        assert not died or result.state is State.TERMINATED
        told += sum(effect in {Effect.TIMED_OUT, Effect.FAILED} for effect in result.effects)
        state, died = result.state, result.state is State.TERMINATED
    assert told <= 1


@pytest.mark.parametrize(
    ("kind", "state", "delays"),
    [
        (Kind.INVITE_CLIENT, State.CALLING, [0.5, 1, 2, 4, 8, 16]),
        (Kind.CLIENT, State.TRYING, [0.5, 1, 2, 4, 4, 4]),
        (Kind.CLIENT, State.PROCEEDING, [4, 4, 4]),
        (Kind.INVITE_SERVER, State.COMPLETED, [0.5, 1, 2, 4, 4]),
    ],
)
def test_how_often_a_message_is_repeated(kind, state, delays):
    assert [repeat_delay(kind, state, number, OPTIONS) for number in range(1, len(delays) + 1)] == delays


@pytest.mark.parametrize(
    ("kind", "state", "unreliable", "reliable"),
    [
        (Kind.INVITE_CLIENT, State.COMPLETED, 32, 0),
        (Kind.INVITE_CLIENT, State.ACCEPTED, 32, 32),
        (Kind.CLIENT, State.COMPLETED, 5, 0),
        (Kind.INVITE_SERVER, State.CONFIRMED, 5, 0),
        (Kind.INVITE_SERVER, State.ACCEPTED, 32, 32),
        (Kind.SERVER, State.COMPLETED, 32, 0),
    ],
)
def test_how_long_stragglers_are_awaited(kind, state, unreliable, reliable):
    assert linger_delay(kind, state, reliable=False, options=OPTIONS) == unreliable
    assert linger_delay(kind, state, reliable=True, options=OPTIONS) == reliable
