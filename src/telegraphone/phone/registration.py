"""Keeps a phone registered: asks, asks again before the time is over, and takes its leave (RFC 3261 section 10.2)."""

import asyncio
import secrets
from typing import Final

from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.digest import Credentials
from telegraphone.wire.sip.fields import read_name_addrs, read_seconds
from telegraphone.wire.sip.message import Response
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri, escape_user

_AGAIN_S: Final = 10.0
"""How long it waits after a renewal that failed."""


class RegistrationFailed(Exception):
    """The registrar did not take the phone; `status` is SIP's, 408 without any answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"registration failed with {status}")
        self.status = status


class Registration:
    """One phone's registration at one registrar."""

    def __init__(
        self,
        sip: SipEndpoint,
        registrar: SipUri,
        number: str,
        *,
        credentials: Credentials,
        flow: Flow,
        expires_s: int,
    ) -> None:
        self._sip = sip
        self._registrar = registrar
        self._number = number
        self._credentials = credentials
        self._flow = flow
        self._expires_s = expires_s
        self._call_id = secrets.token_hex(12)
        self._cseq = 0
        self._pending: PendingRequest | None = None
        self._answer: asyncio.Future[Response | None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._granted = False

    async def begin(self) -> None:
        """Registers now and renews from then on. Raises RegistrationFailed."""
        response = await self._ask(self._expires_s)
        self._granted = True
        self._renew_in(_granted_s(response, self._expires_s) / 2)

    async def end(self) -> None:
        """Takes the registration back. Raises RegistrationFailed."""
        self.stop()
        if self._granted:
            self._granted = False
            await self._ask(0)

    def stop(self) -> None:
        """Renews no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def answered(self, pending: PendingRequest, response: Response) -> bool:
        """Takes a response if it is for the registration."""
        if pending is not self._pending:
            return False
        if not response.provisional:
            self._cseq = pending.request.cseq.number if pending.request is not None else self._cseq
            self._settle(response)
        return True

    def failed(self, pending: PendingRequest) -> bool:
        """Takes a failure if it is the registration's."""
        if pending is not self._pending:
            return False
        self._settle(None)
        return True

    async def _ask(self, expires_s: int) -> Response:
        self._answer = asyncio.get_running_loop().create_future()
        self._send(expires_s)
        response = await self._answer
        if response is None or not response.success:
            raise RegistrationFailed(408 if response is None else response.status)
        return response

    def _send(self, expires_s: int) -> None:
        self._cseq += 1
        host, port = self._registrar.host, self._registrar.port
        address = NameAddr(SipUri(host, escape_user(self._number), port))
        self._pending = self._sip.request(
            OutgoingRequest(
                method="REGISTER",
                uri=self._registrar,
                from_=address,
                to=address,
                headers=(("Expires", str(expires_s)), ("Allow-Events", "talk")),
                flow=self._flow,
                credentials=self._credentials,
                call_id=self._call_id,
                cseq=self._cseq,
            )
        )

    def _settle(self, response: Response | None) -> None:
        self._pending = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(response)
        elif self._timer is not None:
            taken = response is not None and response.success
            self._renew_in(_granted_s(response, self._expires_s) / 2 if response is not None and taken else _AGAIN_S)

    def _renew_in(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._send, self._expires_s)


def _granted_s(response: Response, asked_s: int) -> int:
    """The shortest time said for any Contact, else the field of the whole response, else what was asked."""
    said = [read_seconds(each.param("expires")) for each in read_name_addrs(response.headers, "Contact")]
    known = [each for each in said if each]
    return min(known) if known else read_seconds(response.headers.get("Expires")) or asked_s
