"""What recording costs where Asterisk carries the calls: CPU of Asterisk and recorder together, and audio lost, for each way.

Two-party calls over a real Asterisk, G.711 both ways from the load generator, nobody reads what Asterisk sends. Asterisk's
own ways write plain files; every other way ends in the recorder, encrypted and synced. Reference: the same calls without
recording, in the same run. On loopback the kernel charges receiving to the sender: the last column shows what each way adds
there, against the plain call. `python -m benchmarks.bench_asterisk [calls [seconds [rounds]]]`.
"""

import asyncio
import os
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.asterisk_calls import Board, board
from benchmarks.asterisk_pauses import FRAME_MS, AmiLink, Kept, ami_settings, kept_of, pause_all
from benchmarks.recorder_load import BUILD, NOTE, Pause, all_at_once, build, open_recorder, pause_some, percentiles, start_load
from telegraphone.capture.client import RecorderClient
from telegraphone.capture.packet_group import PacketGroup
from telegraphone.capture.sockets import raise_file_limit
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.services.ports import NOBODY, MediaAddress, MediaSource, TapOrder, TrackOrder
from tests.interop.asterisk.server import APPLICATION, HOST, asterisk, version
from tests.interop.system import free_port

WARM_UP_S = 2
COOL_DOWN_S = 2
TICK_S = os.sysconf("SC_CLK_TCK")
BLOCK = 160
QUIET = 500
DRAIN_S = 1.0
"""A worker empties a socket each 0.6 s. Copies come before and after the load too, and are counted in between."""
PAUSED = 10
"""Calls that are paused where Asterisk writes files; what is lost is seen in those of the others."""
PCMU = {0: "PCMU"}
COMPARED = """
load = app_chanspy.so
load = app_mixmonitor.so
load = func_periodic_hook.so
load = func_cut.so
load = func_groupcount.so
load = func_uri.so
load = func_math.so
"""
"""MixMonitor and what it needs; the sample configuration does without."""
DIALPLAN = """
[bench]
exten => mixed,1,MixMonitor(${CHANNEL(uniqueid)}.wav)
 same => n,Stasis(telegraphone)
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its number and the ports of its two phones."""

    number: int
    phones: tuple[int, int]

    @property
    def legs(self) -> tuple[str, str]:
        """Asterisk's names of its legs."""
        return f"leg-{self.number}-a", f"leg-{self.number}-b"

    @property
    def bridge(self) -> str:
        """Asterisk's name of what joins them."""
        return f"bridge-{self.number}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One way: CPU milliseconds for a call's second, of Asterisk, of the recorder, of the sender; share of audio lost."""

    asterisk: float
    recorder: float
    sender: float
    lost: float
    pauses: tuple[Pause, ...] = ()
    kept: tuple[Kept, ...] = ()

    @property
    def total(self) -> float:
        """What the machine pays for a recorded call's second."""
        return self.asterisk + self.recorder


class Way:
    """How calls are recorded; this one does not."""

    name = "no recording (reference)"
    copies = 0
    """Streams that come from each call."""

    def __init__(self, here: Board, recorder: RecorderClient | None) -> None:
        self.here, self.recorder = here, recorder
        self.recordings: list[RecordingId] = []

    async def connect(self, call: Call) -> None:
        """Two answered legs in a bridge."""
        for leg, port in zip(call.legs, call.phones, strict=True):
            await self.here.leg(leg, port, {"app": APPLICATION})
        await self.here.bridge(call.bridge, *call.legs)

    async def tap(self, call: Call) -> None:
        """Has the call recorded."""

    async def end(self, call: Call) -> None:
        """Nothing of the call stays."""
        for each in await self.here.server.ids("channels"):
            await self.here.server.ari("DELETE", f"/channels/{each}")
        for each in await self.here.server.ids("bridges"):
            await self.here.server.ari("DELETE", f"/bridges/{each}")

    async def reserve(self, call: Call) -> tuple[RecordingId, tuple[MediaAddress, MediaAddress]]:
        """A recording of the call, not aimed yet."""
        assert self.recorder is not None
        recording = RecordingId(f"00000000-0000-4000-8000-{call.number:012d}")
        first, second = (LegId(leg) for leg in call.legs)
        order = TapOrder(recording, CallUuid("BENCH"), "tenant", (TrackOrder("agent", first), TrackOrder("other", second)))
        reservation = await self.recorder.reserve(order)
        self.recordings.append(recording)
        return recording, reservation.addresses

    def file(self, call: Call) -> Path | None:
        """The call's file where Asterisk writes it; None where the recorder counts itself."""
        return None

    async def pause(self, call: Call, on: bool) -> None:
        """Pauses and resumes where Asterisk writes the files."""


