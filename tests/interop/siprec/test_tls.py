"""Recording clients that come by TLS and prove who they are by a certificate, which the trunk demands."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.endpoints.sip_tls import SipTls, client_context
from telegraphone.limits import SIP_HANDSHAKES_MAX
from tests.interop.certificates import Authority
from tests.interop.siprec.recording_client import Refused, recording_client
from tests.interop.siprec.test_plain_calls import finished
from tests.interop.system import HOST, free_port, free_sip_port, telegraphone


async def test_a_certificate_lets_its_trunk_in_and_nobody_else(tmp_path: Path) -> None:
    authority, port, secure_port = Authority(tmp_path), free_sip_port(), free_port()
    certificate, key = authority.sign("recorder")
    siprec = (
        f'\n[siprec]\nsip_port = {port}\ntls_port = {secure_port}\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n'
        f'tls_client_authorities = "{authority.certificate}"\n'
        '[[trunks]]\nname = "stranger"\nsources = ["127.0.0.0/8"]\ncertificates = ["sbc.example.com"]\n'
    )
    ours = '[[trunks]]\nname = "sbc"\nsources = ["127.0.0.0/8"]\ncertificates = ["127.0.0.1"]\n'
    tls = SipTls(client=client_context(authority.certificate, authority.sign("border")))
    async with telegraphone(tmp_path, more=siprec + ours) as system:
        # Fault F28: more than there is room for have connected and say nothing.
        silent = [await asyncio.open_connection(HOST, secure_port) for _ in range(SIP_HANDSHAKES_MAX + 50)]
        async with recording_client((HOST, secure_port), "TLS", tls=tls) as client:
            fork = await client.fork()
            assert str(fork.dialog.remote_target).endswith(";transport=tls")
            await fork.hang_up()
            assert len(await finished(system)) == 1
        for _, writer in silent:
            writer.close()
        async with recording_client((HOST, port), "TCP") as client:
            with pytest.raises(Refused, match="403"):
                await client.fork()
        assert system.log.count('"level": "error"') == 0, system.log
