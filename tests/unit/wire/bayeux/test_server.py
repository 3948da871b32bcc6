"""The life of client ids by long-polling: handshake, connect, subscriptions, expiry, limits (gws-api 10)."""

from typing import Any

import pytest

from telegraphone.limits import BAYEUX_SUBSCRIPTIONS_MAX
from telegraphone.wire.bayeux import Owner, Transport
from tests.unit.wire.bayeux.clients import BEGIN_ANEW, CALLS, UNKNOWN, Client, connected, new_server, started, texts

ADVICE = {"reconnect": "retry", "interval": 0, "timeout": 30000}


# --- handshake ---------------------------------------------------------------------------------------------------------


def test_a_handshake_names_the_client_and_how_to_go_on() -> None:
    assert Client(new_server()).handshake(id="1", minimumVersion="1.0", advice={"timeout": 60000, "interval": 0}) == {
        "channel": "/meta/handshake",
        "id": "1",
        "successful": True,
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": ["websocket", "long-polling"],
        "clientId": "client-1",
        "advice": ADVICE,
    }


def test_websocket_is_not_offered_where_it_is_off() -> None:
    server = new_server(transports=[Transport.LONG_POLLING])
    assert Client(server).handshake()["supportedConnectionTypes"] == ["long-polling"]


@pytest.mark.parametrize(
    "fields",
    [
        {"version": None},
        {"version": "2.0"},
        {"supportedConnectionTypes": ["callback-polling"]},
        {"supportedConnectionTypes": None},
    ],
)
def test_version_and_transports_are_not_checked_as_in_the_reference(fields: dict[str, Any]) -> None:
    assert Client(new_server()).handshake(**fields)["successful"] is True


@pytest.mark.parametrize(
    ("ack", "agreed"), [(True, True), ({"enabled": True}, True), (False, False), (1, False), ("true", False)]
)
def test_acknowledgements_are_used_when_asked_for(ack: object, agreed: bool) -> None:
    assert Client(new_server()).handshake(ext={"ack": ack}).get("ext") == ({"ack": True} if agreed else None)


# --- connect -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("advice", [{}, {"advice": {"timeout": 0}}])
def test_the_first_connect_is_answered_at_once(advice: dict[str, Any]) -> None:
    client = Client(new_server())
    client.handshake()
    assert client.connect(id=2, **advice) == [connected(id="2", **({"advice": ADVICE} if advice else {}))]


def test_a_connect_is_held_for_exactly_the_advised_time() -> None:
    server = new_server()
    line = started(server).hold(now=5.0, id="9")
    server.on_deadline(34.999)
    assert server.events() == []
    assert server.next_deadline() is not None
    server.on_deadline(35.0)
    assert server.events() == [line]
    assert Client(server).read(line, 35.0) == [connected(id="9")]


def test_the_next_deadline_is_never_after_the_hold() -> None:
    server = new_server()
    started(server).hold(now=5.0, advice={"timeout": 1000})
    assert (server.next_deadline() or 99.0) <= 6.0


@pytest.mark.parametrize(("timeout", "held_s"), [(10_000, 10.0), (60_000, 30.0), (-1, 30.0), ("7", 30.0)])
def test_a_client_may_ask_for_a_shorter_hold(timeout: object, held_s: float) -> None:
    server = new_server()
    client = started(server)
    line = client.hold(advice={"timeout": timeout})
    server.on_deadline(held_s - 0.001)
    assert server.events() == []
    server.on_deadline(held_s)
    assert client.read(line, held_s) == [connected(advice=ADVICE)]


def test_no_hold_when_the_client_wants_none() -> None:
    assert started(new_server()).connect(advice={"timeout": 0}) == [connected(advice=ADVICE)]


def test_a_message_releases_the_connect() -> None:
    server = new_server()
    client = started(server)
    line = client.hold()
    server.deliver("kate", CALLS, b'{"n":1}')
    server.deliver("kate", CALLS, b'{"n":2}')
    assert server.events() == [line]
    assert client.read(line) == [{"channel": CALLS, "data": {"n": 1}}, {"channel": CALLS, "data": {"n": 2}}, connected()]


def test_messages_between_two_connects_wait_for_the_next() -> None:
    server = new_server()
    client = started(server)
    server.deliver("kate", CALLS, b"1")
    assert client.subscribe("/v2/me/devices")["successful"]
    assert texts(client.connect()) == [1]


