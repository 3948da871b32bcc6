"""The one rule of who hears whom, over every way in which ports come together and go."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from telegraphone.endpoints.media_ports import SocketPair
from telegraphone.services.ports import MediaAddress
from telegraphone.switches.exchange import media_port as wiring
from telegraphone.switches.exchange.media_port import MediaPort, Party, heard_by_rule
from telegraphone.switches.exchange.payloads import Payloads

ADDRESS = MediaAddress("192.0.2.1", 4_000)
UNUSED = cast("SocketPair", (None, None))
TALKING = Party(ADDRESS, Payloads(), 4_001)
HOLDING = Party(ADDRESS, Payloads(), 4_001, receives=False)


def ports(count: int) -> list[MediaPort]:
    return [MediaPort(UNUSED, ADDRESS, TALKING) for _ in range(count)]


def test_joined_ones_hear_each_other_and_nobody_else() -> None:
    first, second, third, fourth = ports(4)
    wiring.join((first, second, third))
    assert heard_by_rule(first) == (second, third)
    assert heard_by_rule(third) == (first, second)
    wiring.join((first, fourth))
    assert heard_by_rule(first) == (fourth,)
    assert heard_by_rule(second) == (third,)
    wiring.join((fourth,))
    assert heard_by_rule(first) == ()


def test_who_holds_at_the_phone_hears_nobody() -> None:
    first, second = ports(2)
    wiring.join((first, second))
    first.party = HOLDING
    assert heard_by_rule(first) == ()
    assert heard_by_rule(second) == (first,)


def test_a_supervisor_hears_the_conversation_and_is_heard_by_whom_it_says() -> None:
    customer, agent, supervisor, other = ports(4)
    wiring.join((customer, agent))
    wiring.monitor(supervisor, agent, (agent,))
    assert heard_by_rule(supervisor) == (agent, customer)
    assert heard_by_rule(agent) == (customer, supervisor)
    assert heard_by_rule(customer) == (agent,)
    wiring.monitor(supervisor, agent, ())
    assert heard_by_rule(agent) == (customer,)
    wiring.join((agent, other))
    assert heard_by_rule(supervisor) == (agent, other)
    agent.party = HOLDING
    assert heard_by_rule(supervisor) == ()


def test_whoever_goes_is_forgotten_by_all() -> None:
    customer, agent, supervisor = ports(3)
    wiring.join((customer, agent))
    wiring.monitor(supervisor, agent, (customer,))
    wiring.leave(agent)
    assert heard_by_rule(supervisor) == heard_by_rule(customer) == ()
    assert (supervisor.monitored, supervisor.audible_to, customer.coaches, agent.ears) == (None, (), (), ())


act = st.tuples(
    st.sampled_from(("join", "part", "monitor", "leave", "hold")),
    st.permutations(range(5)).map(tuple),
    st.integers(1, 5),
)


@given(st.lists(act, max_size=30))
def test_every_link_has_two_ends(acts: list[tuple[str, tuple[int, ...], int]]) -> None:
    """Whatever was done: links agree at both ends, nobody hears themselves, and who must be looked at anew is near."""
    five = ports(5)
    for what, order, count in acts:
        chosen = tuple(five[each] for each in order)
        before = {port: heard_by_rule(port) for port in five}
        changed = chosen[:count] if what == "join" else chosen[:1]
        near = wiring.around((*changed, *changed[0].ears) if what == "leave" else changed)
        match what:
            case "join":
                wiring.join(chosen[:count])
            case "part":
                wiring.part(chosen[0])
            case "monitor":
                wiring.monitor(chosen[0], chosen[1], chosen[1:count])
            case "leave":
                wiring.leave(chosen[0])
            case "hold":
                chosen[0].party = HOLDING if chosen[0].party is TALKING else TALKING
        near |= wiring.around(changed)
        assert {port for port in five if heard_by_rule(port) != before[port]} <= near
        for port in five:
            assert port not in heard_by_rule(port)
            assert all(port in other.joined for other in port.joined)
            assert all(other.monitored is port for other in port.ears)
            assert port.monitored is None or port in port.monitored.ears
            assert all(port in other.coaches for other in port.audible_to)
            assert all(port in other.audible_to for other in port.coaches)
