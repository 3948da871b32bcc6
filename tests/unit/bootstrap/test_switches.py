"""How calls of an Asterisk are recorded when this program may not take packets from the kernel."""

import pytest
from structlog.testing import capture_logs

from telegraphone import config
from telegraphone.bootstrap.switches import packet_group
from telegraphone.capture import packet_socket


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
