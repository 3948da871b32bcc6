"""What a leg costs the exchange's relay, by what its phone hears: another phone, another after a hold, music, two others at once.

The reference is the plain two-party call of the same run, whose packets pass as they came. Real RTP by loopback from the load
generator; nobody reads what the relay sends, so the kernel throws it away at the generator's sockets.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Callable

import uvloop

from benchmarks.recorder_load import build, start_load
from telegraphone.capture.sockets import raise_file_limit
from telegraphone.endpoints.media_ports import PortPool
from telegraphone.services.ports import MediaAddress
from telegraphone.switches.exchange.hold_music import hold_music
from telegraphone.switches.exchange.media_port import MediaPort, Party
from telegraphone.switches.exchange.payloads import Payloads
from telegraphone.switches.exchange.relay import Relay, enlarged

HOST = "127.0.0.1"
LEGS = 180
SECONDS = 5
WARM_S = 1.0
PCMU = Payloads({0: "PCMU"}, {"PCMU": 0})
PCMA = Payloads({0: "PCMA"}, {"PCMA": 8})

Ports = list[MediaPort]
Shape = Callable[[Relay, Ports], None]


def in_groups(relay: Relay, ports: Ports, size: int) -> None:
    """Joins so many at a time."""
    for first in range(0, len(ports), size):
        relay.hearing.join(*ports[first : first + size])


def pairs(relay: Relay, ports: Ports) -> None:
    """Two-party calls."""
    in_groups(relay, ports, 2)


def held_before(relay: Relay, ports: Ports) -> None:
    """Two-party calls that were on hold before."""
    for port in ports:
        relay.hearing.play_music(port, on=True)
    for port in ports:
        relay.hearing.play_music(port, on=False)
    pairs(relay, ports)


def on_hold(relay: Relay, ports: Ports) -> None:
    """Everybody hears music."""
    for port in ports:
        relay.hearing.play_music(port, on=True)


def threes(relay: Relay, ports: Ports) -> None:
    """Conferences of three."""
    in_groups(relay, ports, 3)


def sixes(relay: Relay, ports: Ports) -> None:
    """Conferences of six."""
    in_groups(relay, ports, 6)


async def cpu_per_leg(shape: Shape, *, laws: tuple[Payloads, ...] = (PCMU,)) -> float:
    """CPU seconds that a leg takes each second."""
    relay = Relay(PortPool(HOST, 20_000, 27_998, enlarged), HOST, secrets.token_bytes)
    ports = [relay.open() for _ in range(LEGS)]
    load = await start_load(LEGS, SECONDS + 2)
    for place, (port, source) in enumerate(zip(ports, load.sources, strict=True)):
        relay.set_party(port, Party(MediaAddress(HOST, source), laws[place % len(laws)], source + 1))
    shape(relay, ports)
    load.go([port.address.port for port in ports])
    await asyncio.sleep(WARM_S)
    began, used, received = time.perf_counter(), time.process_time(), sum(port.received for port in ports)
    await asyncio.sleep(SECONDS)
    used, took = time.process_time() - used, time.perf_counter() - began
    received = sum(port.received for port in ports) - received
    await load.sent()
    for port in ports:
        relay.close(port)
    if received < 0.98 * LEGS * took * 50:
        sys.exit(f"only {received} packets came in {took:.2f} s: this machine is too busy to say anything")
    return used / took / LEGS


async def main() -> None:
    """Runs all shapes and prints the table."""
    build("load")
    raise_file_limit()
    hold_music()
    rows: list[tuple[str, Shape, tuple[Payloads, ...]]] = [
        ("another phone, as it came (reference)", pairs, (PCMU,)),
        ("another phone, of the other law", pairs, (PCMU, PCMA)),
        ("another phone, after a hold", held_before, (PCMU,)),
        ("music", on_hold, (PCMU,)),
        ("two others, mixed", threes, (PCMU,)),
        ("five others, mixed", sixes, (PCMU,)),
    ]
    print(f"## What a leg costs the exchange, {LEGS} legs\n")
    print("| its phone hears | CPU ms per second | legs per core | × reference |\n|---|---|---|---|")
    reference = 0.0
    for name, shape, laws in rows:
        used = await cpu_per_leg(shape, laws=laws)
        reference = reference or used
        print(f"| {name} | {1e3 * used:.2f} | {1 / used:.0f} | {used / reference:.1f} |", flush=True)


if __name__ == "__main__":
    uvloop.run(main())
