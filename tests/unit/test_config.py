"""The configuration: what is taken, what is refused and in which words, and that every key is documented."""

import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from telegraphone import config
from telegraphone.config import ConfigError, Secret
from telegraphone.domain.agent import Feature, Role

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


def _complaints(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config.read(_write(folder, text))
    return tuple(each.partition("telegraphone.toml: ")[2] for each in caught.value.complaints)


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


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("external_url", "externalurl"), "server.externalurl: unknown key; did you mean 'external_url'?"),
        (("[server]", "[server]\ncolour = 1"), "server.colour: unknown key; known here: external_url, listen_host"),
        (("[server]", "[serverr]"), "serverr: unknown key; did you mean 'server'?"),
        (('number = "5001"', 'number = "5001"\nuser_nam = "x"'), "phones[0].user_nam: unknown key"),
        (("[server]", "[server]\nlisten_port = 70000"), "server.listen_port: expected `int` <= 65535"),
        (("[server]", '[server]\nlisten_port = "x"'), "server.listen_port: expected `int`, got `str`"),
        (("[server]", '[server]\ncompatibility = "8.5.0"'), "server.compatibility: invalid enum value '8.5.0'"),
        (('external_url = "http://127.0.0.1:8080"', ""), "server: object missing required field `external_url`"),
        (("127.0.0.1:8080", "127.0.0.1:8080/api"), "server.external_url: must look like https://host"),
        (("[server]", '[server]\ncookie_same_site = "None"'), "server.cookie_same_site: 'None' needs an https"),
        (('phone = "5001"', 'phone = "5002"'), "agents[0].phone: there is no phone '5002' among [[phones]]"),
        (('password = "phone-secret"', ""), "phones[0].password: give either password or password_file"),
        (('password = "phone-secret"', 'password = ""'), "phones[0].password: expected a text that is not empty"),
        (("[server]", "[recorder]\nrtp_port_first = 40000\n[server]"), "recorder.rtp_port_last: must be greater"),
        (
            ('password_file = "agent.password"', 'password_hash = "plain"'),
            "agents[0].password_hash: is no Argon2 hash",
        ),
        (("[[agents]]", '[[phones]]\nnumber = "5001"\npassword = "x"\n[[agents]]'), "phones[1].number: '5001' is there twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    assert change[0] in SMALL
    [said] = _complaints(tmp_path, SMALL.replace(change[0], change[1], 1))
    assert said.startswith(complaint)


def test_all_unknown_keys_are_named_at_once(tmp_path: Path) -> None:
    assert len(_complaints(tmp_path, SMALL.replace("[server]", "[server]\nx = 1\ny = 2"))) == 2


def test_what_is_no_toml_or_no_file_is_refused(tmp_path: Path) -> None:
    [said] = _complaints(tmp_path, "[server")
    assert said.startswith("is not TOML")
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
