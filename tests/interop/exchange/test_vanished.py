"""A phone that vanishes in the middle of a call: its leg ends, and the call with it; one that holds may be silent."""

import asyncio

from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegHeld
from tests.interop.exchange.router import Router, routed
from tests.interop.exchange.test_refer import SDP, call


async def test_a_phone_that_sends_nothing_is_gone() -> None:
    async with routed(rtp_timeout_s=0.4) as router, call(router) as (made, dialog):
        # 5001 speaks all the time; the desk has signalled a port and never sends.
        await router.until(lambda: len(router.of(LegEnded)) == 2)
        assert router.of(LegEnded)[0].cause is EndCause.FAILED
        await made.until(lambda: made.ended == [dialog])


async def test_a_phone_that_holds_may_be_silent() -> None:
    async with routed(rtp_timeout_s=0.8) as router, call(router) as (made, dialog):
        assert await made.ask(dialog, "INVITE", body=SDP.replace(b"sendrecv", b"sendonly"), kind="application/sdp") == 200
        await router.until(lambda: len(router.of(LegHeld)) == 1)
        await asyncio.sleep(1.2)
        assert ended(router) == []
        assert len(router.of(LegAnswered)) == 1


def ended(router: Router) -> list[LegEnded]:
    return router.of(LegEnded)
