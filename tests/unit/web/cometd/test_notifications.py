"""The notification server on the loop it runs on in production."""

import asyncio

import uvloop

from telegraphone.web.cometd import Notifications
from telegraphone.wire.bayeux import BayeuxServer


async def _overdue(server: Notifications) -> int:
    called: list[float] = []
    engine = server._engine
    engine.on_deadline = called.append  # type: ignore[method-assign] # counted instead
    server.start()
    for _ in range(2):
        server.publish("kate", "/v2/me/calls", b"1")
    engine.next_deadline = lambda: None  # type: ignore[method-assign] # and no further one
    after = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(after.set_result, None)
    await after
    return len(called)


def test_a_deadline_that_is_now_is_met_once() -> None:
    """On a busy machine it is over before anybody could be woken for it."""
    server = Notifications()
    loop = uvloop.new_event_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        server._engine.next_deadline = lambda: loop.time() - 0.001  # type: ignore[method-assign] # always late
        assert isinstance(server._engine, BayeuxServer)
        assert runner.run(_overdue(server)) == 1
