"""Who is who, and the states an agent can be in."""

import pytest

from telegraphone.domain.agent import AGENT_STATES, Agent, Device, DeviceView, Directory, Feature
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
    assert not DeviceView(ONE.device, registered, signed_in, None).active
    assert DeviceView(ONE.device, True, True, None).active


def test_the_documented_states() -> None:
    assert [(each.id, each.operation, each.state) for each in AGENT_STATES] == [
        ("9430250E-0A1B-421F-B372-F29E69366DED", "Ready", "Ready"),
        ("900D55CC-2BB0-431F-8BF9-D3525B383BE6", "NotReady", "NotReady"),
        ("D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", "AfterCallWork", "NotReady"),
        ("2B36138D-C564-4562-A8CB-3C32D564F296", "AuxWork", "NotReady"),
        ("0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", "Offline", "Logout"),
    ]
