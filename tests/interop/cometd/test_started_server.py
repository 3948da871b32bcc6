"""Every client at once on a started server, while its agent's phone has real calls: all hear the same of each call, in the
order of the changes, also after the server was killed and started again."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from telegraphone.demo.desktop import Desktop as Api
from tests.interop.cometd.stage import Desktop, desktop, replies
from tests.interop.system import AGENT, PASSWORD, System, healthy, start, talking, telegraphone

CLIENTS: list[dict[str, Any]] = [
    {"library": library, "transport": transport, "ack": ack}
    for library, transport, ack in [
        ("cometd", "long-polling", True),
        ("cometd", "websocket", False),
        ("cometd-3", "long-polling", False),
        ("cometd-3", "websocket", True),
        ("cometd-jquery", "long-polling", True),
        ("faye", "long-polling", False),
        ("aiocometd", "websocket", False),
    ]
]
OPERATIONS = ["StartCallRecording", "PauseCallRecording", "ResumeCallRecording", "StopCallRecording"]
CHANGES = ["Ringing", "Established", "Recording", "Paused", "Recording", "Stopped", "Released"]


def changes(desk: Desktop, call_id: str) -> list[str]:
    """What a client was told of a call: its states, and those of its recording."""
    told = []
    for data in desk.heard():
        if data.get("call", {}).get("id") == call_id:
            kind = data["notificationType"]
            if kind in {"StatusChange", "CallRecordingStateChange"}:
                told.append(data["call"]["state" if kind == "StatusChange" else "recordingState"])
    return told


async def one_call(system: System) -> str:
    """A call with all four recording operations; its id."""
    async with talking(system), Api(system.url, AGENT, PASSWORD) as api:
        [call] = (await api.get("/me/calls?fields=*"))["calls"]
        for operation in OPERATIONS:
            await api.post(f"/me/calls/{call['id']}", operation)
    return str(call["id"])


async def test_all_clients_hear_the_same_calls_also_after_a_kill(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system, AsyncExitStack() as stack:
        desks = [
            await stack.enter_async_context(desktop(system.http_port, user=AGENT, password=PASSWORD, **client))
            for client in CLIENTS
        ]
        for desk in desks:
            desk.do("handshake")
            await desk.met("subscribe", successful=True)
        first = await one_call(system)
        for desk in desks:
            await desk.until(lambda _, desk=desk: "Released" in changes(desk, first))  # type: ignore[misc] # mypy: defaults
        assert [changes(desk, first) for desk in desks] == [CHANGES] * len(desks)

        subscribed = [len(replies(desk.facts, "subscribe", successful=True)) for desk in desks]
        system.process.kill()
        await system.process.wait()
        system.process = await start(system.folder)
        await healthy(system)
        for desk, times in zip(desks, subscribed, strict=True):
            await desk.met("subscribe", times=times + 1, successful=True)
        second = await one_call(system)
        for desk in desks:
            await desk.until(lambda _, desk=desk: "Released" in changes(desk, second))  # type: ignore[misc] # as above
        assert [changes(desk, second) for desk in desks] == [CHANGES] * len(desks)
