"""Phones that renew their media in a call, by a re-INVITE or by going on at another phone: the audio then comes from another
socket, under another SSRC and in another voice. The recording goes on with it at once, on the same track; a pause stands until
Resume, whoever sends what."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from typing import Any

from telegraphone.demo.desktop import Desktop
from telegraphone.phone import Phone, PhoneOptions, PhoneState, tone
from telegraphone.phone.audio import PhoneAudio
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.uri import NameAddr, SipUri
from tests.interop.exchange.test_refer import replaces
from tests.interop.office import CUSTOMER, ONE, OTHER, TONES, TWO, Desk, Moment, Office, recorded
from tests.interop.phones import PATIENCE_S
from tests.interop.system import AGENT, HOST, OTHER_AGENT, PASSWORD, System, telegraphone

STEADY_S = 1.0
STEP_S = 0.02


class Renewing(Phone):
    """A phone that can go on in a call with new media."""

    @property
    def ssrc(self) -> int:
        """Under which it sends now."""
        assert self._call is not None
        return self._call.audio._ssrc

    async def hears(self, ssrc: int) -> None:
        while not self.heard or self.heard[-1].packet.ssrc != ssrc:  # noqa: ASYNC110 - nobody tells of a packet
            await asyncio.sleep(STEP_S)

    def renew(self, voice: str) -> None:
        """Offers a new socket; from the answer on it speaks there, under another SSRC, in the voice of that number."""
        call = self._talking()
        old, call.audio = call.audio, PhoneAudio(self._local_host, tone(TONES[voice]), secrets.token_bytes)
        self.heard = call.audio.heard
        old.close()
        self._reoffer(holding=False)

    async def take_over(self, other: "Renewing") -> None:
        """Goes on with the other's call (RFC 3891)."""
        assert other._call is not None
        assert other._call.dialog is not None
        sip, call = await self._open(), self._new_call()
        call.pending = sip.request(
            OutgoingRequest(
                method="INVITE",
                uri=SipUri(*self._at(self.number)),
                from_=NameAddr(SipUri(*self._at(self.number)), self.number),
                body=call.ours.serialize(),
                headers=(("Replaces", replaces(other._call.dialog)), ("Require", "replaces")),
                flow=self._flow,
                credentials=self._credentials,
            )
        )
        self._enter(PhoneState.CALLING)
        await self.until(PhoneState.TALKING)
        await other.until(PhoneState.IDLE)


@asynccontextmanager
async def phone(system: System, number: str, voice: str = "") -> AsyncIterator[Renewing]:
    """A registered phone that answers by itself, in the voice of its number or another."""
    options = PhoneOptions(answers_after_s=0.0)
    address = (HOST, system.sip_port)
    made = Renewing(number, number, number * 3, address, HOST, voice=tone(TONES[voice or number]), options=options)
    try:
        await made.register()
        yield made
    finally:
        await made.close()


async def steady(one: Renewing, other: Renewing) -> Moment:
    """A while in which each hears what the other sends now."""
    async with asyncio.timeout(PATIENCE_S):
        for ear, mouth in ((one, other), (other, one)):
            await ear.hears(mouth.ssrc)
    begins = time()
    await asyncio.sleep(STEADY_S)
    return Moment(begins, time())


@asynccontextmanager
async def recorded_call(folder: Path) -> AsyncIterator[tuple[Office, Renewing, Renewing, dict[str, Any]]]:
    """The customer talks to agent one, who records it."""
    async with (
        telegraphone(folder) as system,
        phone(system, CUSTOMER) as customer,
        phone(system, ONE) as agent,
        Desktop(system.url, AGENT, PASSWORD) as api,
    ):
        here = Office(system, {}, Desk(AGENT, ONE, api=api), Desk(OTHER_AGENT, TWO))
        await customer.call(ONE)
        call = await here.one.call()
        await here.one.do(call, "StartCallRecording")
        yield here, customer, agent, call


async def test_new_media_under_another_ssrc(tmp_path: Path) -> None:
    async with recorded_call(tmp_path) as (here, customer, agent, call):
        ssrcs = {customer.ssrc, agent.ssrc}
        first = await steady(customer, agent)
        customer.renew(OTHER)
        ssrcs.add(customer.ssrc)
        second = await steady(customer, agent)
        await here.one.do(call, "PauseCallRecording")
        agent.renew(TWO)
        customer.renew(CUSTOMER)
        ssrcs |= {customer.ssrc, agent.ssrc}
        assert len(ssrcs) == 5, "each has changed, the customer's twice"
        paused = await steady(customer, agent)
        assert (await here.one.call())["recordingState"] == "Paused"
        await here.one.do(call, "ResumeCallRecording")
        third = await steady(customer, agent)
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(first, agent=[ONE], other=[CUSTOMER])
        part.holds(second, agent=[ONE], other=[OTHER])
        part.holds(paused, agent=[], other=[])
        part.holds(third, agent=[TWO], other=[CUSTOMER])


async def test_a_call_that_goes_on_at_another_phone_of_the_agent(tmp_path: Path) -> None:
    """An INVITE with Replaces, while it is recorded and while it is paused: it stays one call and one part."""
    async with recorded_call(tmp_path) as (here, customer, agent, call), phone(here.system, ONE, TWO) as pocket:
        first = await steady(customer, agent)
        await pocket.take_over(agent)
        second = await steady(customer, pocket)
        await here.one.do(call, "PauseCallRecording")
        await agent.take_over(pocket)
        paused = await steady(customer, agent)
        assert (await here.one.call())["recordingState"] == "Paused"
        await here.one.do(call, "ResumeCallRecording")
        third = await steady(customer, agent)
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(first, agent=[ONE], other=[CUSTOMER])
        part.holds(second, agent=[TWO], other=[CUSTOMER])
        part.holds(paused, agent=[], other=[])
        part.holds(third, agent=[ONE], other=[CUSTOMER])
