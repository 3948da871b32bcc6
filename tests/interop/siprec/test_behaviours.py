"""What recording clients really send, each as one test by the number of its row (siprec.md, section 6)."""

import asyncio

import pytest

from telegraphone.domain.legs import (
    CallForked,
    CopyDescribed,
    EndCause,
    FactsLearned,
    LegEnded,
    PartyJoined,
    PartyNamed,
    RecordingOrdered,
)
from telegraphone.domain.recording import Trigger
from telegraphone.services.ports import NOBODY, TapMoved
from telegraphone.wire.sdp import Direction
from tests.interop.siprec.laboratory import HOST, Ports, again, described, laboratory, message, quiet, with_metadata

BOTH = ["15550100", "5001"]


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "q01-bare-src-and-no-option",
        "q02-hyphens",
        "q02-inside-the-brackets",
        "q02-a-contact-that-is-none",
        "q03-lost-comma",
        "q04-namespace-without-one",
        "q04-prefix",
        "q04-other-root-and-plain-ids",
        "q05-send-inside-participant",
        "q05-nested-ids",
        "q06-ids-and-labels-of-any-kind",
        "q06-no-labels",
        "q07-times-of-any-kind",
        "q08-metadata-first-and-more",
        "q08-lines-end-in-lf",
        "q09-address-of-each-line-and-no-direction",
    ],
)
async def test_one_call_however_it_is_written(name: str) -> None:
    async with laboratory() as lab:
        response = await lab.send(name)
        assert response.status == 200
        assert "+sip.srs" in str(response.contact)
        assert "UPDATE" in (response.headers.get("Allow") or "")
        assert [(media.direction, media.port > 0) for media in described(response).media] == [(Direction.RECVONLY, True)] * 2
        assert lab.numbers() == BOTH
        first, second = await lab.sources()
        assert (first.port, second.port) == (4000, 4002)
        assert lab.asked == []


async def test_q03_only_a_real_unknown_option_is_refused() -> None:
    async with laboratory() as lab:
        response = await lab.send("q03-unknown-option")
        assert (response.status, response.headers.get("Unsupported")) == (420, "teleportation")
        assert lab.events == []


async def test_q05_an_empty_stream_id_links_nobody() -> None:
    async with laboratory() as lab:
        assert (await lab.send("q05-empty-stream-id")).status == 200
        # The second says where it speaks; the first is given the line that is left.
        first, second = await lab.sources()
        assert (first.port, second.port) == (4000, 4002)


async def test_q09_each_line_has_its_own_address() -> None:
    async with laboratory() as lab:
        await lab.send("q09-address-of-each-line-and-no-direction")
        assert [source.host for source in await lab.sources()] == ["192.0.2.7", "192.0.2.8"]


async def test_q10_inactive_at_first_then_active_then_held_by_zeros() -> None:
    async with laboratory() as lab:
        response = await lab.send("q10-both-inactive")
        assert {media.direction for media in described(response).media} == {Direction.INACTIVE}
        assert [source.host for source in await lab.sources()] == ["", ""]
        response = await lab.send("q10-activated")
        assert {media.direction for media in described(response).media} == {Direction.RECVONLY}
        assert [event.source.port for event in lab.of(TapMoved)] == [4000, 4002]
        response = await lab.send("q10-held-by-zeros")
        assert {media.direction for media in described(response).media} == {Direction.INACTIVE}
        assert [event.source.host for event in lab.of(TapMoved)][2:] == ["", ""]


async def test_q11_one_line_for_two_is_a_mix() -> None:
    async with laboratory() as lab:
        response = await lab.send("q11-mixed")
        assert len(described(response).media) == 1
        assert (lab.call.mixed, lab.numbers()) == (True, BOTH)
        first, second = await lab.sources()
        assert (first.port, second) == (4000, NOBODY)


async def test_q12_a_mix_beside_both_voices_is_nobody_s_track() -> None:
    async with laboratory() as lab:
        response = await lab.send("q12-in-out-and-mix")
        media = described(response).media
        assert [each.kind for each in media] == ["audio", "audio", "audio", "video"]
        assert media[3].port == 0
        assert not lab.call.mixed
        assert [source.port for source in await lab.sources()] == [4000, 4002]


async def test_q13_codecs_by_their_names() -> None:
    async with laboratory() as lab:
        [media] = described(await lab.send("q13-odd-numbers")).media
        assert [(codec.name, codec.payload_type) for codec in media.codecs] == [("PCMA", 97), ("telephone-event", 111)]
        source, _ = await lab.sources()
        assert source.codecs == {18: "G729", 9: "G722", 97: "PCMA", 0: "PCMU", 111: "telephone-event"}


