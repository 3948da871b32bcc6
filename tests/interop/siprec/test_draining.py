"""A recorder that is full, that an operator empties, or that has lost a recording sends its clients elsewhere."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from telegraphone.domain.legs import CallForked, LegEnded
from telegraphone.switches.siprec import Admission
from telegraphone.wire.sip.message import Response
from tests.interop.siprec.laboratory import Laboratory, laboratory, message
from tests.interop.siprec.recording_client import AGENT, CALLER, OTHER_AGENT, Refused, metadata
from tests.interop.siprec.test_plain_calls import PATIENCE_S, finished, near, recorder, tracks, until, voice

OPTIONS = (
    b"OPTIONS sip:recorder@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK-o%d\r\n"
    b"From: <sip:sbc@192.0.2.1>;tag=o%d\r\nTo: <sip:recorder@192.0.2.9>\r\nCall-ID: o%d@192.0.2.1\r\nCSeq: 1 OPTIONS\r\n\r\n"
)


async def asked(lab: Laboratory, number: int) -> Response:
    """What an SRC that asks whether we are alive is told (siprec.md, Q21)."""
    return await lab.say(OPTIONS % (number, number, number))


async def test_draining_refuses_what_is_new_and_nothing_else() -> None:
    async with laboratory() as lab:
        await lab.send("q10-both-inactive")
        lab.server.admission.draining = True
        for number, response in enumerate([await lab.send("plain"), await asked(lab, 1)]):
            assert (response.status, response.headers.get("Retry-After")) == (503, "10"), number
        assert (await lab.send("q10-activated")).status == 200
        assert (len(lab.of(CallForked)), lab.of(LegEnded)) == (1, [])
        lab.server.admission.draining = False
        assert (await asked(lab, 2)).status == 200
        assert (await lab.send("q16-next-part")).status == 200


async def test_a_full_recorder_takes_the_next_when_one_has_ended() -> None:
    async with laboratory(admission=Admission(recordings_max=1)) as lab:
        await lab.say(message("plain").replace(b"plain", b"q15"))
        assert (await asked(lab, 1)).status == 503
        refused = await lab.send("q16-next-part")
        assert (refused.status, refused.headers.get("Retry-After")) == (503, "10")
        assert (await lab.send("q15-bye-with-metadata")).status == 200
        assert (await asked(lab, 2)).status == 200
        assert (await lab.say(message("q16-next-part").replace(b"q16", b"again"))).status == 200


async def test_an_operator_empties_a_node_by_a_signal(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        workers = system.children()
        fork = await client.fork()
        await fork.says(0.5)
        # Service managers may tell all processes of a service.
        for pid in (*workers, system.process.pid):
            os.kill(pid, signal.SIGUSR1)

        async def said(word: str) -> bool:
            return f'"event": "{word}"' in system.log

        await until(lambda: said("draining"))
        with pytest.raises(Refused) as refused:
            await client.fork((CALLER, OTHER_AGENT))
        assert (refused.value.response.status, refused.value.response.headers.get("Retry-After")) == (503, "10")
        assert (await fork.change("UPDATE", snapshot=metadata([CALLER, AGENT]))).status == 200
        await asyncio.sleep(1)
        assert not await said("drained")
        await fork.hang_up()
        await until(lambda: said("drained"))
        [resource] = await finished(system)
        left, _ = await tracks(system, resource)
        assert near(voice(left), AGENT.hertz)
        assert system.children() == workers
        system.process.send_signal(signal.SIGUSR2)
        await until(lambda: said("taking_sessions_again"))
        await (await client.fork()).hang_up()
        assert system.log.count('"level": "error"') == 0, system.log


async def test_a_session_whose_recording_is_lost_is_ended_where_that_is_required(tmp_path: Path) -> None:
    async with recorder(tmp_path, trunk="recording_required = true") as (system, client):
        fork = await client.fork()
        await asyncio.sleep(0.5)
        # A worker that takes over has no key to go on with.
        shutil.rmtree(system.data / "keys" / "envelopes")
        for pid in system.children():
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_S):
            await fork.ended.wait()
        assert '"event": "call_ended_unrecorded"' in system.log
