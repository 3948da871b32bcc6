"""How long the ports of a recording client rest once its call is over."""

from types import SimpleNamespace

import pytest

from telegraphone.capture import client
from telegraphone.domain.ids import LegId
from telegraphone.endpoints.media_ports import close_pair, open_any_pair
from telegraphone.limits import ANY_PORT_REST_S, MEDIA_PORT_REST_S
from telegraphone.services.ports import RecorderFull

LEG = LegId("leg")


@pytest.mark.parametrize("lent", [False, True])
@pytest.mark.parametrize(("any_port", "rest_s"), [(False, MEDIA_PORT_REST_S), (True, ANY_PORT_REST_S)])
async def test_what_might_come_from_any_port_rests_longer(
    monkeypatch: pytest.MonkeyPatch, *, any_port: bool, rest_s: float, lent: bool
) -> None:
    """Also where a recording still has the pair when the call is over."""
    pair = open_any_pair("127.0.0.1")
    port = pair[0].getsockname()[1]
    close_pair(pair)
    clock = SimpleNamespace(monotonic=lambda: 100.0)
    monkeypatch.setattr(client, "time", clock)
    recorder = client.RecorderClient("", (), host="127.0.0.1", first_port=port, last_port=port + 1)
    recorder.open_intake("one", any_port=any_port)
    recorder.assign_intake(LEG, "one")
    has = recorder._intakes.lend(LEG) if lent else None
    recorder.close_intake("one")
    if has is not None:
        recorder._release([has])
    clock.monotonic = lambda: 100.0 + rest_s - 0.1
    with pytest.raises(RecorderFull):
        recorder.open_intake("two")
    clock.monotonic = lambda: 100.0 + rest_s
    assert recorder.open_intake("two").port == port
    recorder.close_intake("two")