async def test_q14_a_dummy_gets_its_name() -> None:
    async with laboratory() as lab:
        await lab.send("q14-a-dummy")
        assert lab.numbers() == ["", ""]
        response = await lab.send("q14-corrected")
        assert (response.status, response.body) == (200, b"")
        await quiet()
        assert [(event.leg, event.number) for event in lab.of(PartyNamed)] == list(
            zip([party.leg for party in lab.call.parties], BOTH, strict=True)
        )
        assert (lab.of(PartyJoined), lab.of(LegEnded)) == ([], [])
        assert lab.of(CallForked) == [lab.call]


async def test_q15_the_last_word_comes_with_the_end() -> None:
    async with laboratory() as lab:
        await lab.say(message("plain").replace(b"plain", b"q15"))
        assert (await lab.send("q15-bye-with-metadata")).status == 200
        await quiet()
        last = lab.of(CopyDescribed)[-1]
        assert (last.over, ["stop-time" in each.content.decode() for each in last.documents]) == (True, [True])
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.NORMAL] * 2
        assert lab.ports.open == lab.ports.legs == {}
        assert lab.server.counts.dialogs == 0


async def test_q16_each_part_is_a_call_of_its_own_and_both_are_of_one_group() -> None:
    async with laboratory() as lab:
        await lab.send("q16-first-part")
        assert lab.numbers() == BOTH
        assert (await lab.send("q16-first-part-ends")).status == 200
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.NORMAL] * 2
        await lab.send("q16-next-part")
        assert lab.numbers() == ["15550100", "5002"]
        assert len(lab.of(CallForked)) == 2
        first, *_, second = lab.of(CopyDescribed)
        assert "group-one" in first.links & second.links


async def test_q18_both_parties_recorded_are_two_calls_of_one_conversation() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        await lab.send("q18-the-other-party")
        first, second = lab.of(CallForked)
        assert [party.number for party in first.parties] == [party.number for party in second.parties] == BOTH
        assert first.links == second.links != frozenset()
        assert len({frozenset(event.links) for event in lab.of(CopyDescribed)}) == 1


async def test_q19_nothing_depends_on_an_answer_to_what_we_ask() -> None:
    async with laboratory() as lab:
        lab.reply_status = None
        await lab.send("broken-metadata")
        await quiet()
        assert lab.asked[0].method == "UPDATE"
        assert (await lab.sources())[0].port == 4000
        assert lab.of(LegEnded) == []
        lab.reply_status = 491
        await lab.send("plain")
        assert lab.server.counts.recordings == 2


@pytest.mark.parametrize("reply", [491, None])
async def test_q19_a_refresh_that_fails_ends_nothing_that_is_heard(reply: int | None) -> None:
    async with laboratory() as lab:
        response = await lab.send("q19-refresh-is-ours")
        assert response.headers.get("Session-Expires") == "1800;refresher=uas"
        await lab.sources()
        lab.ports.heard, lab.reply_status = set(lab.ports.open), reply
        lab.pass_time(900)
        await quiet()
        assert lab.asked[0].method == "UPDATE"
        lab.pass_time(900)
        await quiet()
        assert lab.of(LegEnded) == []
        assert len(lab.ports.open) == 2


async def test_q23_an_inactive_period_ends_no_recording_and_nobody_is_heard_in_it() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        places = dict(lab.ports.legs)
        await lab.sources()
        response = await lab.send("q23-inactive")
        assert {media.direction for media in described(response).media} == {Direction.INACTIVE}
        assert [event.source.host for event in lab.of(TapMoved)] == ["", ""]
        await lab.send("q23-active-again")
        assert [event.source.port for event in lab.of(TapMoved)][2:] == [4000, 4002]
        assert (lab.of(LegEnded), lab.ports.legs) == ([], places)


async def test_q25_nothing_is_special_about_the_recorder_being_one_of_five() -> None:
    async with laboratory() as lab:
        response = await lab.send("q25-one-of-several")
        assert (response.status, lab.numbers()) == (200, BOTH)
        assert len(lab.of(CallForked)) == 1


