"""Whose phone an endpoint is, and which phones can be called."""

from telegraphone.domain.ids import Dn
from telegraphone.domain.legs import DeviceRegistered, DeviceUnregistered
from telegraphone.switches.asterisk.devices import Devices
from telegraphone.wire.ari.resources import AriEndpoint


def test_endpoints_are_phones_by_their_name_or_by_the_configuration() -> None:
    devices = Devices({"5001": "alice"})
    assert [devices.number_of(each) for each in ("alice", "5002", "trunk", "5001")] == ["5001", "5002", None, None]
    devices.all_are([AriEndpoint("alice", online=True), AriEndpoint("5002", online=False), AriEndpoint("trunk", online=True)])
    assert [devices.endpoint_of(each) for each in ("5001", "5002", "5003", "trunk")] == ["alice", "5002", None, None]
    assert [devices.is_online(each) for each in ("5001", "5002", "5003")] == [True, False, False]


def test_only_what_changes_is_told() -> None:
    devices = Devices({})
    online, offline = DeviceRegistered(Dn("5001")), DeviceUnregistered(Dn("5001"))
    assert devices.all_are([AriEndpoint("5001", online=True), AriEndpoint("5002", online=False)]) == (online,)
    assert devices.all_are([AriEndpoint("5001", online=True)]) == ()
    assert devices.changed(AriEndpoint("5001", online=False)) == (offline,)
    assert devices.changed(AriEndpoint("5001", online=False)) == ()
    assert devices.changed(AriEndpoint("trunk", online=True)) == ()
    assert devices.changed(AriEndpoint("5001", online=True)) == (online,)
    assert devices.none_is_reached() == (offline,)
    assert devices.all_are([]) == ()
