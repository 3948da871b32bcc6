"""Signing in and out, states, where calls go, whom it is told, and what of it is kept."""

import pytest

from telegraphone.database.memory import MemoryDesks
from telegraphone.domain.agent import AGENT_STATES, AgentState, DeviceOperation, Directory
from telegraphone.domain.errors import DeviceNotRegistered, FeatureMissing, ParameterInvalid
from telegraphone.services.agents import Agents
from telegraphone.services.desks import KeptDesk
from telegraphone.services.ports import DeviceNotice, Unavailable
from tests.unit.services.world import ONE, Ears, agent

OTHER = agent("nobody", "5009", frozenset())
LUNCH = AgentState("0C1D", "Lunch", "Lunch break", "NotReady", reason="lunch")


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


async def test_a_day() -> None:
    agents, ears = desk()
    await agents.sign_in(ONE)
    await agents.sign_in(ONE)
    assert changes(ears) == [(True, "", True)]
    await agents.set_state(ONE, "Ready")
    await agents.set_state(ONE, "Ready")
    assert changes(ears) == [(True, "Ready", True)]
    agents.phone_registered(ONE, "5001", registered=False)
    agents.phone_registered(ONE, "5001", registered=True)
    agents.phone_registered(ONE, "5001", registered=True)
    assert changes(ears) == [(False, "Ready", False), (True, "Ready", False)]
    agents.phone_registered(ONE, "5001", registered=False)
    await agents.sign_in(ONE)
    agents.phone_registered(ONE, "5001", registered=True)
    changes(ears)
    await agents.set_state(ONE, "Offline")
    await agents.sign_out(ONE)
    assert changes(ears) == [(False, "", True)]


def test_who_is_not_at_work_is_not_told_of_the_phone() -> None:
    agents, ears = desk()
    agents.phone_registered(ONE, "5001", registered=False)
    assert changes(ears) == []
    assert not agents.is_registered("5001")


async def test_refusals() -> None:
    agents, _ = desk()
    with pytest.raises(DeviceNotRegistered):
        await agents.set_state(ONE, "Ready")
    with pytest.raises(ParameterInvalid):
        await agents.set_state(ONE, "Asleep")
    with pytest.raises(FeatureMissing):
        await agents.sign_in(OTHER)
    agents.phone_registered(ONE, "5001", registered=False)
    with pytest.raises(DeviceNotRegistered):
        await agents.sign_in(ONE)
    assert agents.device(ONE) is not None


async def test_an_installation_has_states_of_its_own() -> None:
    agents = Agents(Ears(), states=(*AGENT_STATES, LUNCH))
    agents.phone_registered(ONE, "5001", registered=True)
    await agents.sign_in(ONE)
    assert agents.knows_state("Lunch")
    await agents.set_state(ONE, "Lunch")
    device = agents.device(ONE)
    assert device is not None
    assert device.user_state == LUNCH


async def test_where_calls_go() -> None:
    agents, ears = desk()
    await agents.sign_in(ONE)
    changes(ears)
    assert agents.reached("5001") == "5001"
    for _ in range(2):
        await agents.operate(ONE, DeviceOperation.DO_NOT_DISTURB_ON)
    assert changes(ears) == [(True, "", False)], "told once, and no change of the agent's state"
    assert agents.reached("5001") is None
    await agents.operate(ONE, DeviceOperation.FORWARD_CALLS_ON, "5002")
    await agents.sign_out(ONE)
    assert agents.reached("5001") == "5002", "also after work"


async def test_calls_are_not_sent_away_from_nowhere() -> None:
    agents, _ = desk()
    with pytest.raises(DeviceNotRegistered):
        await agents.operate(ONE, DeviceOperation.DO_NOT_DISTURB_ON)
    await agents.sign_in(ONE)
    with pytest.raises(ParameterInvalid):
        await agents.operate(ONE, DeviceOperation.FORWARD_CALLS_ON, "5001")
    with pytest.raises(FeatureMissing):
        await agents.operate(OTHER, DeviceOperation.DO_NOT_DISTURB_ON)


async def test_a_restart_signs_nobody_out() -> None:
    kept = MemoryDesks()
    before = Agents(Ears(), kept=kept)
    before.phone_registered(ONE, "5001", registered=True)
    await before.sign_in(ONE)
    await before.set_state(ONE, "Ready")
    await before.operate(ONE, DeviceOperation.FORWARD_CALLS_ON, "5002")
    await kept.put(KeptDesk("who.left", signed_in=True, state="Ready", do_not_disturb=True, forward_to=""))
    after = Agents(Ears(), kept=kept)
    await after.load(Directory((ONE,)))
    after.phone_registered(ONE, "5001", registered=True)
    assert after.device(ONE) == before.device(ONE)
    assert after.reached("5001") == "5002"


class _Away(MemoryDesks):
    async def put(self, desk: KeptDesk) -> None:
        raise Unavailable("database")


async def test_work_goes_on_without_the_database() -> None:
    agents = Agents(Ears(), kept=_Away())
    agents.phone_registered(ONE, "5001", registered=True)
    await agents.sign_in(ONE)
    device = agents.device(ONE)
    assert device is not None
    assert device.active
