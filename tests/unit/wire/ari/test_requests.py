"""What is asked of Asterisk: nothing that people dial or are called can become more than it is."""

from telegraphone.wire.ari import requests
from telegraphone.wire.ari.requests import AriRequest


def test_ids_stay_one_part_of_the_path() -> None:
    assert requests.hang_up("a/b?c").path == "/channels/a%2Fb%3Fc"
    assert requests.destroy_bridge("../channels/1").path == "/bridges/..%2Fchannels%2F1"
    assert requests.snoop("1", "s/n", "app", spy="in").path == "/channels/1/snoop/s%2Fn"


def test_who_calls_is_one_name_and_one_number() -> None:
    assert requests.shown_caller("5000", "") == "<5000>"
    assert requests.shown_caller("5000", 'A "B" <C>\r\n') == '"A B C" <5000>'
    assert requests.shown_caller('5000"> , <1', "") == "<50001>"


def test_a_leg_that_shall_answer_by_itself_is_told_so() -> None:
    plain = requests.originate("PJSIP/5001", "l", "app", "<5000>")
    assert plain.body is None
    assert plain.query["timeout"] == "-1"
    told = requests.originate("PJSIP/5001", "l", "app", "<5000>", variables={"PJSIP_HEADER(add,Answer-Mode)": "Auto"})
    assert told.body == {"variables": {"PJSIP_HEADER(add,Answer-Mode)": "Auto"}}


def test_what_people_dial_is_not_shown() -> None:
    assert "1234" not in repr(requests.dtmf("leg", "1234"))
    assert "5550123" not in repr(requests.originate("PJSIP/5550123@trunk", "leg", "app", "<5550199>"))


def test_pairs_of_requests_that_undo_each_other() -> None:
    for on, method in ((True, "POST"), (False, "DELETE")):
        assert requests.music("1", on=on) == AriRequest(method, "/channels/1/moh")
        assert requests.mute("1", on=on) == AriRequest(method, "/channels/1/mute", {"direction": "in"})
        assert requests.ring("1", on=on) == AriRequest(method, "/channels/1/ring")
        assert requests.silence("1", on=on) == AriRequest(method, "/channels/1/silence")


def test_functions_of_a_leg_can_be_asked() -> None:
    assert requests.variable("1", "CHANNEL(rtp,src)") == AriRequest(
        "GET", "/channels/1/variable", {"variable": "CHANNEL(rtp,src)"}
    )


def test_looking_at_what_is_configured() -> None:
    assert requests.every_module() == AriRequest("GET", "/asterisk/modules")
    assert requests.settings("endpoint", "a/b").path == "/asterisk/config/dynamic/res_pjsip/endpoint/a%2Fb"
    called = requests.call_dialplan("5001", "from-trunk", "app", "near", "far")
    assert called.query == {"endpoint": "Local/5001@from-trunk", "app": "app", "channelId": "near", "otherChannelId": "far"}
