"""What becomes of an Asterisk's table: how calls are recorded when this program may not take packets from the kernel, and which
phones the desktop can answer."""

from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from telegraphone import config
from telegraphone.bootstrap.switches import make_asterisks, packet_group
from telegraphone.capture import packet_socket
from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import LegRinging
from telegraphone.endpoints.clock import SystemClock
from telegraphone.switches.asterisk.leg import Leg


def _pbx(*taps: str) -> config.Config:
    tables = "".join(
        f'[[asterisk]]\nname = "pbx-{index}"\npassword = "secret"\ntaps = "{each}"\n' for index, each in enumerate(taps)
    )
    return config.parse(f'[server]\nexternal_url = "http://127.0.0.1:8080"\n{tables}')


@pytest.fixture
def _refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_group: int = 0) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(packet_socket, "open_packet_socket", refuse)


@pytest.mark.usefixtures("_refused")
def test_who_may_not_take_packets_has_them_sent_unless_they_are_demanded() -> None:
    with capture_logs() as logs:
        assert packet_group(_pbx("auto", "external-media")) is None
    assert [each["event"] for each in logs] == ["packets_not_taken"]
    with capture_logs() as logs:
        assert packet_group(_pbx("external-media")) is None
        assert packet_group(_pbx()) is None
    assert not logs, "nobody has asked for them"
    with pytest.raises(PermissionError, match="CAP_NET_RAW"):
        packet_group(_pbx("auto", "packets"))


@pytest.mark.parametrize(("answer", "heeded"), [("auto", True), ("hand", False)])
@pytest.mark.parametrize("phone", [True, False])
async def test_the_desktop_offers_to_answer_phones_that_heed_it_and_no_trunk(answer: str, heeded: bool, phone: bool) -> None:
    table = f'[[asterisk]]\nname = "pbx"\npassword = "secret"\nanswer = "{answer}"\n'
    parsed = config.parse(f'[server]\nexternal_url = "http://127.0.0.1:8080"\n{table}')
    nobody = SimpleNamespace(may_take_packets=False)
    [switch] = make_asterisks(parsed, SystemClock(), nobody)  # type: ignore[arg-type]  # what it uses
    leg = Leg(LegId("leg"), "5001", "channel", arrived=False, phone=phone)
    switch._calls.rings(leg)
    assert await anext(switch.events()) == LegRinging(leg.id, can_answer=heeded and phone)
    await switch._board.link.close()
