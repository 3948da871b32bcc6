"""Nothing that was spoken or received while the gate was shut is stored, in whatever order it comes (PCI-1, PCI-5)."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.media.timeline import RATE
from telegraphone.wire.rtp.packet import RtpPacket
from tests.unit.media.intake import FRAME, ORIGIN_NS, Intake, packet

PACKETS = 60
DELAY_MS_MAX = 50
GUARD_FRAMES = 480
SECRET, PLAIN = 0x42, 0x10


@dataclass(frozen=True)
class Sending:
    """What the network does to one packet: when each of its copies arrives, none when it is lost."""

    delays_ms: tuple[int, ...]


networks = st.lists(
    st.lists(st.integers(0, DELAY_MS_MAX), max_size=2).map(lambda delays: Sending(tuple(delays))),
    min_size=PACKETS,
    max_size=PACKETS,
)
switches = st.lists(st.integers(0, 20 * PACKETS), max_size=8, unique=True).map(sorted)
"""Milliseconds at which the gate is shut, opened, shut …"""


def is_shut(switched: list[int], ms: float) -> bool:
    return sum(at <= ms for at in switched) % 2 == 1


def arrivals(network: list[Sending], switched: list[int], *, cut: bool) -> list[tuple[float, RtpPacket]]:
    """Every copy in the order of arrival. What must not be kept says so; `cut` tells whether headers alone come while shut."""
    found = []
    for n, sending in enumerate(network):
        spoken = bytes(SECRET if is_shut(switched, 20 * n + 1000 * i / RATE) else PLAIN for i in range(FRAME))
        for delay_ms in sending.delays_ms:
            ms = 20.0 * (n + 1) + delay_ms
            shut = is_shut(switched, ms)
            payload = (b"" if cut else bytes([SECRET]) * FRAME) if shut else spoken
            found.append((ms, packet(n, payload=payload)))
    return sorted(found, key=lambda each: each[0])


def switch(intake: Intake, ms: int, *, shut: bool) -> None:
    intake.pipeline.flush()
    position = intake.pipeline.timeline.position_at(intake.at(ms))
    if shut:
        intake.gate.shut(position)
    else:
        intake.gate.open(position + GUARD_FRAMES, intake.at(ms))


def deliver(intake: Intake, batch: list[tuple[float, RtpPacket]]) -> None:
    """One drain: as a run where it is one, else one by one."""
    datagrams = [each.to_bytes() for _, each in batch]
    headers, audio = b"".join(each[:12] for each in datagrams), b"".join(each[12:] for each in datagrams)
    first_ns, last_ns = intake.at(batch[0][0]), intake.at(batch[-1][0])
    whole = all(len(each.payload) == FRAME for _, each in batch)
    if not (whole and intake.pipeline.receive_run(headers, memoryview(audio), first_ns, last_ns)):
        intake.feed(*((each, ms) for ms, each in batch))


@settings(max_examples=80, deadline=None)
@given(networks, switches, st.booleans(), st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_no_secret_is_ever_stored(network: list[Sending], switched: list[int], cut: bool, sizes: list[int]) -> None:
    intake = Intake()
    waiting = arrivals(network, switched, cut=cut)
    turn = 0
    for index, until in enumerate([*switched, 10**9]):
        while waiting and waiting[0][0] < until:
            size = sizes[turn % len(sizes)]
            turn += 1
            batch = [each for each in waiting[:size] if each[0] < until]
            del waiting[: len(batch)]
            deliver(intake, batch)
        if until < 10**9:
            switch(intake, until, shut=index % 2 == 0)
    assert SECRET not in intake.end()
    assert intake.pipeline.counts.breaches == 0


def test_the_same_without_a_switch_keeps_everything() -> None:
    intake = Intake()
    for at in arrivals([Sending((0,))] * PACKETS, [], cut=False):
        deliver(intake, [at])
    assert intake.end() == bytes([PLAIN]) * FRAME * PACKETS
    assert intake.at(0) == ORIGIN_NS