async def test_q24_a_header_orders_only_where_the_profile_says_so() -> None:
    async with laboratory(orders={("x-action", "begin-it"): Trigger.START}) as lab:
        await lab.send("q24-ordered-by-a-header")
        assert [event.trigger for event in lab.of(RecordingOrdered)] == [Trigger.START]
    async with laboratory() as lab:
        await lab.send("q24-ordered-by-a-header")
        assert lab.of(RecordingOrdered) == []


async def test_wishes_about_recording_are_facts_and_change_nothing() -> None:
    said = message("plain").replace(b"a=label:96", b"a=label:96\r\na=recordpref:off").replace(b"t=0 0", b"t=0 0\r\na=record:on")
    lines = [each for each in said.split(b"\r\n") if not each.startswith(b"Content-Length")]
    length = len(said.partition(b"\r\n\r\n")[2])
    head, _, body = b"\r\n".join(lines).partition(b"\r\n\r\n")
    async with laboratory() as lab:
        whole = (
            head.replace(b"Require: siprec", b"Require: siprec\r\nSupported: record-aware") + b"\r\nContent-Length: %d" % length
        )
        assert (await lab.say(whole + b"\r\n\r\n" + body)).status == 200
        [said_of_it] = lab.of(CopyDescribed)
        assert said_of_it.facts == {"recordpref.96": "off", "record": "on", "record-aware": "yes"}
        assert [source.port for source in await lab.sources()] == [4000, 4002]


async def test_metadata_that_never_comes_is_asked_for_once() -> None:
    async with laboratory() as lab:
        body = message("plain").partition(b"\r\n\r\n")[2]
        sdp = body.partition(b"application/sdp\r\n\r\n")[2].partition(b"--unique")[0]
        head = [
            line
            for line in message("plain").partition(b"\r\n\r\n")[0].split(b"\r\n")
            if not line.startswith((b"Content-", b"MIME"))
        ]
        request = [*head, b"Content-Type: application/sdp", b"Content-Length: %d" % len(sdp), b"", b""]
        assert (await lab.say(b"\r\n".join(request) + sdp)).status == 200
        assert [each.method for each in lab.asked] == ["UPDATE"]
        assert "metadata_error" in lab.of(CopyDescribed)[0].facts


async def test_q13_what_needs_decoding_may_come_too() -> None:
    async with laboratory() as lab:
        [media] = described(await lab.send("nothing-but-g729")).media
        assert [codec.name for codec in media.codecs] == ["G729"]


@pytest.mark.parametrize(
    ("name", "suite"),
    [("q20-keys-under-savp", "AES_CM_128_HMAC_SHA1_80"), ("q20-keys-under-avp", "AES_CM_128_HMAC_SHA1_32")],
)
async def test_q20_keys_mean_encryption_whatever_the_line_is_called(name: str, suite: str) -> None:
    async with laboratory() as lab:
        [media] = described(await lab.send(name)).media
        assert suite in (media.attribute("crypto") or "")
        source, _ = await lab.sources()
        assert source.keys is not None
        assert (source.keys.suite, source.keys.master) == (suite, bytes(range(1, 31)))
    async with laboratory(keys_under_avp=False) as lab:
        [media] = described(await lab.send("q20-keys-under-avp")).media
        assert media.attribute("crypto") is None
        assert (await lab.sources())[0].keys is None


async def test_q21_questions_are_answered_and_a_full_recorder_says_so() -> None:
    async with laboratory(ports=Ports(room=2)) as lab:
        response = await lab.send("q21-options")
        assert response.status == 200
        assert "siprec" in (response.headers.get("Supported") or "")
        accepted = response.headers.get("Accept") or ""
        assert {"application/sdp", "application/rs-metadata+xml", "application/rs-metadata", "multipart/mixed"} == {
            each.strip() for each in accepted.split(",")
        }
        await lab.send("plain")
        refused = await lab.send("q16-next-part")
        assert (refused.status, refused.headers.get("Retry-After")) == (503, "17")
        assert len(lab.of(CallForked)) == 1
        lab.server.admission.draining = True
        drained = await lab.say(message("q21-options").replace(b"q21", b"q21later"))
        assert (drained.status, drained.headers.get("Retry-After")) == (503, "10")