def test_a_connect_among_others_is_not_held() -> None:
    client = started(new_server())
    replies = client.request(client.say("/meta/subscribe", subscription="/a"), client.say("/meta/connect"))
    assert [reply["channel"] for reply in replies] == ["/meta/subscribe", "/meta/connect"]


def test_two_connects_in_one_request_are_both_answered() -> None:
    client = started(new_server())
    replies = client.request(client.say("/meta/connect", id="1"), client.say("/meta/connect", id="2"))
    assert [reply["id"] for reply in replies] == ["1", "2"]


def test_a_newer_connect_takes_the_place_of_the_older_and_loses_nothing() -> None:
    server = new_server()
    client = started(server)
    older = client.hold(now=1.0)
    newer = client.hold(now=2.0)
    assert older.overtaken
    assert server.events() == [older]
    assert client.read(older) == []
    server.close_line(older, 3.0)
    server.deliver("kate", CALLS, b"1")
    assert texts(client.read(newer)) == [1]


def test_an_overtaken_connect_takes_no_messages_with_it() -> None:
    server = new_server()
    client = started(server)
    older = client.hold()
    server.deliver("kate", CALLS, b"1")
    assert texts(client.connect()) == [1]
    assert older.overtaken
    assert client.read(older) == []


def test_a_request_that_goes_away_loses_nothing() -> None:
    server = new_server()
    client = started(server)
    line = client.hold(now=1.0)
    server.deliver("kate", CALLS, b"1")
    server.close_line(line, 2.0)
    server.deliver("kate", CALLS, b"2")
    assert texts(client.connect(now=3.0)) == [1, 2]


def test_a_page_that_was_reloaded_goes_on_with_its_old_id() -> None:
    server = new_server()
    client = started(server)
    server.close_line(client.hold(), 1.0)
    again = Client(server)
    again.client_id = client.client_id
    assert again.connect(now=2.0, advice={"timeout": 0})[0]["successful"]


# --- unknown clients ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_id", ["never-made", "", None, 5, ["client-1"], {}])
def test_an_unknown_client_must_handshake(client_id: object) -> None:
    client = Client(new_server())
    assert client.request({"channel": "/meta/connect", "clientId": client_id, "id": "3"}) == [
        {"channel": "/meta/connect", "id": "3", **UNKNOWN, "advice": BEGIN_ANEW}
    ]


@pytest.mark.parametrize(
    "channel", ["/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect", "/meta/foo", "/chat", "/service/x"]
)
def test_unknown_clients_get_advice_only_with_a_connect(channel: str) -> None:
    assert Client(new_server()).request({"channel": channel, "subscription": "/a"}) == [{"channel": channel, **UNKNOWN}]


@pytest.mark.parametrize("thief", [Owner("mallory", "sign-in-9"), Owner("mallory", "sign-in-1"), Owner("kate", "sign-in-2")])
@pytest.mark.parametrize("channel", ["/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect", "/chat"])
def test_a_stolen_id_is_worth_nothing(thief: Owner, channel: str) -> None:
    server = new_server()
    owner = started(server)
    stolen = Client(server, thief)
    stolen.client_id = owner.client_id
    [reply] = stolen.request(stolen.say(channel, subscription=CALLS))
    assert (reply["successful"], reply["error"]) == (False, "402::Unknown client")
    server.deliver("kate", CALLS, b"1")
    assert texts(owner.connect()) == [1]


# --- subscriptions -----------------------------------------------------------------------------------------------------


def test_one_name_and_many() -> None:
    client = started(new_server())
    assert client.subscribe("/a/b") == {"channel": "/meta/subscribe", "successful": True, "subscription": "/a/b"}
    assert client.subscribe(["/a/b", "/v2/me/*"])["subscription"] == ["/a/b", "/v2/me/*"]


def test_subscribing_before_the_first_connect() -> None:
    server = new_server()
    client = Client(server)
    client.handshake()
    assert client.subscribe(CALLS)["successful"]
    server.deliver("kate", CALLS, b"1")
    assert texts(client.connect()) == [1]