class MixMonitor(Way):
    """Asterisk's usual recorder, on one leg, both sides mixed."""

    name = "MixMonitor"
    ami_port = free_port()

    def __init__(self, here: Board, recorder: RecorderClient | None) -> None:
        super().__init__(here, recorder)
        self.links: dict[Call, tuple[AmiLink, str]] = {}

    async def connect(self, call: Call) -> None:
        """The first leg passes through the dialplan, which begins the recording."""
        await self.here.leg(call.legs[0], call.phones[0], {"extension": "mixed", "context": "bench"})
        await self.here.leg(call.legs[1], call.phones[1], {"app": APPLICATION})
        await self.here.bridge(call.bridge, *call.legs)

    async def tap(self, call: Call) -> None:
        """Opens the way by which it is paused."""
        leg = await self.here.do("GET", f"/channels/{call.legs[0]}")
        self.links[call] = await AmiLink.open(self.ami_port), leg["name"]

    def file(self, call: Call) -> Path | None:
        """See above."""
        return self.here.server.folder / "spool" / "monitor" / f"{call.legs[0]}.wav"

    async def pause(self, call: Call, on: bool) -> None:
        """It writes silence meanwhile."""
        link, channel = self.links[call]
        await link.do("MixMonitorMute", Channel=channel, Direction="both", State=str(int(on)))


class BridgeRecording(Way):
    """ARI's recording of a bridge."""

    name = "ARI bridge recording"

    async def tap(self, call: Call) -> None:
        """Begins the file."""
        await self.here.do("POST", f"/bridges/{call.bridge}/record", name=f"bench-{call.number}", format="wav")

    def file(self, call: Call) -> Path | None:
        """See above."""
        return self.here.server.folder / "spool" / "recording" / f"bench-{call.number}.wav"

    async def pause(self, call: Call, on: bool) -> None:
        """It cuts the time out."""
        await self.here.do("POST" if on else "DELETE", f"/recordings/live/bench-{call.number}/pause")


class ExternalMedia(Way):
    """What each leg's party says, copied to the recorder by RTP: `snoop` and `externalMedia`."""

    name = "two external-media taps → recorder"
    copies = 2

    async def tap(self, call: Call) -> None:
        """One for each leg."""
        recording, addresses = await self.reserve(call)
        sources = [await self._copied(leg, to) for leg, to in zip(call.legs, addresses, strict=True)]
        assert self.recorder is not None
        await self.recorder.aim(recording, (sources[0], sources[1]))

    async def _copied(self, leg: str, to: MediaAddress, spy: str = "in") -> MediaSource:
        media, snoop = f"media-{leg}", f"snoop-{leg}"
        host = f"{to.host}:{to.port}"
        made = await self.here.do(
            "POST", "/channels/externalMedia", app=APPLICATION, channelId=media, external_host=host, format="ulaw"
        )
        await self.here.do("POST", f"/channels/{leg}/snoop/{snoop}", spy=spy, app=APPLICATION)
        await self.here.come(media, snoop)
        await self.here.bridge(f"tap-{leg}", snoop, media)
        return MediaSource(HOST, int(made["channelvars"]["UNICASTRTP_LOCAL_PORT"]), PCMU)


