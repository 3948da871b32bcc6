"""Which payload type a packet gets for the other party, and when it is transcoded."""

from telegraphone.media.g711 import A_TO_MU, MU_TO_A
from telegraphone.switches.exchange.payloads import Payloads, Route, routes

BOTH = Payloads({0: "PCMU", 8: "PCMA", 101: "telephone-event"}, {"PCMU": 0, "PCMA": 8, "telephone-event": 101})
MU = Payloads({0: "PCMU"}, {"PCMU": 0})
A = Payloads({8: "PCMA"}, {"PCMA": 8})


def test_what_both_know_passes_as_it_is() -> None:
    assert routes(BOTH, BOTH) == {0: Route(0), 8: Route(8), 101: Route(101)}


def test_the_other_law_is_translated() -> None:
    assert routes(MU, A) == {0: Route(8, MU_TO_A)}
    assert routes(A, MU) == {8: Route(0, A_TO_MU)}


def test_keys_get_the_number_the_other_knows_them_by() -> None:
    other = Payloads({0: "PCMU", 96: "telephone-event"}, {"PCMU": 0, "telephone-event": 96})
    assert routes(BOTH, other)[101] == Route(96)


def test_what_the_other_cannot_take_goes_nowhere() -> None:
    assert 101 not in routes(BOTH, MU)
    assert routes(BOTH, Payloads()) == {}
