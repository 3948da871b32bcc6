"""Signing in and out, states, and whom it is told."""

import pytest

from telegraphone.domain.errors import DeviceNotRegistered, FeatureMissing, ParameterInvalid
from telegraphone.services.agents import Agents
from telegraphone.services.ports import DeviceNotice
from tests.unit.services.world import ONE, Ears, agent

OTHER = agent("nobody", "5009", frozenset())


def desk() -> tuple[Agents, Ears]:
    ears = Ears()
    agents = Agents(ears)
    agents.phone_registered(ONE, "5001", registered=True)
    return agents, ears


def changes(ears: Ears) -> list[tuple[bool, str, bool]]:
    told = [(each.device.active, each.device.user_state.state if each.device.user_state else "", each.state_changed)
            for each in ears.notices if isinstance(each, DeviceNotice)]  # fmt: skip
    ears.notices.clear()
    return told


def test_a_day() -> None:
    agents, ears = desk()
    agents.sign_in(ONE)
    agents.sign_in(ONE)
    assert changes(ears) == [(True, "", True)]
    agents.set_state(ONE, "Ready")
    agents.set_state(ONE, "Ready")
    assert changes(ears) == [(True, "Ready", True)]
    agents.phone_registered(ONE, "5001", registered=False)
    agents.phone_registered(ONE, "5001", registered=True)
    agents.phone_registered(ONE, "5001", registered=True)
    assert changes(ears) == [(False, "Ready", False), (True, "Ready", False)]
    agents.phone_registered(ONE, "5001", registered=False)
    agents.sign_in(ONE)
    agents.phone_registered(ONE, "5001", registered=True)
    changes(ears)
    agents.set_state(ONE, "Offline")
    agents.sign_out(ONE)
    assert changes(ears) == [(False, "", True)]


def test_who_is_not_at_work_is_not_told_of_the_phone() -> None:
    agents, ears = desk()
    agents.phone_registered(ONE, "5001", registered=False)
    assert changes(ears) == []
    assert not agents.is_registered("5001")


def test_refusals() -> None:
    agents, _ = desk()
    with pytest.raises(DeviceNotRegistered):
        agents.set_state(ONE, "Ready")
    with pytest.raises(ParameterInvalid):
        agents.set_state(ONE, "Asleep")
    with pytest.raises(FeatureMissing):
        agents.sign_in(OTHER)
    agents.phone_registered(ONE, "5001", registered=False)
    with pytest.raises(DeviceNotRegistered):
        agents.sign_in(ONE)
    assert agents.device(ONE) is not None
