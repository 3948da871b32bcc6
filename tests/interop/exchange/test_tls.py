"""Phones that register by TLS: PJSIP checks our certificate, and is called by the connection that it opened."""

from pathlib import Path
from typing import cast

from telegraphone.domain.legs import EndCause, LegEnded
from telegraphone.endpoints.sip_tls import SipTls, server_context
from tests.interop.certificates import Authority
from tests.interop.exchange.router import HOST, routed
from tests.interop.exchange.test_pjsip import TONES, Place, strengths, tone
from tests.interop.phones import pjsip_phone
from tests.interop.system import System


async def test_a_phone_by_tls_calls_one_by_udp_and_is_called(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with routed(tls=SipTls(server=server_context(*authority.sign("exchange")))) as router:
        system = cast("System", Place(tmp_path, router.exchange.port))
        secure = {"authority": str(authority.certificate), "registrar": f"{HOST}:{router.exchange.tls_port}"}
        async with (
            pjsip_phone(system, "5000", tone(tmp_path, "5000"), **secure) as safe,
            pjsip_phone(system, "5001", tone(tmp_path, "5001")) as plain,
        ):
            for caller, called, number in ((safe, plain, "5001"), (plain, safe, "5000")):
                caller.do("call", number=number)
                await called.reports("media", state="active", times=1 if caller is safe else 2)
                await called.speaks(2)
                called.do("hang up")
                await caller.reports("call", state="DISCONNECTED", times=1 if caller is safe else 2)
            await router.idle()
    assert [each.cause for each in router.of(LegEnded)] == [EndCause.NORMAL] * 4
    assert strengths(safe.heard)[TONES["5001"]] > 0.95
