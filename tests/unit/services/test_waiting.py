"""Waiting no longer than agreed, and the line in front of a call's actor."""

import asyncio

import pytest

from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import LegHeld
from telegraphone.domain.operations import Operation
from telegraphone.limits import COMMANDS_WAITING_MAX, MAILBOX_MAX
from telegraphone.services.catalogue import By
from telegraphone.services.mailbox import Asked, Command, Forgotten, Mailbox, MailboxOverflow
from telegraphone.services.ports import Unavailable
from telegraphone.services.waiting import Limit
from tests.scenario.clock import VirtualClock, settle

HANGUP = Command(Operation.HANGUP, CallUuid("call"), LegId("leg"), By("agent"))


class TestLimit:
    async def test_answers_and_errors_pass(self) -> None:
        async def answer() -> int:
            return 7

        async def fail() -> int:
            raise KeyError("x")

        limit = Limit(VirtualClock(), 3)
        assert await limit.answer("x", answer()) == 7
        with pytest.raises(KeyError):
            await limit.answer("x", fail())

    async def test_all_answers_together_have_the_limit(self) -> None:
        clock = VirtualClock()
        limit = Limit(clock, 3)
        asked = asyncio.create_task(limit.answer("x", clock.sleep_until(clock.now() + 2)))
        await clock.advance(2)
        await asked
        ended = []

        async def slow() -> None:
            try:
                await clock.sleep_until(clock.now() + 2)
            finally:
                ended.append(clock.now())

        asked = asyncio.create_task(limit.answer("x", slow()))
        await clock.advance(1)
        with pytest.raises(Unavailable, match="no answer within 3 s"):
            await asked
        assert ended == [clock.now()], "what is late is cancelled"

    async def test_who_stops_waiting_cancels(self) -> None:
        clock, ended = VirtualClock(), []

        async def slow() -> None:
            try:
                await clock.sleep_until(clock.now() + 2)
            finally:
                ended.append(True)

        asked = asyncio.create_task(Limit(clock, 3).answer("x", slow()))
        await settle()
        asked.cancel()
        await settle()
        assert ended == [True]


class TestMailbox:
    async def test_in_order(self) -> None:
        mailbox = Mailbox(VirtualClock())
        facts = [LegHeld(LegId(str(number))) for number in range(5)]
        for fact in facts:
            mailbox.put(fact)
        assert [await mailbox.get() for _ in facts] == facts

    async def test_commands_leave_room_for_facts(self) -> None:
        mailbox = Mailbox(VirtualClock())
        asked = [asyncio.create_task(mailbox.ask(HANGUP)) for _ in range(COMMANDS_WAITING_MAX + 1)]
        await settle()
        with pytest.raises(Unavailable, match="too many"):
            await asked[-1]
        for _ in range(MAILBOX_MAX - COMMANDS_WAITING_MAX):
            mailbox.put(LegHeld(LegId("x")))
        first = await mailbox.get()
        assert isinstance(first, Asked)
        first.done()
        mailbox.close()
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert results[0] is None
        assert {type(each) for each in results[1:]} == {Unavailable}

    async def test_an_overflow_is_met_by_who_reads(self) -> None:
        mailbox = Mailbox(VirtualClock())
        for _ in range(MAILBOX_MAX + 1):
            mailbox.put(LegHeld(LegId("x")))
        with pytest.raises(MailboxOverflow):
            await mailbox.get()

    async def test_closed(self) -> None:
        clock = VirtualClock()
        mailbox = Mailbox(clock)
        mailbox.put_later(5, Forgotten(CallUuid("call")))
        waiting = asyncio.create_task(mailbox.ask(HANGUP))
        await settle()
        mailbox.close()
        with pytest.raises(Unavailable, match="over"):
            await waiting
        with pytest.raises(Unavailable, match="over"):
            await mailbox.ask(HANGUP)
        await clock.advance(10)

    async def test_alarms(self) -> None:
        clock = VirtualClock()
        mailbox = Mailbox(clock)
        mailbox.put_later(5, Forgotten(CallUuid("call")))
        await clock.advance(5)
        assert isinstance(await mailbox.get(), Forgotten)