class MixedTap(ExternalMedia):
    """One copy of both sides; they cannot be told apart any more, and it may lose sound (docs/guides/asterisk.md)."""

    name = "one external-media tap, both sides mixed → recorder"
    copies = 1

    async def tap(self, call: Call) -> None:
        """On one leg."""
        recording, addresses = await self.reserve(call)
        assert self.recorder is not None
        await self.recorder.aim(recording, (await self._copied(call.legs[0], addresses[0], spy="both"), NOBODY))


class Packets(Way):
    """The legs' packets from the kernel."""

    name = "packets of both legs → recorder"
    copies = 2

    async def tap(self, call: Call) -> None:
        """Asterisk is not asked for anything."""
        recording, _ = await self.reserve(call)
        media = self.here.phones.media
        sources = [MediaSource(HOST, each, PCMU, arrives_at=MediaAddress(HOST, media[each])) for each in call.phones]
        assert self.recorder is not None
        await self.recorder.aim(recording, (sources[0], sources[1]))


def seconds_with_sound(path: Path) -> float:
    """In a WAV file of one track, 16 bit at 8 kHz, however its header ends."""
    data = path.read_bytes()[44:]
    samples = struct.unpack(f"<{len(data) // 2}h", data[: len(data) // 2 * 2])
    blocks = range(0, len(samples) - BLOCK + 1, BLOCK)
    return sum(max(samples[at : at + BLOCK]) > QUIET for at in blocks) * BLOCK / 8_000


def cpu_s(process: int) -> float:
    """What a process has used, its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK_S


async def measure(kind: type[Way], calls: int, seconds: int) -> Measured:
    """All calls recorded this way for so long, on an Asterisk and a recorder of their own."""
    with tempfile.TemporaryDirectory(prefix="telegraphone-bench-", dir=BUILD) as name:
        folder = Path(name)
        more = {"modules.conf": COMPARED, "extensions.conf": DIALPLAN, "manager.conf": ami_settings(MixMonitor.ami_port)}
        async with (
            asterisk(folder / "asterisk", more=more, rtp_ports=16 * calls + 100) as server,
            board(server) as here,
            open_recorder("sealed", PacketGroup()) if issubclass(kind, ExternalMedia | Packets) else no_recorder() as recorder,
        ):
            return await _measured(kind(here, recorder), calls, seconds)


@asynccontextmanager
async def no_recorder() -> AsyncIterator[None]:
    """Where Asterisk writes the files itself."""
    yield None


async def _measured(way: Way, calls: int, seconds: int) -> Measured:
    load = await start_load(2 * calls, WARM_UP_S + seconds + COOL_DOWN_S, "marks")
    made = [Call(number, (load.sources[2 * number], load.sources[2 * number + 1])) for number in range(calls)]
    await each_of(made, way.connect)
    await each_of(made, way.tap)
    processes = [way.here.server.pid, load.process.pid, *(way.recorder.process_ids if way.recorder else ())]
    if way.recorder is not None:
        recorder = way.recorder
        await all_at_once(way.recordings, lambda recording: recorder.open_gate(recording, None, NOTE))
    load.go([way.here.phones.media[port] for call in made for port in call.phones])
    began = time.monotonic()
    await asyncio.sleep(WARM_UP_S)
    before, received = [cpu_s(each or 0) for each in processes], await received_by(way)
    await asyncio.sleep(seconds)
    after, received = [cpu_s(each or 0) for each in processes], await received_by(way) - received
    used = [1_000 * (late - early) / seconds / calls for early, late in zip(before, after, strict=True)]
    pauses = await pause_some(way.recorder, way.recordings, 0.7) if way.recorder else []
    paused, played = made[:PAUSED] if way.file(made[0]) else [], made[PAUSED:]
    stretches = await pause_all(paused, began, COOL_DOWN_S - 1.0, way.pause)
    sent = await load.sent()
    if isinstance(way, Packets):
        await asyncio.sleep(DRAIN_S)
        received = await received_by(way)
    await way.end(made[0])
    if way.recorder is not None:
        await all_at_once(way.recordings, lambda recording: recorder.seal(recording, NOTE))
    await asyncio.sleep(0.5)
    kept = [
        kept_of(path, stretch, 2 * call.number % FRAME_MS)
        for call, stretch in zip(paused, stretches, strict=True)
        if (path := way.file(call))
    ]
    heard = [seconds_with_sound(path) for call in played if (path := way.file(call))]
    sent_s = WARM_UP_S + seconds + COOL_DOWN_S
    if heard:
        lost = 1 - sum(heard) / (sent_s * len(heard))
    else:
        expected = sent if isinstance(way, Packets) else 50 * way.copies * calls * seconds
        lost = 1 - received / expected if way.copies else 0.0
    return Measured(used[0], sum(used[2:]), used[1], max(0.0, lost), tuple(pauses), tuple(kept))


async def received_by(way: Way) -> int:
    """Packets of 20 ms that have come so far to whoever takes copies."""
    return sum(each.received for each in await way.recorder.figures()) if way.recorder else 0


async def each_of(calls: Sequence[Call], act: Callable[[Call], Awaitable[None]], at_once: int = 8) -> None:
    """For all calls, a few at a time."""
    for first in range(0, len(calls), at_once):
        await asyncio.gather(*(act(call) for call in calls[first : first + at_once]))


WAYS: tuple[type[Way], ...] = (Way, MixMonitor, BridgeRecording, ExternalMedia, MixedTap, Packets)


async def main(calls: int, seconds: int, rounds: int) -> None:
    """Measures and prints a section of the results."""
    raise_file_limit()
    build("load")
    runs: dict[type[Way], list[Measured]] = {kind: [] for kind in WAYS}
    for turn in range(rounds):
        for kind in WAYS if turn % 2 == 0 else reversed(WAYS):
            runs[kind].append(await measure(kind, calls, seconds))
            print(f"  {kind.name}: {runs[kind][-1]}", file=sys.stderr, flush=True)
    print(f"## Recording calls of Asterisk\n\n{version()}, {calls} calls, {seconds} s, {rounds} rounds: medians.\n")
    print("| way | Asterisk | recorder | both, CPU ms per call-second | × no recording | × MixMonitor | audio lost | sender |")
    print("|---|---|---|---|---|---|---|---|")
    middle = {kind: {key: statistics.median(getattr(each, key) for each in runs[kind]) for key in KEYS} for kind in WAYS}
    for kind, row in middle.items():
        ratios = [row["total"] / middle[reference]["total"] for reference in (Way, MixMonitor)]
        print(f"| {kind.name} | {row['asterisk']:.1f} | {row['recorder']:.1f} | {row['total']:.1f} | {ratios[0]:.2f} ", end="")
        print(f"| {ratios[1]:.2f} | {100 * row['lost']:.1f} % | {row['sender']:.1f} |")
    print("\nPauses: what was said in them and is recorded all the same, ms p50 / p99.\n")
    print("| way | after it was asked for | after it was answered | missing after the resume | pauses |\n|---|---|---|---|---|")
    for kind in (MixMonitor, BridgeRecording):
        kept = [each for run in runs[kind] for each in run.kept]
        figures = [percentiles([getattr(each, key) for each in kept]) for key in ("asked", "answered", "missing")]
        print(f"| {kind.name} | {' | '.join(figures)} | {len(kept)} |")
    for kind in (ExternalMedia, Packets):
        pauses = [pause for run in runs[kind] for pause in run.pauses]
        late = percentiles([max(0.0, each.effective - each.answered) for each in pauses])
        print(f"| {kind.name} | {percentiles([each.effective for each in pauses])} | {late} | by choice | {len(pauses)} |")
    print("\nOf Asterisk's recorders by the sound in their files, of ours by when the kernel began to cut packets.")
    print("After a resume ours leaves out 60 ms of copies, since they may hold what was said before it.")


KEYS = ("asterisk", "recorder", "sender", "lost", "total")

if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in [*sys.argv[1:], *("30", "6", "2")[len(sys.argv) - 1 :]])))
