"""The long-polling face: who gets in, what it accepts, and that requests that go away take nothing with them."""

import pytest

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX
from telegraphone.web.cometd import longpolling
from tests.unit.web.cometd.visits import CALLS, answer_of, connect, site

HANDSHAKE = b'[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]'


@pytest.mark.parametrize("place", ["/api/v2/notifications", "/genesys/cometd"])
@pytest.mark.parametrize("rest", ["", "/", "/handshake", "/connect", "/subscribe", "/unsubscribe", "/disconnect"])
async def test_every_url_of_the_libraries(place: str, rest: str) -> None:
    async with site() as here:
        status, [reply] = await here.answer(HANDSHAKE, place + rest)
        assert (status, reply["successful"]) == (200, True)


async def test_an_id_made_at_one_place_is_good_at_the_other() -> None:
    async with site() as here:
        client_id = await here.client()
        assert (await here.say(connect(client_id, advice={"timeout": 0}), path="/genesys/cometd"))[0]["successful"]


async def test_strangers_are_turned_away() -> None:
    async with site() as here:
        assert await here.answer(HANDSHAKE, headers={}) == (403, {"statusCode": 20, "statusMessage": "Access denied"})


async def test_what_the_gatekeeper_adds_is_sent_with_the_answer() -> None:
    async with site() as here:
        visit = here.post(HANDSHAKE)
        await visit.end()
        headers = dict(visit.sent[0]["headers"])
        assert headers[b"set-cookie"] == b"JSESSIONID=1"
        assert headers[b"content-type"] == b"application/json; charset=UTF-8"
        assert headers[b"content-length"] == b"%d" % len(visit.sent[1]["body"])


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json;charset=UTF-8", "application/x-www-form-urlencoded", "nonsense"]
)
async def test_any_content_type(content_type: str) -> None:
    async with site() as here:
        assert (await here.answer(HANDSHAKE, headers={"user": "kate", "content-type": content_type}))[0] == 200


async def test_the_form_of_old_clients_and_a_bare_object() -> None:
    async with site() as here:
        assert (await here.answer(b"message=%7B%22channel%22%3A%22%2Fmeta%2Fhandshake%22%7D"))[0] == 200
        assert (await here.answer(HANDSHAKE[1:-1]))[0] == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"nonsense", 400), (b"", 400), (b"[]", 500), (b'[{"channel":"calls"}]', 500), (b" " * (BAYEUX_BODY_BYTES_MAX + 1), 413)],
)
async def test_what_is_no_bayeux(body: bytes, expected: int) -> None:
    async with site() as here:
        status, answer = await here.answer(body)
        assert (status, answer["statusCode"]) == (expected, 2)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_other_methods(method: str) -> None:
    async with site() as here:
        visit = here.post(b"", method=method)
        await visit.end()
        assert visit.sent[0]["status"] == 405
        assert dict(visit.sent[0]["headers"])[b"allow"] == b"POST"


async def test_a_body_in_pieces() -> None:
    async with site() as here:
        visit = here.visit("http", "/api/v2/notifications")
        for piece in (HANDSHAKE[:10], b"", HANDSHAKE[10:]):
            visit.put(type="http.request", body=piece, more_body=True)
        visit.put(type="http.request", body=b"", more_body=False)
        await visit.end()
        assert answer_of(visit)[0] == 200


async def test_a_body_too_long_is_not_read_to_its_end() -> None:
    async with site() as here:
        visit = here.visit("http", "/api/v2/notifications")
        for _ in range(3):
            visit.put(type="http.request", body=b" " * (BAYEUX_BODY_BYTES_MAX // 2), more_body=True)
        await visit.end()
        assert answer_of(visit)[0] == 413


async def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longpolling, "COMETD_BODY_S", 0.02)
    async with site() as here:
        visit = here.visit("http", "/api/v2/notifications")
        visit.put(type="http.request", body=b"[", more_body=True)
        await visit.end()
        assert answer_of(visit)[0] == 408


async def test_a_client_that_leaves_while_it_speaks() -> None:
    async with site() as here:
        for before in ([], [{"type": "http.request", "body": b"[", "more_body": True}]):
            visit = here.visit("http", "/api/v2/notifications")
            for message in before:
                visit.put(**message)
            visit.put(type="http.disconnect")
            await visit.end()
            assert visit.sent == []


async def test_an_event_ends_the_wait() -> None:
    async with site() as here:
        visit = await here.hold(await here.client())
        here.notifications.publish("somebody else", CALLS, b"0")
        here.notifications.publish("kate", CALLS, b'{"n":1}')
        await visit.end()
        assert answer_of(visit) == (200, [{"channel": CALLS, "data": {"n": 1}}, {"channel": "/meta/connect", "successful": True}])


async def test_the_wait_ends_in_time() -> None:
    async with site() as here:
        client_id = await here.client()
        [reply] = await here.say(connect(client_id, advice={"timeout": 20}))
        assert reply["successful"]


async def test_a_client_that_leaves_while_it_waits_loses_nothing() -> None:
    async with site() as here:
        client_id = await here.client()
        visit = await here.hold(client_id)
        visit.put(type="http.disconnect")
        here.notifications.publish("kate", CALLS, b"1")
        await visit.end()
        assert visit.sent == []
        here.notifications.publish("kate", CALLS, b"2")
        replies = await here.say(connect(client_id))
        assert [reply.get("data") for reply in replies] == [1, 2, None]


async def test_a_newer_connect_ends_the_older_with_500_and_no_body() -> None:
    async with site() as here:
        client_id = await here.client()
        older = await here.hold(client_id)
        newer = await here.hold(client_id)
        await older.end()
        assert answer_of(older) == (500, None)
        here.notifications.publish("kate", CALLS, b"1")
        await newer.end()
        assert answer_of(newer)[1][0]["data"] == 1


async def test_log_out_and_closing_answer_who_waits() -> None:
    async with site() as here:
        visit = await here.hold(await here.client())
        here.notifications.end_sign_in("kate", "kate-1")
        await visit.end()
        assert answer_of(visit)[1][0]["advice"] == {"reconnect": "handshake", "interval": 0}
        visit = await here.hold(await here.client())
        here.notifications.close()
        await visit.end()
        assert answer_of(visit)[1][0]["advice"] == {"reconnect": "handshake", "interval": 0}
        assert (await here.answer(HANDSHAKE))[1][0]["error"] == "403::Handshake denied"
