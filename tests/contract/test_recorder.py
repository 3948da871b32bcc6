"""What every recorder promises: gates shut until opened, reasons counted as a set, answers that can be asked for again."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from telegraphone.capture.client import RecorderClient
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.services.ports import MediaSource, Recorder, RecorderFull, TapOrder, TrackOrder, Unavailable
from tests.scenario.clock import VirtualClock
from tests.scenario.recorder import SimulatedRecorder

NOTE = {"source": "agent", "user_name": "agent.one"}
SOURCES = tuple(MediaSource("127.0.0.1", port, {0: "PCMU"}) for port in (40_000, 40_002))
RATE = 8_000
FULL_AFTER = 2
"""Recordings for which the recorders of these tests have room."""

Passing = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class World:
    """A recorder and a way to let time pass."""

    recorder: Recorder
    passing: Passing

    async def reserved(self, before_s: float = 0.0, consent_s: float = 0.0) -> RecordingId:
        """A recording with its sources stated and its gates untouched."""
        order = replace(an_order(), before_s=before_s, consent_s=consent_s)
        await self.recorder.reserve(order)
        await self.recorder.aim(order.recording_id, (SOURCES[0], SOURCES[1]))
        return order.recording_id

    async def started(self) -> RecordingId:
        """A recording that keeps audio."""
        recording = await self.reserved()
        await self.recorder.open_gate(recording, None, NOTE)
        return recording


def an_order() -> TapOrder:
    tracks = (TrackOrder("agent", LegId("leg-a")), TrackOrder("other", LegId("leg-b")))
    return TapOrder(RecordingId(str(uuid.uuid4())), CallUuid("CALL00000001"), "tenant", tracks)


@pytest.fixture(params=["simulated", "capture"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "simulated":
        clock = VirtualClock()
        yield World(SimulatedRecorder(clock, room=FULL_AFTER), clock.advance)
        return
    async with AsyncExitStack() as stack:
        recorder = RecorderClient(
            "tests.interop.recorder.worker_ports:disk_ports",
            (str(tmp_path / "data"), str(tmp_path / "keys")),
            host="127.0.0.1",
            first_port=17_000,
            last_port=17_000 + 4 * FULL_AFTER - 1,
        )
        yield World(await stack.enter_async_context(recorder), asyncio.sleep)


async def test_each_track_has_an_address_of_its_own(world: World) -> None:
    order = an_order()
    reservation = await world.recorder.reserve(order)
    assert reservation.recording_id == order.recording_id
    assert len({(address.host, address.port) for address in reservation.addresses}) == 2
    assert all(address.port % 2 == 0 for address in reservation.addresses)


async def test_what_was_never_started_leaves_nothing(world: World) -> None:
    recording = await world.reserved()
    await world.passing(0.1)
    sealed = await world.recorder.seal(recording, NOTE)
    assert (sealed.duration_samples, sealed.bytes_stored, sealed.spans) == (0, 0, ())


async def test_a_started_recording_keeps_audio_from_position_zero(world: World) -> None:
    recording = await world.reserved()
    cut = await world.recorder.open_gate(recording, None, NOTE)
    assert (cut.position_samples, cut.shut_for) == (0, frozenset())
    assert cut.at.tzinfo is not None


async def test_a_shut_gate_before_the_start_leaves_nothing_of_what_came_before(world: World) -> None:
    recording = await world.reserved(before_s=5.0)
    await world.passing(0.1)
    await world.recorder.shut_gate(recording, "hold", NOTE)
    await world.recorder.open_gate(recording, "hold", NOTE)
    assert (await world.recorder.open_gate(recording, None, NOTE)).position_samples == 0


async def test_what_came_before_and_was_never_started_leaves_nothing(world: World) -> None:
    recording = await world.reserved(before_s=5.0)
    await world.passing(0.1)
    sealed = await world.recorder.seal(recording, NOTE)
    assert (sealed.duration_samples, sealed.bytes_stored, sealed.spans) == (0, 0, ())


async def test_consent_that_is_missing_once_more_leaves_nothing_of_what_waited_for_it(world: World) -> None:
    recording = await world.reserved(consent_s=5.0)
    await world.recorder.shut_gate(recording, "consent", NOTE)
    await world.recorder.open_gate(recording, None, NOTE)
    await world.passing(0.1)
    assert (await world.recorder.shut_gate(recording, "consent", NOTE)).shut_for == {"consent"}
    cut = await world.recorder.open_gate(recording, "consent", NOTE)
    assert (cut.position_samples >= 800, cut.kept_samples, cut.shut_for) == (True, 0, frozenset())


async def test_starting_again_changes_nothing(world: World) -> None:
    recording = await world.started()
    await world.passing(0.2)
    await world.recorder.open_gate(recording, None, NOTE)
    cut = await world.recorder.shut_gate(recording, "agent", NOTE)
    assert cut.position_samples >= 0.2 * RATE


async def test_a_repeated_pause_answers_the_same_cut(world: World) -> None:
    recording = await world.started()
    await world.passing(0.1)
    cut = await world.recorder.shut_gate(recording, "agent", NOTE)
    await world.passing(0.1)
    again = await world.recorder.shut_gate(recording, "agent", NOTE)
    assert again == cut
    assert cut.shut_for == {"agent"}


async def test_audio_returns_when_the_last_reason_is_lifted(world: World) -> None:
    recording = await world.started()
    await world.recorder.shut_gate(recording, "agent", NOTE)
    assert (await world.recorder.shut_gate(recording, "hold", NOTE)).shut_for == {"agent", "hold"}
    assert (await world.recorder.open_gate(recording, "agent", NOTE)).shut_for == {"hold"}
    assert (await world.recorder.open_gate(recording, "hold", NOTE)).shut_for == frozenset()


async def test_lifting_a_reason_that_is_not_there_changes_nothing(world: World) -> None:
    recording = await world.started()
    await world.recorder.shut_gate(recording, "agent", NOTE)
    assert (await world.recorder.open_gate(recording, "hold", NOTE)).shut_for == {"agent"}


async def test_a_reason_noted_before_the_start_keeps_audio_out(world: World) -> None:
    recording = await world.reserved()
    await world.recorder.shut_gate(recording, "hold", NOTE)
    assert (await world.recorder.open_gate(recording, None, NOTE)).shut_for == {"hold"}
    assert (await world.recorder.open_gate(recording, "hold", NOTE)).shut_for == frozenset()


async def test_a_finished_recording_states_its_pauses_where_they_were_answered(world: World) -> None:
    recording = await world.started()
    await world.passing(0.2)
    shut = await world.recorder.shut_gate(recording, "agent", NOTE)
    await world.passing(0.3)
    opened = await world.recorder.open_gate(recording, "agent", NOTE)
    await world.passing(0.2)
    sealed = await world.recorder.seal(recording, NOTE)
    [pause] = [span for span in sealed.spans if span.kind == "paused"]
    assert (pause.reason, pause.start_samples) == ("agent", shut.position_samples)
    # A stretch after the resume may stay silent, since what was spoken before it can still be on its way.
    assert opened.position_samples <= pause.end_samples <= opened.position_samples + 0.1 * RATE
    assert opened.position_samples - shut.position_samples >= 0.3 * RATE
    assert sealed.duration_samples >= 0.7 * RATE
    assert sealed.status == "sealed"
    assert sealed.rate == RATE


async def test_an_open_pause_lasts_to_the_end(world: World) -> None:
    recording = await world.started()
    shut = await world.recorder.shut_gate(recording, "agent", NOTE)
    await world.passing(0.2)
    sealed = await world.recorder.seal(recording, NOTE)
    [pause] = [span for span in sealed.spans if span.kind == "paused"]
    assert (pause.start_samples, pause.end_samples) == (shut.position_samples, sealed.duration_samples)


async def test_nothing_is_known_of_a_stranger_or_of_what_was_sealed(world: World) -> None:
    recording = await world.started()
    await world.recorder.seal(recording, NOTE)
    for unknown in (recording, RecordingId(str(uuid.uuid4()))):
        for asked in (
            world.recorder.open_gate(unknown, None, NOTE),
            world.recorder.shut_gate(unknown, "agent", NOTE),
            world.recorder.aim(unknown, (SOURCES[0], SOURCES[1])),
            world.recorder.seal(unknown, NOTE),
        ):
            with pytest.raises(Unavailable):
                await asked


async def test_a_full_recorder_says_so_and_when_to_ask_again(world: World) -> None:
    for _ in range(FULL_AFTER):
        await world.reserved()
    with pytest.raises(RecorderFull) as full:
        await world.reserved()
    assert full.value.retry_after_s > 0


async def test_what_is_remembered_for_a_late_start_leaves_room_for_what_was_started(world: World) -> None:
    await world.reserved(before_s=5.0)
    with pytest.raises(RecorderFull):
        await world.reserved(before_s=5.0)
    await world.started()


async def test_recordings_do_not_mind_each_other(world: World) -> None:
    first, second = await world.started(), await world.started()
    await world.recorder.shut_gate(first, "agent", NOTE)
    assert (await world.recorder.open_gate(second, None, NOTE)).shut_for == frozenset()
    await world.recorder.seal(first, NOTE)
    assert (await world.recorder.shut_gate(second, "agent", NOTE)).shut_for == {"agent"}
