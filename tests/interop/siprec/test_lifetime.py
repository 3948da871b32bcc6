"""How sessions end that nobody ends: the client is gone, or never stops, or leaves our questions unanswered (F29, Q19)."""

import asyncio

from telegraphone.domain.legs import CallForked, EndCause, LegEnded
from telegraphone.limits import RTP_SILENT_S
from telegraphone.switches.siprec.watch import Watch
from telegraphone.wire.sip.message import Response
from tests.interop.siprec.laboratory import Laboratory, again, laboratory, message, quiet


def look(lab: Laboratory, later_s: float = 0.0) -> None:
    """Lets time pass and has the sessions looked at."""
    lab.clock.ahead_s += later_s
    server = lab.server
    assert server._sip is not None
    Watch(server._register, server._sip).look(lab.clock.now())


async def recorded_until_it_falls_silent(lab: Laboratory) -> None:
    """A session without a dialog lives while it is heard (Q19), and ends when it no longer is."""
    lab.ports.heard = set(lab.ports.open)
    look(lab, RTP_SILENT_S + 1)
    await quiet()
    assert lab.of(LegEnded) == []
    lab.ports.heard = set()
    look(lab, RTP_SILENT_S + 1)
    await quiet()
    assert [event.cause for event in lab.of(LegEnded)] == [EndCause.FAILED] * 2
    assert (lab.ports.open, lab.server.counts.recordings) == ({}, 0)


async def test_a_silent_client_that_is_still_there_is_asked_and_kept() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        look(lab, RTP_SILENT_S - 10)
        assert lab.asked == []
        look(lab, 11)
        await quiet()
        assert [request.method for request in lab.asked] == ["OPTIONS"]
        look(lab, 1)
        await quiet()
        assert len(lab.asked) == 1
        assert lab.of(LegEnded) == []


async def test_a_client_that_knows_the_dialog_no_more_is_recorded_as_long_as_it_is_heard() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        lab.reply_status = 481
        look(lab, RTP_SILENT_S + 1)
        await quiet()
        await recorded_until_it_falls_silent(lab)


async def test_a_session_that_never_ends_is_ended() -> None:
    async with laboratory(call_s_max=3_600.0) as lab:
        await lab.send("plain")
        lab.ports.heard = set(lab.ports.open)
        look(lab, 3_590)
        assert lab.of(LegEnded) == []
        look(lab, 11)
        await quiet()
        assert len(lab.of(LegEnded)) == 2
        assert [request.method for request in lab.asked] == ["BYE"]


async def test_session_timers_in_both_roles() -> None:
    async with laboratory() as lab:
        theirs = await lab.say(TIMED % b"1800;refresher=uac")
        assert theirs.headers.get("Session-Expires") == "1800;refresher=uac"
        ours = await lab.say(TIMED.replace(b"plain", b"other") % b"1800;refresher=uas")
        assert ours.headers.get("Session-Expires") == "1800;refresher=uas"
        short = await lab.say(TIMED.replace(b"plain", b"short") % b"30")
        assert (short.status, short.headers.get("Min-SE")) == (422, "90")


TIMED = message("plain").replace(b"Require: siprec", b"Require: siprec\r\nSupported: timer\r\nSession-Expires: %s")


async def test_a_session_that_its_client_refreshes_lives_and_one_that_it_no_longer_does_ends() -> None:
    async with laboratory() as lab:
        invite = TIMED % b"1800;refresher=uac"
        await lab.say(invite)
        await lab.sources()
        lab.pass_time(1_000)
        assert (await lab.say(again(invite, 2, lab))).headers.get("Session-Expires") == "1800;refresher=uac"
        lab.pass_time(1_700)
        await quiet()
        assert lab.asked == []
        assert lab.server.counts.dialogs == 1
        lab.pass_time(100)
        await quiet()
        assert [request.method for request in lab.asked] == ["BYE"]
        # Whoever forgot to refresh may still be talking.
        await recorded_until_it_falls_silent(lab)


async def test_a_session_that_we_refresh_lives_as_long_as_that_is_answered() -> None:
    async with laboratory() as lab:
        await lab.say(TIMED % b"1800;refresher=uas")
        await lab.sources()
        lab.ports.heard = set(lab.ports.open)
        lab.reply_fields = ("Session-Expires: 1800;refresher=uac",)
        for refreshes in (1, 2, 3):
            lab.pass_time(900)
            await quiet()
            assert [request.method for request in lab.asked] == ["UPDATE"] * refreshes
            assert lab.asked[-1].headers.get("Session-Expires") == "1800;refresher=uac"
            assert lab.asked[-1].body == b""
        lab.reply_status = None
        lab.pass_time(900)
        assert lab.server.counts.dialogs == 1
        # Nobody answers: by the end of the interval the dialog is lost, and what is heard is kept all the same.
        lab.pass_time(900)
        await quiet()
        await recorded_until_it_falls_silent(lab)


async def test_f29_a_client_that_vanished_is_asked_answers_nothing_and_its_recording_ends() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        await lab.sources()
        lab.ports.heard = set(lab.ports.open)
        look(lab, 3_600)
        assert lab.of(LegEnded) == []
        lab.ports.heard, lab.reply_status = set(), None
        look(lab, RTP_SILENT_S + 1)
        await quiet()
        assert lab.asked[0].method == "OPTIONS"
        # Timer F of RFC 3261.
        lab.pass_time(40)
        look(lab)
        await quiet()
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.FAILED] * 2
        assert (lab.ports.open, lab.server.counts.recordings) == ({}, 0)


async def test_a_client_that_gives_up_before_the_answer() -> None:
    async with laboratory() as lab:
        lab.takes = False
        invite = message("plain")
        waiting = asyncio.create_task(lab.say(invite))
        await quiet()
        cancel = invite.partition(b"\r\n\r\n")[0].replace(b"INVITE", b"CANCEL")
        lines = [
            line for line in cancel.split(b"\r\n") if line.split(b":")[0] not in {b"Content-Type", b"Content-Length", b"Require"}
        ]
        await lab.throw(b"\r\n".join([*lines, b"", b""]))
        response: Response = await waiting
        assert response.status == 487
        await quiet()
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.CANCELLED] * 2
        assert lab.ports.open == lab.ports.legs == {}


async def test_one_invite_many_times_is_one_call() -> None:
    async with laboratory() as lab:
        invite = message("plain")
        for _ in range(5):
            await lab.throw(invite)
        await lab.say(invite)
        assert len(lab.of(CallForked)) == 1
        assert lab.server.counts.recordings == 1


async def test_an_unknown_dialog_and_requests_out_of_order() -> None:
    async with laboratory() as lab:
        assert (await lab.send("q14-corrected")).status == 481
        await lab.send("q10-both-inactive")
        assert (await lab.send("q10-held-by-zeros")).status == 200
        assert (await lab.send("q10-activated")).status == 500


async def test_closing_ends_every_session() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        await lab.send("q16-next-part")
        await lab.server.close()
        await quiet()
        assert len(lab.of(LegEnded)) == 4
        assert lab.ports.open == lab.ports.legs == {}
