"""What a recording server refuses, and how, and what it does not refuse (siprec.md, section 4)."""

import asyncio
import hashlib

import pytest
from structlog.testing import capture_logs

from telegraphone.domain.legs import CallForked, CopyDescribed, EndCause, Keeping, LegEnded, PartyNamed
from telegraphone.limits import SNAPSHOT_REQUEST_S
from tests.interop.siprec.laboratory import again, laboratory, message, quiet, with_metadata


@pytest.mark.parametrize(("name", "status"), [("no-description", 400), ("broken-description", 400), ("nothing-usable", 488)])
async def test_what_another_recorder_would_not_do_better_either(name: str, status: int) -> None:
    async with laboratory() as lab:
        assert (await lab.send(name)).status == status
        assert (lab.events, lab.ports.open) == ([], {})


@pytest.mark.parametrize("name", ["broken-metadata", "entity-bomb"])
async def test_metadata_that_cannot_be_read_costs_no_recording(name: str) -> None:
    async with laboratory() as lab:
        assert (await lab.send(name)).status == 200
        assert lab.numbers() == ["", ""]
        assert [source.port for source in await lab.sources()] == [4000, 4002]
        [request] = lab.asked
        assert (request.method, request.headers.get("Content-Disposition")) == ("UPDATE", "recording-session")
        assert request.content_type == "application/rs-metadata+xml"
        assert b"<requestsnapshot" in request.body


async def test_a_snapshot_that_builds_on_nothing_known_has_a_full_one_asked_for_by_the_old_name() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        assert lab.asked == []
        assert (await lab.send("partial-of-the-unknown")).status == 200
        await quiet()
        [request] = lab.asked
        assert request.content_type == "application/rs-metadata"


async def test_a_client_that_does_not_know_the_new_name_is_asked_by_the_old_one() -> None:
    async with laboratory() as lab:
        lab.reply_status = 415
        await lab.send("broken-metadata")
        await quiet()
        assert [request.content_type for request in lab.asked] == ["application/rs-metadata+xml", "application/rs-metadata"]


async def test_the_log_knows_unusable_metadata_by_its_digest_and_says_nothing_of_what_is_in_it() -> None:
    document = b"<recording><participant participant_id='sip:15550100@example.com'>"
    async with laboratory() as lab:
        with capture_logs() as logs:
            assert (await lab.say(with_metadata(document))).status == 200
        [kept] = lab.of(CopyDescribed)[0].documents
    [said] = [each for each in logs if each["event"] == "metadata_unreadable"]
    assert kept.content.startswith(document)
    assert (said["size"], said["sha256"]) == (len(kept.content), hashlib.sha256(kept.content).hexdigest()[:16])
    assert "15550100" not in str(logs)


async def test_no_second_snapshot_is_asked_for_while_the_first_is_unanswered() -> None:
    async with laboratory() as lab:
        lab.reply_status = None
        broken = with_metadata(
            b"<recording><datamode>partial</datamode><participantsessionassoc participant_id='?'/></recording>"
        )
        await lab.say(broken)
        for cseq in range(2, 5):
            lab.pass_time(SNAPSHOT_REQUEST_S + 1)
            assert (await lab.say(again(broken, cseq, lab))).status == 200
            await quiet()
        # It has been repeated by then, as a client that answers nothing makes us do.
        asked = {request.cseq.number for request in lab.asked}
        assert (len(asked), len(lab.asked) > 1) == (1, True)
        lab.reply_status = 200
        lab.pass_time(SNAPSHOT_REQUEST_S + 1)
        await quiet()
        assert len({request.cseq.number for request in lab.asked} - asked) == 1


@pytest.mark.parametrize("kind", [b"multipart/related", b"multipart/alternative"])
async def test_another_name_for_the_whole_body_costs_no_recording(kind: bytes) -> None:
    async with laboratory() as lab:
        assert (await lab.say(message("plain").replace(b"multipart/mixed", kind))).status == 200
        assert lab.numbers() == ["15550100", "5001"]


@pytest.mark.parametrize(
    "kind", [b"application/rs-metadata-xml", b"application/recording-session", b"text/xml", b"application/xml"]
)
async def test_another_name_for_metadata_alone_is_understood(kind: bytes) -> None:
    async with laboratory() as lab:
        await lab.send("q14-a-dummy")
        corrected = message("q14-corrected", to_tag=next(iter(lab.tags.values())))
        assert (await lab.say(corrected.replace(b"application/rs-metadata", kind))).status == 200
        await quiet()
        assert [event.number for event in lab.of(PartyNamed)] == ["15550100", "5001"]


async def test_what_nobody_understands_is_named() -> None:
    async with laboratory() as lab:
        response = await lab.say(message("plain").replace(b"multipart/mixed", b"application/zip"))
        assert (response.status, "multipart/mixed" in (response.headers.get("Accept") or "")) == (415, True)
        assert "text/xml" not in (response.headers.get("Accept") or "")


async def test_strict_mode_obeys_the_rfc() -> None:
    async with laboratory(strict=True) as lab:
        assert (await lab.send("plain")).status == 200
        assert (await lab.send("q01-bare-src-and-no-option")).status == 421
        assert (await lab.send("q02-inside-the-brackets")).status == 421
        assert (await lab.say(message("plain").replace(b";+sip.src", b"").replace(b"plain", b"other"))).status == 403
        assert len(lab.of(CallForked)) == 1


async def test_strangers_are_refused() -> None:
    async with laboratory(sources=()) as lab:
        assert (await lab.send("plain")).status == 403
        assert lab.events == []


async def test_a_session_that_may_not_go_on_unrecorded_is_ended_by_us() -> None:
    async with laboratory(required=True) as lab:
        await lab.send("plain")
        assert lab.call.required
        await lab.server.hang_up(lab.call.parties[0].leg, EndCause.NORMAL)
        await quiet()
        assert [each.method for each in lab.asked] == ["BYE"]
        assert (lab.ports.open, lab.server.counts.recordings) == ({}, 0)
    async with laboratory() as lab:
        await lab.send("plain")
        assert not lab.call.required


async def test_a_call_that_cannot_be_recorded_is_sent_elsewhere() -> None:
    async with laboratory(keeping=Keeping.ALWAYS) as lab:
        lab.takes = False
        waiting = asyncio.create_task(lab.send("plain"))
        await quiet()
        await lab.server.hang_up(lab.call.parties[0].leg, EndCause.FAILED)
        response = await waiting
        assert (response.status, response.headers.get("Retry-After")) == (503, "10")
        await quiet()
        assert len(lab.of(LegEnded)) == 2
        assert lab.ports.open == {}