@pytest.mark.parametrize(
    ("subscription", "error"),
    [
        (None, "403::subscription_missing"),
        ([], "403::subscription_missing"),
        (5, "403::subscription_invalid"),
        ({"a": 10**30}, "403::subscription_invalid"),
        (["/a", 5], "403::subscription_invalid"),
        ("v2/me", "403::subscription_invalid"),
        ("/v2/*/calls", "403::subscription_invalid"),
        ("/meta/connect", "403:denied_by_security_policy:subscribe_denied"),
        ("/meta/*", "403:denied_by_security_policy:subscribe_denied"),
    ],
)
def test_what_cannot_be_subscribed(subscription: object, error: str) -> None:
    reply = started(new_server()).subscribe(subscription)
    assert (reply["successful"], reply["error"]) == (False, error)


def test_no_subscription_field() -> None:
    client = started(new_server())
    assert client.request(client.say("/meta/subscribe"))[0]["error"] == "403::subscription_missing"


def test_in_a_list_what_was_before_the_refused_name_stays() -> None:
    server = new_server()
    client = started(server, subscription="/none")
    reply = client.subscribe(["/v2/me/devices", "/meta/*", CALLS])
    assert (reply["successful"], reply["subscription"]) == (False, ["/v2/me/devices", "/meta/*", CALLS])
    server.deliver("kate", "/v2/me/devices", b"1")
    server.deliver("kate", CALLS, b"2")
    assert texts(client.connect()) == [1]


def test_subscriptions_are_bounded() -> None:
    client = started(new_server(), subscription="/x")
    names = [f"/{number}" for number in range(BAYEUX_SUBSCRIPTIONS_MAX)]
    assert client.subscribe(names[1:])["successful"]
    assert client.subscribe(names[0])["error"] == "403:denied_by_security_policy:subscribe_denied"


@pytest.mark.parametrize("subscription", ["/v2/me/calls", "/v2/me/*", "/v2/**", "/**", ["/v2/me/calls", "/v2/me/*", "/**"]])
def test_a_message_comes_once_and_on_its_own_channel(subscription: object) -> None:
    server = new_server()
    client = started(server, subscription=subscription)
    server.deliver("kate", CALLS, b"1")
    assert client.connect()[:-1] == [{"channel": CALLS, "data": 1}]


@pytest.mark.parametrize(
    ("subscription", "channel"),
    [
        ("/notifications/me/calls", "/notifications/me/calls"),
        ("/notifications/**", "/notifications/me/calls"),
        (["/notifications/me/calls", CALLS], CALLS),
        ("/**", CALLS),
    ],
)
def test_a_second_name_is_used_only_where_the_first_is_not_heard(subscription: object, channel: str) -> None:
    server = new_server()
    client = started(server, subscription=subscription)
    server.deliver("kate", CALLS, b"1")
    assert client.connect()[:-1] == [{"channel": channel, "data": 1}]


def test_unsubscribing() -> None:
    server = new_server()
    client = started(server)
    line = {"channel": "/meta/unsubscribe", "clientId": client.client_id, "subscription": CALLS}
    assert client.request(line) == [{"channel": "/meta/unsubscribe", "successful": True, "subscription": CALLS}]
    assert client.request(line)[0]["error"] == "400::channel_missing"
    server.deliver("kate", CALLS, b"1")
    assert texts(client.connect(advice={"timeout": 0})) == []


def test_service_channels_are_accepted_and_silent() -> None:
    server = new_server()
    client = started(server, subscription="/service/kate")
    server.deliver("kate", "/service/kate", b"1")
    assert texts(client.connect(advice={"timeout": 0})) == []
    assert client.request(client.say("/meta/unsubscribe", subscription="/service/kate"))[0]["successful"]


# --- publishing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("/v2/me/calls", "403:denied_by_security_policy:publish denied"),
        ("/v2/me/*", "403:denied_by_security_policy:publish denied"),
        ("/meta/foo", "403:denied_by_security_policy:create denied"),
        ("/service/x", None),
    ],
)
def test_clients_do_not_publish(channel: str, error: str | None) -> None:
    server = new_server()
    other = started(server, subscription="/**")
    client = started(server)
    [reply] = client.request(client.say(channel, data={"n": 1}, id="8"))
    assert (reply["channel"], reply["id"], reply["successful"]) == (channel, "8", error is None)
    assert reply.get("error") == error
    assert texts(other.connect(advice={"timeout": 0})) == []
