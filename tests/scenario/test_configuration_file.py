"""The configuration file: what is taken from it and from the files it names, and that its documentation is complete."""

import re
import wave
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from msgspec import structs

from telegraphone import config
from telegraphone.bootstrap.policies import make_policies
from telegraphone.bootstrap.switches import make_exchange
from telegraphone.config import ConfigError, Secret
from telegraphone.domain.agent import Feature, Role
from telegraphone.endpoints.clock import SystemClock
from telegraphone.switches.exchange.announcement import frames

SMALL = """
[server]
external_url = "http://127.0.0.1:8080"

[[phones]]
number = "5001"
password = "phone-secret"

[[agents]]
user_name = "agent.one"
password_file = "agent.password"
phone = "5001"
"""


def _write(folder: Path, text: str) -> Path:
    (folder / "agent.password").write_text("agent-secret\n")
    path = folder / "telegraphone.toml"
    path.write_text(text)
    return path


def test_a_small_file_is_completed(tmp_path: Path) -> None:
    read = config.read(_write(tmp_path, SMALL))
    assert read.server.listen_port == 8080
    assert read.server.data_dir == str(tmp_path / "telegraphone-data")
    assert read.server.host_name
    assert read.exchange.rtp_host == read.exchange.sip_host
    [phone] = read.phones
    assert phone.user == "5001"
    assert isinstance(phone.password, Secret)
    assert phone.password.reveal() == "phone-secret"
    assert PasswordHasher().verify(read.password_hashes()["agent.one"], "agent-secret")


def test_agents_become_the_directory(tmp_path: Path) -> None:
    directory = config.read(_write(tmp_path, SMALL)).directory()
    agent = directory.by_user("agent.one")
    assert agent is not None
    assert agent.device is not None
    assert directory.at("5001") is agent
    assert agent.roles == {Role.AGENT}
    assert agent.features == {Feature.VOICE, Feature.VOICE_RECORDING}
    assert re.fullmatch(r"[0-9a-f]{32}", agent.id)
    again = config.read(_write(tmp_path, SMALL)).directory().by_user("agent.one")
    assert again == agent, "ids are the same after a restart"


def test_complaints_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"telegraphone\.toml: server\.colour: unknown key"):
        config.read(_write(tmp_path, SMALL.replace("[server]", "[server]\ncolour = 1")))
    with pytest.raises(ConfigError, match="cannot be read"):
        config.read(tmp_path / "absent.toml")


def test_a_missing_password_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"agent\.passw: this password file cannot be read"):
        config.read(_write(tmp_path, SMALL.replace("agent.password", "agent.passw")))


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    read = config.read(_write(tmp_path, SMALL))
    shown = f"{read!r} {read}"
    assert "Secret(***)" in shown
    assert not any(each in shown for each in ("phone-secret", "agent-secret", "argon2"))


def test_every_setting_is_documented_with_its_default() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text()
    assert config.explain() in text
    assert len(list(config.settings())) > 30


def _examples() -> list[tuple[str, str]]:
    """(page, example) for every piece of a configuration that the documentation shows."""
    pages = sorted((Path(__file__).parents[2] / "docs").rglob("*.md"))
    found = [(page.name, example) for page in pages for example in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)]
    assert len(found) > 3
    return found


@pytest.mark.parametrize(("page", "example"), _examples())
def test_examples_of_the_documentation_are_right(page: str, example: str) -> None:
    """Those that show a part are right beside the part that must be there."""
    whole = example if "[server]" in example else f'[server]\nexternal_url = "https://calls.example.com"\n{example}'
    config.parse(whole)


CONSENT = """
[[consent]]
name = "line"
announcement = "line.wav"
"""


def _wav(path: Path, sound: bytes, *, tracks: int = 1, rate: int = 8_000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(tracks)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound)


def test_an_announcement_is_found_beside_the_configuration_and_read(tmp_path: Path) -> None:
    _wav(tmp_path / "line.wav", b"\x00\x10" * 8_000)
    [rule] = config.read(_write(tmp_path, SMALL + CONSENT)).consent
    assert rule.rule().announcement == rule.announcement == str(tmp_path / "line.wav")
    found = config.announcement_in(rule.announcement)
    assert (found.name, len(found.digest), found.linear) == ("line.wav", 64, b"\x00\x10" * 8_000)


@pytest.mark.parametrize(
    ("sound", "form", "complaint"),
    [
        (None, {}, "cannot be read"),
        (b"\x00\x10" * 8_000, {"rate": 16_000}, "has 1 tracks of 16000 Hz and 16 bit; it must be mono, 8000 Hz, 16 bit: sox"),
        (b"\x00\x10" * 8_000, {"tracks": 2}, "has 2 tracks"),
        (b"\x00\x10" * 8_000 * 61, {}, "takes 61 s; an announcement takes 60 s at most"),
        (b"\x40\x00" * 8_000, {}, "holds nothing that could be heard"),
        (b"", {}, "holds nothing"),
    ],
)
def test_a_file_that_is_no_announcement_is_refused(
    tmp_path: Path, sound: bytes | None, form: dict[str, int], complaint: str
) -> None:
    if sound is not None:
        _wav(tmp_path / "line.wav", sound, **form)
    path = _write(tmp_path, SMALL + CONSENT)
    with pytest.raises(ConfigError) as caught:
        config.read(path)
    [said] = caught.value.complaints
    assert said.startswith(f"{path}: consent[0].announcement: {tmp_path / 'line.wav'} ")
    assert complaint in said


def test_what_is_no_wav_file_is_no_announcement(tmp_path: Path) -> None:
    (tmp_path / "line.wav").write_bytes(b"ID3 a file of another kind")
    with pytest.raises(ConfigError, match="is no WAV file of linear sound"):
        config.read(_write(tmp_path, SMALL + CONSENT))


async def test_what_is_to_be_announced_is_ready_before_the_first_call(tmp_path: Path) -> None:
    _wav(tmp_path / "line.wav", b"\x00\x11" * 800)
    read = config.read(_write(tmp_path, SMALL + CONSENT))
    anywhere = structs.replace(read, exchange=structs.replace(read.exchange, sip_host="127.0.0.1", sip_port=0))
    [exchange] = make_exchange(anywhere, SystemClock())
    await exchange.start()
    await exchange.close()
    made = frames.cache_info().misses
    frames(make_policies(read).announcements[str(tmp_path / "line.wav")].linear)
    assert frames.cache_info().misses == made
