"""The configuration file: what is taken from it and from the files it names, and that its documentation is complete."""

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