async def test_q21_an_invite_too_large_for_a_datagram_comes_by_tcp() -> None:
    noted = b"</recording>" + b"<!-- %s -->" % (b"what else an SBC has to say " * 2_200)
    document = message("plain").partition(b"<?xml")[2].partition(b"--unique")[0].strip().replace(b"</recording>", noted)
    invite = with_metadata(b"<?xml " + document.strip()).replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")
    assert len(invite) > 60_000
    async with laboratory() as lab:
        reader, writer = await asyncio.open_connection(HOST, lab.server.port)
        writer.write(invite)
        async with asyncio.timeout(10):
            while not (status := await reader.readline()).startswith(b"SIP/2.0 200"):
                assert not status.startswith(b"SIP/2.0 4"), status
        assert (lab.numbers(), len(lab.of(CallForked))) == (BOTH, 1)
        writer.close()


async def test_q22_a_new_description_lets_another_source_in() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        assert [source.port for source in await lab.sources()] == [4000, 4002]
        assert (await lab.send("q22-other-ports-and-ssrc")).status == 200
        assert [event.source.port for event in lab.of(TapMoved)] == [4010, 4012]
        assert lab.of(LegEnded) == []


async def test_q24_names_of_the_vendor_are_found_where_the_profile_says() -> None:
    profile = {"call_uuid_from": ("x-call-key",), "user_data_from": {"campaign": "Campaign"}}
    async with laboratory(**profile) as lab:
        await lab.send("q24-vendor-facts")
        assert lab.call.known_as == "0123456789ABCDEFGHIJKLMNOPQRSTUV"
        assert lab.call.user_data == {"Campaign": "spring"}
    async with laboratory() as lab:
        await lab.send("q24-vendor-facts")
        assert (lab.call.known_as, lab.call.user_data) == ("", {})


async def test_q24_the_uuid_that_an_sbc_has_from_genesys_is_that_of_the_call() -> None:
    uuid, document = b"0123456789ABCDEFGHIJKLMNOPQRSTUV", message("plain").partition(b"<?xml")[2].partition(b"--unique")[0]
    said = b'<ac:GenesysUUID xmlns:ac="urn:ietf:params:xml:ns:Genesys">' + uuid + b"</ac:GenesysUUID></session>"
    async with laboratory(call_uuid_from=("genesysuuid",)) as lab:
        await lab.say(with_metadata(b"<?xml " + document.replace(b"</session>", said, 1).strip()))
        assert lab.call.known_as == uuid.decode()


NEXT = (
    "<recording><session session_id='next'><campaign>{}</campaign></session>"
    "<participant participant_id='a'><nameID aor='sip:15550111@example.com'/></participant>"
    "<participant participant_id='b'><nameID aor='sip:5002@example.com'/></participant>"
    "<stream stream_id='s' session_id='next'><label>96</label></stream>"
    "<x-call-key>VUTSRQPONMLKJIHGFEDCBA9876543210</x-call-key></recording>"
)


async def test_q24_each_call_of_a_persistent_session_has_its_own_names() -> None:
    invite = message("plain")
    async with laboratory(call_uuid_from=("x-call-key",), user_data_from={"campaign": "Campaign"}) as lab:
        await lab.say(invite)
        assert (lab.call.known_as, lab.call.user_data) == ("", {})
        over = b"<recording><session session_id='s'><stop-time>2026-01-01T00:00:00Z</stop-time></session></recording>"
        assert (await lab.say(again(with_metadata(over), 2, lab))).status == 200
        assert (await lab.say(again(with_metadata(NEXT.format("autumn").encode()), 3, lab))).status == 200
        assert len(lab.of(CallForked)) == 2
        assert (lab.call.known_as, lab.call.user_data) == ("VUTSRQPONMLKJIHGFEDCBA9876543210", {"Campaign": "autumn"})
        # What is said again is no news; what is said anew of the running call is.
        assert (await lab.say(again(with_metadata(NEXT.format("autumn").encode()), 4, lab))).status == 200
        assert (await lab.say(again(with_metadata(NEXT.format("winter").encode()), 5, lab))).status == 200
        assert [event.user_data for event in lab.of(FactsLearned)] == [{"Campaign": "winter"}]
        assert len(lab.of(CallForked)) == 2


async def test_q06_labels_that_no_line_has_are_told_and_their_place_counts() -> None:
    document = message("plain").partition(b"<?xml")[2].partition(b"--unique")[0]
    strange = b"<?xml " + document.replace(b">96<", b">a_leg<").replace(b">97<", b">10/20<").strip()
    async with laboratory() as lab:
        assert (await lab.say(with_metadata(strange))).status == 200
        assert lab.of(CopyDescribed)[0].facts == {"labels_unmatched": "10/20, a_leg"}
        assert [source.port for source in await lab.sources()] == [4000, 4002]
