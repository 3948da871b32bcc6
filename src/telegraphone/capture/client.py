"""The program's side of the recorder: `services.ports.Recorder` over worker processes.

The UDP sockets are opened here and lent to a worker, so that they outlive it: while it is replaced, packets wait in the
kernel, filtered as before. What a recording's gate does is decided by the journal alone; this side remembers only who was
to be recorded, who sends, and the reasons noted before the start (`held`).
"""

import asyncio
import itertools
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Final

from telegraphone.capture import control, packet_socket, sockets, wording
from telegraphone.capture.handshakes import Handshakes
from telegraphone.capture.held import Held
from telegraphone.capture.intakes import Intakes
from telegraphone.capture.packet_group import PacketGroup
from telegraphone.capture.supervisor import Supervisor, WorkerLost
from telegraphone.capture.watches import Watches
from telegraphone.domain.ids import LegId, RecordingId
from telegraphone.endpoints.media_ports import PortPool, PortsExhausted, SocketPair, close_pair
from telegraphone.limits import (
    ANY_PORT_REST_S,
    MEDIA_PORT_REST_S,
    PREROLL_SHARE_MAX,
    RECORDER_ANSWER_S,
    RECORDER_EVENTS_MAX,
    RECORDING_SEAL_RETRY_S,
    RECORDING_SEAL_S,
    RECORDINGS_PER_WORKER_MAX,
    SALVAGE_ASKED_MAX,
)
from telegraphone.media.journal import TrackFact
from telegraphone.services.ports import (
    CaptureFailed,
    CaptureRestored,
    CaptureSilent,
    Cut,
    MediaAddress,
    MediaSource,
    RecorderEvent,
    RecorderFull,
    RecordingRecovered,
    Reservation,
    SealedRecording,
    TapOrder,
    Unavailable,
)

PORT: Final = "recorder"
TRACKS: Final = 2
"""Pairs of ports of one recording."""


