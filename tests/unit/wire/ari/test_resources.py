"""What REST answers, as values."""

from pathlib import Path

import pytest

from telegraphone.wire.ari.resources import (
    AriApplication,
    AriBridge,
    AriChannel,
    AriEndpoint,
    AriInfo,
    AriModule,
    ExternalMedia,
    each_of,
    read_json,
    read_settings,
    variable_of,
)
from telegraphone.wire.errors import RemoteProtocolError

FIXTURES = Path(__file__).parents[3] / "fixtures" / "ari"


def test_which_asterisk_it_is() -> None:
    info = AriInfo.of(read_json((FIXTURES / "info.json").read_bytes()))
    assert info.version.startswith("22.")
    assert info.started_at == "2026-11-27T23:31:22.689+0000"


def test_where_a_copy_comes_from() -> None:
    found = {"id": "em", "channelvars": {"UNICASTRTP_LOCAL_PORT": "20900", "UNICASTRTP_LOCAL_ADDRESS": "192.0.2.4"}}
    assert ExternalMedia.of(found) == ExternalMedia("em", "192.0.2.4", 20_900)


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "٣", 20_900, None])
def test_a_copy_from_nowhere(port: object) -> None:
    with pytest.raises(RemoteProtocolError):
        ExternalMedia.of({"id": "em", "channelvars": {"UNICASTRTP_LOCAL_PORT": port, "UNICASTRTP_LOCAL_ADDRESS": "192.0.2.4"}})


def test_a_leg_that_no_dialplan_has_is_in_no_application() -> None:
    leg = AriChannel.of({"id": "7", "name": "Local/5001@phones-00000001;2", "dialplan": {"app_name": "Dial", "app_data": "x,y"}})
    assert (leg.application, leg.arguments, leg.technology) == ("", (), "Local")
    assert AriChannel.of({"id": "7"}).endpoint == ""


def test_lists() -> None:
    bridges = each_of([{"id": "b", "channels": ["1", "2"]}, {"id": "c"}], AriBridge.of)
    assert bridges == (AriBridge("b", ("1", "2")), AriBridge("c", ()))
    held = AriApplication.of({"name": "x", "channel_ids": ["1"], "bridge_ids": ["b"]})
    assert (held.ari_channels, held.bridges) == ({"1"}, {"b"})
    for wrong in ({}, None, [7], [{"id": "b", "channels": "1"}]):
        with pytest.raises(RemoteProtocolError):
            each_of(wrong, AriBridge.of)


@pytest.mark.parametrize(("state", "online"), [("online", True), ("unknown", True), ("offline", False)])
def test_a_phone_that_nobody_asks_may_be_tried(state: str, *, online: bool) -> None:
    assert AriEndpoint.of({"resource": "5001", "state": state}) == AriEndpoint("5001", online)


def test_what_a_variable_says() -> None:
    assert variable_of({"value": "192.0.2.4:20900"}) == "192.0.2.4:20900"
    assert variable_of({"value": None}) == ""
    with pytest.raises(RemoteProtocolError):
        variable_of([])


def test_which_modules_run() -> None:
    assert AriModule.of({"name": "chan_pjsip.so", "status": "Running"}) == AriModule("chan_pjsip.so", running=True)
    assert not AriModule.of({"name": "chan_rtp.so", "status": "Not Running"}).running
    with pytest.raises(RemoteProtocolError):
        AriModule.of({"status": "Running"})


def test_what_is_configured() -> None:
    found = [{"attribute": "direct_media", "value": "false"}, {"attribute": "context", "value": "from-agents"}]
    assert read_settings(found) == {"direct_media": "false", "context": "from-agents"}
    for wrong in ({}, [{"value": "no"}], [{"attribute": "x", "value": 1}]):
        with pytest.raises(RemoteProtocolError):
            read_settings(wrong)
