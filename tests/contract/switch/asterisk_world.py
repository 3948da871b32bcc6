"""A real Asterisk among the switches of the contract suite: one process for all tests, a new connection for each."""

import httpx

from telegraphone.endpoints.clock import SystemClock
from telegraphone.phone import PhoneOptions
from telegraphone.switches.asterisk import AsteriskSwitch
from tests.contract.switch.worlds import HOST, PATIENCE_S, PhonesWorld
from tests.interop.asterisk.server import APPLICATION, PASSWORD, USER, Asterisk, Changes

RINGING_AS_HERE: Changes = {"indications.conf": [("ring = 440+480/2000,0/4000", "ring = 425/1000,0/4000")]}
"""The suite knows ringing by the tone that most countries have."""


def switch_of(server: Asterisk, *, app: str = APPLICATION, url: str = "") -> AsteriskSwitch:
    """A switch at this Asterisk, or at what stands before it."""
    return AsteriskSwitch(
        name="asterisk",
        url=url or f"http://{HOST}:{server.ari_port}",
        user=USER,
        password=PASSWORD,
        app=app,
        named_devices={},
        outbound="",
        lifts=True,
        feature_codes={},
        rtp_ports=(server.rtp_ports.start, server.rtp_ports.stop - 1),
        clock=SystemClock(),
    )


class AsteriskWorld(PhonesWorld):
    def __init__(self, server: Asterisk) -> None:
        super().__init__(PhoneOptions(answers_on_talk=False, answers_when_told=True))
        self._server = server
        self._http = httpx.AsyncClient(auth=(USER, PASSWORD), trust_env=False, timeout=PATIENCE_S)
        self.switch = switch_of(server)

    async def start(self) -> None:
        await self.switch.start()
        assert self.switch.works
        await self.register((HOST, self._server.sip_port), "{}", "{0}{0}{0}")

    async def close(self) -> None:
        await self.put_away()
        await self.switch.close()
        await self._http.aclose()

    async def there(self) -> None:
        (await self._http.get(f"{self._server.url}/asterisk/ping")).raise_for_status()