class RecorderClient:
    """A `Recorder`. To be entered as an asynchronous context: leaving it seals what is still being recorded."""

    def __init__(
        self,
        ports: str,
        arguments: Sequence[str],
        *,
        host: str,
        first_port: int,
        last_port: int,
        workers: int = 1,
        advertised: str | None = None,
        lent: Sequence[int] = (),
        packets: PacketGroup | None = None,
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`ports` (`module:function`) and its arguments make a worker's `Ports`. RTP is taken on `host`, which senders
        are told as `advertised`. `lent` are descriptors that every worker keeps open as long as it lives. With `packets`
        sources that send to others on this machine can be recorded too."""
        command = [sys.executable, "-m", "telegraphone.capture", "{link}", ports, *arguments]
        self._host = advertised or host
        self._alarm = alarm
        self._numbers = itertools.count(1)
        self._held: dict[str, Held] = {}
        self._pool = PortPool(host, first_port, last_port, sockets.prepare)
        self._intakes = Intakes()
        self._packets = packets
        self.may_take_packets = packets is not None
        """Whether it can record sources that send to others on this machine."""
        self.handshakes = Handshakes(self._intakes)
        self._events: asyncio.Queue[RecorderEvent] = asyncio.Queue(RECORDER_EVENTS_MAX)
        self.awaited: Sequence[RecordingId] = ()
        """To be set before entering: recordings whose end nobody heard of. A worker that loses its program seals alone,
        so they may be finished already; `RecordingRecovered` tells of them all the same."""
        self._workers = [self._supervisor(command, lent) for _ in range(workers)]
        self._late: set[asyncio.Task[None]] = set()
        self._watches = Watches(self._held, self._is_silent)
        self.quiet_packets = self._watches.packets
        """Its `QuietPackets`."""

    async def __aenter__(self) -> "RecorderClient":
        """Starts the workers and has what an earlier run left behind finished."""
        for worker in self._workers:
            await worker.start()
        awaited = tuple(self.awaited[:SALVAGE_ASKED_MAX])
        self._later(self._watches.run())
        await self._ask(self._workers[0], control.Salvage(next(self._numbers), awaited), RECORDING_SEAL_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the workers."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in self._workers))
        for pair in (*(pair for held in self._held.values() for pair in held.pairs), *self._intakes.pairs()):
            close_pair(pair)
        self._held.clear()
        if self._packets is not None:
            self._packets.close()

    @property
    def process_ids(self) -> tuple[int | None, ...]:
        """The workers' processes; None for one that is being replaced."""
        return tuple(worker.process_id for worker in self._workers)

    def open_intake(self, name: str, *, any_port: bool = False) -> MediaAddress:
        """See `Intakes.open_intake`."""
        try:
            pair = self._pool.take(time.monotonic(), rest_s=ANY_PORT_REST_S if any_port else MEDIA_PORT_REST_S)
        except PortsExhausted:
            raise RecorderFull(int(MEDIA_PORT_REST_S)) from None
        sockets.enlarge(pair[0])
        self._intakes.add(name, pair)
        return MediaAddress(self._host, pair[0].getsockname()[1])

    def assign_intake(self, leg: LegId, name: str | None) -> None:
        """See `Intakes.assign_intake`."""
        self._intakes.assign(leg, name)

    def close_intake(self, name: str) -> None:
        """See `Intakes.close_intake`."""
        pair = self._intakes.remove(name)
        if pair is not None:
            self._pool.give_back(pair, time.monotonic())

    def is_heard(self, name: str) -> bool:
        """See `Intakes.is_heard`."""
        return self._intakes.is_heard(name)

    async def reserve(self, order: TapOrder) -> Reservation:
        """See `Recorder.reserve`."""
        recording, asked_ns = str(order.recording_id), time.monotonic_ns()
        waited = await self._given_back(order)
        worker = min(self._workers, key=lambda each: (each.given_up, self._load(each)))
        if self._load(worker) >= RECORDINGS_PER_WORKER_MAX or recording in self._held:
            raise RecorderFull(int(MEDIA_PORT_REST_S))
        if order.before_s and not self._has_room_besides(worker):
            raise RecorderFull(int(MEDIA_PORT_REST_S))
        pairs: list[SocketPair] = []
        try:
            for track in order.tracks:
                pair = self._intakes.lend(track.leg) or self._pool.take(time.monotonic())
                pairs.append(pair)
                sockets.enlarge(pair[0])
            packets = self._packet_sockets()
        except (PortsExhausted, OSError):
            self._release(pairs)
            raise RecorderFull(int(MEDIA_PORT_REST_S)) from None
        tracks = [TrackFact(stream, track.role, str(track.leg)) for stream, track in enumerate(order.tracks)]
        since_ns = asked_ns if waited and not order.before_s else 0
        remembered = (order.before_s, order.consent_s, since_ns)
        asked = control.Order(recording, str(order.call_uuid), order.tenant, (tracks[0], tracks[1]), *remembered)
        held = Held(asked, worker, tuple(pairs), next(self._numbers), packets)
        self._held[recording] = held
        try:
            await self._ask(worker, control.Reserve(held.number, asked), RECORDER_ANSWER_S, held.descriptors())
        except Unavailable:
            self._forget(recording)
            raise
        first, second = (MediaAddress(self._host, rtp.getsockname()[1]) for rtp, _ in pairs)
        return Reservation(order.recording_id, (first, second))

    async def _given_back(self, order: TapOrder) -> bool:
        """Returns when recordings of other calls, and those that are to end, no longer have what this one is to be lent: calls
        of one session of a recording client follow each other at once, and what the next one says comes to the ports of the
        one before. Whether any had."""
        wanted, waited = {self._intakes.lent(track.leg) for track in order.tracks}, False
        for held in tuple(self._held.values()):
            if (held.ending or held.order.call != str(order.call_uuid)) and not wanted.isdisjoint(held.pairs):
                waited = True
                await held.over.wait()
        return waited

    async def aim(self, recording_id: RecordingId, sources: tuple[MediaSource, MediaSource]) -> None:
        """See `Recorder.aim`."""
        held = self._of(recording_id)
        stated = [wording.stated(each) for each in sources]
        await self._lead(held, stated)
        held.sources, held.steady, held.aimed = (stated[0], stated[1]), (sources[0].steady, sources[1].steady), False
        command = control.Aim(next(self._numbers), held.order.recording, held.sources)
        try:
            await self._ask(held.worker, command, RECORDER_ANSWER_S)
        finally:  # a worker that is late is watched all the same
            held.aimed = True

    async def open_gate(self, recording_id: RecordingId, reason: str | None, note: Mapping[str, str]) -> Cut:
        """See `Recorder.open_gate`."""
        held = self._of(recording_id)
        command = control.OpenGate(next(self._numbers), held.order.recording, reason, dict(note))
        cut = wording.cut(await self._ask(held.worker, command, RECORDER_ANSWER_S))
        held.early.discard(reason or "")
        return cut

    async def shut_gate(self, recording_id: RecordingId, reason: str, note: Mapping[str, str]) -> Cut:
        """See `Recorder.shut_gate`."""
        held = self._of(recording_id)
        command = control.ShutGate(next(self._numbers), held.order.recording, reason, dict(note), held.cut_off())
        held.early.add(reason)
        return wording.cut(await self._ask(held.worker, command, RECORDER_ANSWER_S))

    async def seal(self, recording_id: RecordingId, note: Mapping[str, str]) -> SealedRecording:
        """See `Recorder.seal`."""
        held = self._of(recording_id)
        held.ending = True
        try:
            return await self._sealed(held, note)
        except (Unavailable, asyncio.CancelledError):
            # Its files are there and the call is over: whoever gave up waiting is told by an event (`__aexit__` awaits it).
            self._later(self._sealed_late(held, note))
            raise

    async def _sealed(self, held: Held, note: Mapping[str, str]) -> SealedRecording:
        command = control.Seal(next(self._numbers), held.order.recording, dict(note), held.cut_off())
        reply = await self._ask(held.worker, command, RECORDING_SEAL_S)
        assert isinstance(reply, control.SealDone)
        self._forget(held.order.recording)
        return wording.sealed(reply.sealed)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _sealed_late(self, held: Held, note: Mapping[str, str]) -> None:
        while True:
            await asyncio.sleep(RECORDING_SEAL_RETRY_S)
            try:
                sealed = await self._sealed(held, note)
            except Unavailable as error:
                self._alarm(f"recording {held.order.recording} is not finished yet: {error}")
            else:
                if sealed.bytes_stored:
                    self._publish(RecordingRecovered(sealed))
                return

    async def events(self) -> AsyncIterator[RecorderEvent]:
        """See `Recorder.events`."""
        while True:
            yield await self._events.get()

    async def figures(self) -> tuple[control.Figures, ...]:
        """The workers' counters. Raises `Unavailable`."""
        asked = [self._ask(worker, control.Report(next(self._numbers)), RECORDER_ANSWER_S) for worker in self._workers]
        replies = await asyncio.gather(*asked)
        return tuple(reply.figures for reply in replies if isinstance(reply, control.FiguresDone))

    # --- workers --------------------------------------------------------------------------------------------------

    def _supervisor(self, command: Sequence[str], lent: Sequence[int]) -> Supervisor:
        def mine() -> list[Held]:
            return [held for held in self._held.values() if held.worker is worker and not held.ending]

        def lost() -> None:
            self._alarm("the recorder's worker cannot be kept running")
            for held in mine():
                self._publish(CaptureFailed(RecordingId(held.order.recording), "the recorder is lost"))

        worker = Supervisor(
            command,
            restoring=lambda: [(held.restoring(), held.descriptors()) for held in mine()],
            told=self._told,
            lost=lost,
            lent=lent,
        )
        return worker

    async def _ask(
        self, worker: Supervisor, command: control.AnyCommand, wait_s: float, descriptors: Sequence[int] = ()
    ) -> control.AnyReply:
        try:
            reply = await asyncio.wait_for(worker.ask(command, descriptors), wait_s)
        except TimeoutError:
            raise Unavailable(PORT, "no answer in time") from None
        except WorkerLost as error:
            raise Unavailable(PORT, str(error)) from None
        if isinstance(reply, control.Refused):
            raise Unavailable(PORT, reply.reason)
        return reply

    def _told(self, fact: control.AnyFact) -> None:
        match fact:
            case control.Broken(recording, reason):
                self._publish(CaptureFailed(RecordingId(recording), reason))
            case control.Restored(recording, shut_for, started, lost_ms):
                if started:
                    self._publish(CaptureRestored(RecordingId(recording), frozenset(shut_for), lost_ms))
            case control.Salvaged(sealed):
                self._publish(RecordingRecovered(wording.sealed(sealed)))
            case control.Unkept(recording, track, since_ns):
                self.quiet_packets.unkept(recording, track, None if since_ns is None else since_ns / 1e9)
                self._alarm(wording.unkept(fact))
            case control.GivenBack(recording):
                self._take_back(self._held.get(recording))
            case control.Alarm(text):
                self._alarm(text)

    def _is_silent(self, name: str, track: int, since: float, looked: float) -> None:
        self._publish(CaptureSilent(RecordingId(name), looked - since))
        self._later(self._say_missing(self._held[name], track, since))

    async def _say_missing(self, held: Held, track: int, since: float) -> None:
        command = control.Missing(next(self._numbers), held.order.recording, track, round(since * 1e9))
        # A worker that is lost, or a recording that is over, has its own way to say what is missing.
        with suppress(Unavailable):
            await self._ask(held.worker, command, RECORDER_ANSWER_S)

    def _publish(self, event: RecorderEvent) -> None:
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self._alarm(f"nobody reads the recorder's events: {event}")

    # --- packets --------------------------------------------------------------------------------------------------

    def _packet_sockets(self) -> tuple[socket.socket, ...]:
        """One for each track, where this recorder takes packets of others and any are left: most recordings need none."""
        if self._packets is None:
            return ()
        try:
            first = self._packets.take()
        except OSError:
            return ()
        try:
            return first, self._packets.take()
        except OSError:
            self._packets.give_back(first)
            return ()

    async def _lead(self, held: Held, sources: Sequence[control.Source]) -> None:
        """Has packets that go to others on this machine come to the recording's sockets."""
        places = [source.arrives_at for source in sources]
        if not any(places) and not held.packets:
            return
        if self._packets is None or not held.packets:
            raise Unavailable(PORT, "it may not take packets of others, or not of so many", retryable=False)
        if not all(
            packet_socket.is_ipv4(place[0]) and packet_socket.is_ipv4(source.host)
            for source, place in zip(sources, places, strict=True)
            if place
        ):
            raise Unavailable(PORT, "it takes packets of others over IPv4 only", retryable=False)
        wanted = {opened: place[1] if place else 0 for opened, place in zip(held.packets, places, strict=True)}
        try:
            await self._packets.lead(wanted)
        except OSError as error:
            raise Unavailable(PORT, f"taking packets of others: {error}") from None

    # --- recordings -----------------------------------------------------------------------------------------------

    def _of(self, recording_id: RecordingId) -> Held:
        held = self._held.get(str(recording_id))
        if held is None:
            raise Unavailable(PORT, "no such recording", retryable=False)
        return held

    def _has_room_besides(self, worker: Supervisor) -> bool:
        """Whether enough is left for recordings that were started."""
        ports_left = self._pool.in_use + TRACKS <= PREROLL_SHARE_MAX * self._pool.size
        return ports_left and self._load(worker) < PREROLL_SHARE_MAX * RECORDINGS_PER_WORKER_MAX

    def _load(self, worker: Supervisor) -> int:
        return sum(held.worker is worker for held in self._held.values())

    def _forget(self, recording: str) -> None:
        self._take_back(self._held.pop(recording, None))

    def _take_back(self, held: Held | None) -> None:
        pairs, packets = held.give_back() if held else ((), ())
        self._release(pairs)
        for each in packets:
            assert self._packets is not None
            self._packets.give_back(each)

    def _release(self, pairs: Sequence[SocketPair]) -> None:
        for pair in pairs:
            if not self._intakes.give_back(pair):
                self._pool.give_back(pair, time.monotonic())
