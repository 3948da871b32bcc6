"""Telling other systems: in order, at least once, again after failures, and never in the way of one another."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from telegraphone.database.memory import MemoryOutbox
from telegraphone.domain.errors import NotFound, ParameterInvalid
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import WEBHOOK_GIVE_UP_S, WEBHOOK_PAUSE_MAX_S
from telegraphone.services.happenings import Happening, Kind
from telegraphone.services.webhooks import Webhook, Webhooks
from tests.scenario.clock import VirtualClock
from tests.scenario.courier import SimulatedCourier

SECRET = bytes(range(32))
ALL = Webhook("all", "default", "https://hook.example.com/all", SECRET)
STOPS = Webhook("stops", "default", "https://hook.example.com/stops", SECRET, frozenset({Kind.STOPPED}))
OTHERS = Webhook("others", "other", "https://hook.example.com/others", SECRET)


@dataclass
class World:
    clock: VirtualClock
    outbox: MemoryOutbox
    courier: SimulatedCourier
    webhooks: Webhooks

    async def happens(self, *kinds: Kind, tenant: str = "default") -> None:
        for kind in kinds:
            call, recording = CallUuid("CALL1"), RecordingId("r-1")
            await self.outbox.add(Happening(kind, tenant, call, recording, self.clock.utc(), {"userName": "agent.one"}))
            self.webhooks.look()


@asynccontextmanager
async def world(*webhooks: Webhook) -> AsyncIterator[World]:
    clock, outbox, courier = VirtualClock(), MemoryOutbox(), SimulatedCourier()
    await outbox.add(Happening(Kind.STARTED, "default", CallUuid("OLD"), RecordingId("r-0"), clock.utc()))
    made = World(clock, outbox, courier, Webhooks(outbox, courier, clock, webhooks))
    task = asyncio.create_task(made.webhooks.run())
    await clock.advance(1)
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_new_webhook_hears_of_what_happens_from_now_on_in_order() -> None:
    async with world(ALL) as made:
        await made.happens(Kind.STARTED, Kind.PAUSED, Kind.RESUMED)
        await made.clock.advance(2)
        assert made.courier.kinds("all") == ["recording.started", "recording.paused", "recording.resumed"]
        assert made.courier.numbers("all") == [2, 3, 4]


async def test_each_hears_only_what_it_wants_and_of_its_own_contact_centre() -> None:
    async with world(ALL, STOPS, OTHERS) as made:
        await made.happens(Kind.STARTED, Kind.STOPPED)
        await made.happens(Kind.ERASED, tenant="other")
        await made.clock.advance(2)
        assert made.courier.kinds("stops") == ["recording.stopped"]
        assert made.courier.kinds("others") == ["recording.erased"]
        assert made.courier.kinds("all") == ["recording.started", "recording.stopped"]


async def test_the_signature_is_that_of_standard_webhooks() -> None:
    async with world(ALL) as made:
        await made.happens(Kind.PAUSED)
        await made.clock.advance(2)
        (_, message), *_ = made.courier.delivered
        headers = message.headers
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + message.body
        expected = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["webhook-id"] == "evt_2"


async def test_what_is_not_taken_is_told_again_ever_less_often_and_nothing_overtakes_it() -> None:
    async with world(ALL) as made:
        made.courier.fails = "answered 503"
        await made.happens(Kind.STARTED, Kind.STOPPED)
        tries = []
        for seconds in (60, 600, 3_600, 3_600):
            before = made.courier.tries
            await made.clock.advance(seconds)
            tries.append(made.courier.tries - before)
        assert tries[0] in range(4, 8)
        assert tries[2] <= 3_600 / WEBHOOK_PAUSE_MAX_S + 2
        made.courier.fails = ""
        await made.clock.advance(2 * WEBHOOK_PAUSE_MAX_S)
        assert made.courier.numbers("all") == [2, 3]
        (standing,) = await made.webhooks.standings("default")
        assert (standing.told, standing.failing_since) == (3, None)


async def test_a_lost_answer_tells_twice_with_the_same_number() -> None:
    async with world(ALL) as made:
        made.courier.lost_answers = 1
        await made.happens(Kind.STARTED, Kind.STOPPED)
        await made.clock.advance(10)
        assert made.courier.numbers("all") == [2, 2, 3]


async def test_a_receiver_that_is_away_keeps_nobody_waiting() -> None:
    async with world(ALL, STOPS) as made:
        made.courier.silent.add("all")
        await made.happens(Kind.STARTED, Kind.STOPPED)
        await made.clock.advance(2)
        assert made.courier.numbers("stops") == [3]


async def test_what_nobody_takes_is_left_out_in_the_end_and_the_rest_is_told() -> None:
    async with world(ALL) as made:
        made.courier.fails = "answered 400"
        await made.happens(Kind.STARTED)
        await made.clock.advance(WEBHOOK_GIVE_UP_S + 2 * WEBHOOK_PAUSE_MAX_S)
        assert await made.outbox.told("all") == 2
        made.courier.fails = ""
        await made.happens(Kind.STOPPED)
        await made.clock.advance(2)
        assert made.courier.numbers("all") == [3]


async def test_a_replay_tells_again_from_where_it_is_asked() -> None:
    async with world(ALL) as made:
        await made.happens(Kind.STARTED, Kind.PAUSED, Kind.STOPPED)
        await made.clock.advance(2)
        await made.webhooks.replay("default", "all", 2)
        await made.clock.advance(1)
        assert made.courier.numbers("all") == [2, 3, 4, 3, 4]


async def test_a_replay_ends_a_long_wait() -> None:
    async with world(ALL) as made:
        made.courier.fails = "answered 503"
        await made.happens(Kind.STARTED)
        await made.clock.advance(3_000)
        made.courier.fails = ""
        await made.webhooks.replay("default", "all", 0)
        await made.clock.advance(0.5)
        assert made.courier.numbers("all") == [1, 2]


async def test_a_replay_of_what_was_not_told_or_is_not_theirs_is_refused() -> None:
    async with world(ALL) as made:
        with pytest.raises(ParameterInvalid, match="after"):
            await made.webhooks.replay("default", "all", 99)
        for tenant, name in (("other", "all"), ("default", "none")):
            with pytest.raises(NotFound):
                await made.webhooks.replay(tenant, name, 0)
        assert await made.webhooks.standings("other") == ()


async def test_what_happened_long_ago_is_forgotten() -> None:
    async with world() as made:
        await made.happens(Kind.STARTED)
        await made.clock.advance(31 * 86_400)
        assert await made.outbox.after(0, "default", 10) == ()
