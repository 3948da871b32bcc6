"""Who is who, and the states an agent can be in."""

import pytest

from telegraphone.domain.agent import AGENT_STATES, Agent, Desk, Device, DeviceOperation, DeviceView, Directory, Feature, reached
from telegraphone.domain.ids import Dn

ONE = Agent("one", "1" * 32, device=Device("device-one", Dn("5001")))
TWO = Agent("two", "2" * 32)


def test_agents_are_found_by_login_and_by_number() -> None:
    directory = Directory((ONE, TWO))
    assert directory.agents() == (ONE, TWO)
    assert directory.by_user("two") is TWO
    assert directory.by_user("nobody") is None
    assert directory.at("5001") is ONE
    assert directory.at("5002") is None


def test_two_agents_cannot_share_a_name() -> None:
    with pytest.raises(AssertionError):
        Directory((ONE, ONE))


def test_features_are_given_one_by_one() -> None:
    assert ONE.has(Feature.VOICE_RECORDING)
    assert not ONE.has(Feature.SUPERVISOR_MONITORING)


@pytest.mark.parametrize(("registered", "signed_in"), [(False, False), (False, True), (True, False)])
def test_a_device_is_active_only_when_it_can_make_calls(registered: bool, signed_in: bool) -> None:
    assert ONE.device is not None
    assert not DeviceView(ONE.device, registered, Desk(signed_in)).active
    assert DeviceView(ONE.device, True, Desk(True)).active


def test_the_documented_states() -> None:
    assert [(each.id, each.operation, each.state) for each in AGENT_STATES] == [
        ("9430250E-0A1B-421F-B372-F29E69366DED", "Ready", "Ready"),
        ("900D55CC-2BB0-431F-8BF9-D3525B383BE6", "NotReady", "NotReady"),
        ("D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", "AfterCallWork", "NotReady"),
        ("2B36138D-C564-4562-A8CB-3C32D564F296", "AuxWork", "NotReady"),
        ("0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", "Offline", "Logout"),
    ]


def test_a_repeated_operation_changes_nothing() -> None:
    for operation in DeviceOperation:
        once = Desk(True, do_not_disturb=True, forward_to="5009").after(operation, "5002")
        assert once.after(operation, "5002") == once


def test_what_is_offered_undoes_what_was_done() -> None:
    assert ONE.device is not None
    fresh = DeviceView(ONE.device, True, Desk(True))
    assert fresh.capabilities == (DeviceOperation.DO_NOT_DISTURB_ON, DeviceOperation.FORWARD_CALLS_ON)
    busy = DeviceView(ONE.device, True, Desk(True, do_not_disturb=True, forward_to="5002"))
    assert busy.capabilities == (DeviceOperation.DO_NOT_DISTURB_OFF, DeviceOperation.FORWARD_CALLS_OFF)
    assert DeviceView(ONE.device, False, Desk(True)).capabilities == ()


def test_going_home_leaves_the_calls_where_they_go() -> None:
    desk = Desk(True, AGENT_STATES[0], do_not_disturb=True, forward_to="5002").at_work(signed_in=False)
    assert desk == Desk(False, None, do_not_disturb=True, forward_to="5002")


@pytest.mark.parametrize(
    ("called", "rings"),
    [
        ("5000", "5000"),
        ("5001", "5001"),
        ("5002", None),
        ("5003", "5009"),
        ("5004", "5009"),
        ("5005", None),
        ("5006", None),
        ("5007", None),
        ("5008", "5001"),
    ],
    ids=["nobody's", "free", "disturbed by nothing", "outside", "twice", "circle", "circle", "to one who is not", "though"],
)
def test_where_calls_ring(called: str, rings: str | None) -> None:
    desks = {
        "5001": Desk(True),
        "5002": Desk(True, do_not_disturb=True),
        "5003": Desk(forward_to="5009"),
        "5004": Desk(forward_to="5003"),
        "5005": Desk(forward_to="5006"),
        "5006": Desk(forward_to="5005"),
        "5007": Desk(forward_to="5002"),
        "5008": Desk(do_not_disturb=True, forward_to="5001"),
    }
    assert reached(called, desks.get) == rings
