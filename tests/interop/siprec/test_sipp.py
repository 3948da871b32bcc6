"""Recording clients played by SIPp, by the hundred: every one is served, and nothing of them stays."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.domain.legs import CallForked, EndCause, LegEnded, PartyNamed
from tests.interop.exchange.sippers import ten_free_ports
from tests.interop.siprec.laboratory import HOST, laboratory, quiet

SCENARIO = Path(__file__).parent / "sipp" / "recorded.xml"
CALLS, CALLS_PER_S = 200, 50


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_hundreds_of_sessions(tmp_path: Path, transport: str) -> None:
    async with laboratory() as lab:
        sipp = await asyncio.create_subprocess_exec(
            *("sipp", f"{HOST}:{lab.server.port}", "-sf", str(SCENARIO), "-i", HOST, "-t", transport),
            *("-p", str(ten_free_ports()), "-m", str(CALLS), "-r", str(CALLS_PER_S), "-nostdin"),
            *("-timeout", "50s", "-timeout_error", "-trace_err", "-error_file", str(tmp_path / "errors.log")),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=tmp_path,
        )
        assert await sipp.wait() == 0, (tmp_path / "errors.log").read_text() if (tmp_path / "errors.log").exists() else ""
        await quiet()
        assert len(lab.of(CallForked)) == CALLS
        assert [event.number for event in lab.of(PartyNamed)] == ["5002"] * CALLS
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.NORMAL] * 2 * CALLS
        assert lab.ports.open == lab.ports.legs == {}
        assert (lab.server.counts.recordings, lab.server.counts.legs, lab.server.counts.dialogs) == (0, 0, 0)
