"""What calls forked by SIPREC cost a whole node: setting them up over TCP, and recording them while they talk.

The reference of a set-up is the cheapest request a node answers, OPTIONS on the same connection. The reference of a talking
call is the same node and calls while nobody speaks. CPU time is that of the node and its recorder, as the kernel counts it.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.recorder_load import BUILD, Load, build, start_load
from telegraphone.wire.sdp import PCMU, Direction, Media
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri
from tests.interop.siprec.recording_client import AGENT, CALLER, HOST, Elsewhere, Fork, RecordingClient, recording_client
from tests.interop.system import System, free_sip_port, telegraphone

CALLS = int(os.environ.get("SIPREC_CALLS", "150"))
QUESTIONS = 500
SECONDS = 8
WARM_S = 1.0
SETTLED_S_MAX = 60.0
"""The list of recordings is written behind the calls' backs; what that still costs is not the cost of silence."""
STEADY = 1.1
AT_ONCE = 10


def used_s(system: System) -> float:
    """CPU seconds of the node and its recorder so far."""
    ticks = 0
    for pid in (system.process.pid, *system.children()):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def asked(client: RecordingClient) -> None:
    """One OPTIONS."""
    await client.outcome(
        OutgoingRequest(
            method="OPTIONS",
            uri=SipUri(client.server[0], "recorder", client.server[1]),
            from_=NameAddr(SipUri(HOST, "src")),
            headers=(),
            body=b"",
            content_type="",
            flow=Flow("TCP", *client.server),
        )
    )


async def set_up(client: RecordingClient, load: Load) -> list[Fork]:
    """A call for every two sources of the load."""
    room = asyncio.Semaphore(AT_ONCE)

    async def call(first: int) -> Fork:
        ports = load.sources[first : first + 2]
        lines = [
            Media("audio", port, (PCMU,), Direction.SENDONLY, attributes=(("label", party.label),))
            for port, party in zip(ports, (CALLER, AGENT), strict=True)
        ]
        async with room:
            return await client.fork(lines=lines, audio=[Elsewhere(port) for port in ports], silent=True)

    return list(await asyncio.gather(*(call(first) for first in range(0, 2 * CALLS, 2))))


async def while_it_lasts(system: System, seconds: float) -> float:
    """CPU seconds of a second."""
    before, began = used_s(system), time.perf_counter()
    await asyncio.sleep(seconds)
    return (used_s(system) - before) / (time.perf_counter() - began)


async def settled(system: System) -> None:
    """Returns when a second costs no less than the one before, which means that nothing is left of what setting up began."""
    before, ends = await while_it_lasts(system, 2.0), time.monotonic() + SETTLED_S_MAX
    while (now := await while_it_lasts(system, 2.0)) * STEADY < before and time.monotonic() < ends:
        before = now


async def main() -> None:
    """Runs everything and prints the tables."""
    build("load")
    port = free_sip_port()
    trunk = f'\n[siprec]\nsip_port = {port}\n[[trunks]]\nname = "sbc"\nsources = ["127.0.0.0/8"]\n'
    room = "[recorder]\nrtp_port_first = 20000\nrtp_port_last = 31999\n"
    with tempfile.TemporaryDirectory(prefix="telegraphone-bench-", dir=BUILD) as folder:
        async with telegraphone(Path(folder), more=trunk + room) as system, recording_client((HOST, port), "TCP") as client:
            before, began = used_s(system), time.perf_counter()
            for _ in range(QUESTIONS):
                await asked(client)
            question, questions_s = (used_s(system) - before) / QUESTIONS, QUESTIONS / (time.perf_counter() - began)
            load = await start_load(2 * CALLS, SECONDS + 4)
            before, began = used_s(system), time.perf_counter()
            forks = await set_up(client, load)
            call, calls_s = (used_s(system) - before) / CALLS, CALLS / (time.perf_counter() - began)
            await settled(system)
            quiet = await while_it_lasts(system, SECONDS / 2)
            load.go([media.port for fork in forks for media in fork.answer.media])
            await asyncio.sleep(WARM_S)
            talking = await while_it_lasts(system, SECONDS)
            sent = await load.sent()
            for fork in forks:
                await fork.hang_up()
            if sent < 2 * CALLS * (SECONDS + 4) * 50:
                sys.exit("the load could not keep its pace: this machine is too busy to say anything")
            # Most of the time nobody spoke, on purpose, and that is noticed.
            if wrong := [line for line in system.log.splitlines() if '"error"' in line and "call_not_reconciled" not in line]:
                sys.exit("\n".join(wrong))
    print(f"## Calls forked by SIPREC, {CALLS} at once, a whole node\n")
    print("| over TCP | CPU ms each | a second, one after the other or ten at once | × reference |\n|---|---|---|---|")
    print(f"| OPTIONS (reference) | {1e3 * question:.2f} | {questions_s:.0f} | 1.0 |")
    print(f"| call set up, recording begun | {1e3 * call:.2f} | {calls_s:.0f} | {call / question:.1f} |\n")
    print("| recorded calls | CPU ms per call and second | calls per core | × reference |\n|---|---|---|---|")
    print(f"| nobody speaks (reference) | {1e3 * quiet / CALLS:.2f} | {CALLS / quiet:.0f} | 1.0 |")
    print(
        f"| both speak, G.711, sealed and synced | {1e3 * talking / CALLS:.2f} | {CALLS / talking:.0f} | {talking / quiet:.1f} |"
    )


if __name__ == "__main__":
    uvloop.run(main())
