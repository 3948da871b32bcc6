"""The configuration: what is refused and in which words, and that every key is explained."""

from pathlib import Path

import pytest

from telegraphone import config
from telegraphone.config import ConfigError
from telegraphone.domain.agent import Role

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


def _complaints(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config.parse(text)
    return caught.value.complaints


OIDC = """
[[oidc]]
name = "staff"
issuer = "https://id.example.com"
client_id = "telegraphone"
"""


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('issuer = "http://id.example.com"', "oidc[0].issuer: must begin with https"),
        ('scopes = ["profile"]', "oidc[0].scopes: must have 'openid'"),
        ('roles_claim = "groups"', "oidc[0].roles: give both"),
        ("new_users = true", "oidc[0].new_users: needs roles_claim"),
        ('tenant = "elsewhere"', "oidc[0].tenant: there is no tenant"),
        ('name = "providers"', "oidc[0].name: 'providers' means something"),
    ],
)
def test_an_identity_provider_that_cannot_be_right_is_refused(more: str, complaint: str) -> None:
    key = more.partition(" ")[0]
    lines = [line for line in OIDC.splitlines() if not line.startswith(f"{key} =")]
    [said] = _complaints(SMALL + "\n".join([*lines, more]))
    assert said.startswith(complaint)


PAUSE_RULE = """
[[pause_rules]]
name = "page"
user_data = "page"
values = ["card"]
"""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("user_data", "#"), "pause_rules[0].values: says nothing"),
        (('user_data = "page"\nvalues', "#"), "pause_rules[0]: with neither"),
        (('name = "page"', 'name = "page"\ntenant = "elsewhere"'), "pause_rules[0].tenant: there is no tenant"),
    ],
)
def test_a_pause_rule_that_cannot_be_right_is_refused(change: tuple[str, str], complaint: str) -> None:
    assert any(complaint in said for said in _complaints(SMALL + PAUSE_RULE.replace(*change, 1)))


CONSENT = """
[[consent]]
name = "line"
announcement = "line.wav"
"""
TRUNK = """
[[trunks]]
name = "sbc"
sources = ["192.0.2.1"]
"""


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (CONSENT + 'user_data = "agreed"', "consent[0]: give either user_data or announcement"),
        (CONSENT.replace("announcement", "#"), "consent[0]: give either user_data or announcement"),
        (CONSENT + 'values = ["yes"]', "consent[0].values: says nothing without user_data"),
        (CONSENT + '[[asterisk]]\nname = "pbx"\npassword = "x"', "consent[0].announcement: an Asterisk plays nothing"),
        (CONSENT + TRUNK, "consent[0].announcement: nobody at this tenant's [[trunks]] could hear it"),
    ],
)
def test_consent_that_nobody_could_give_is_refused(more: str, complaint: str) -> None:
    [said] = _complaints(SMALL + more)
    assert said.startswith(complaint)


def test_a_tone_that_an_asterisk_could_not_play_is_refused() -> None:
    tones = SMALL + "[[warning_tones]]\nevery_s = 3\n"
    assert config.parse(tones).warning_tones
    [said] = _complaints(tones + '[[asterisk]]\nname = "pbx"\npassword = "x"')
    assert said.startswith("warning_tones: an Asterisk mixes nothing into its calls")


@pytest.mark.parametrize("voices", ['"inbound"', '"=caller"', '"1=agent"', '"1=caller", "2=somebody"'])
def test_a_line_brings_the_voice_of_the_caller_or_the_called(voices: str) -> None:
    assert config.parse(SMALL + TRUNK + 'voices = ["inbound=caller", "2 = called"]').trunks
    [said] = _complaints(SMALL + TRUNK + f"voices = [{voices}]")
    assert said.startswith("trunks[0].voices: ")


def test_calls_of_another_tenants_trunk_need_not_hear_it() -> None:
    assert config.parse(SMALL + CONSENT + TRUNK + 'tenant = "north"\n[[tenants]]\nname = "north"').consent


def test_the_guide_to_policies_is_a_configuration() -> None:
    page = (Path(__file__).parents[2] / "docs/guides/recording-policies.md").read_text()
    decided = config.parse(SMALL + "".join(each.split("```")[0] for each in page.split("```toml\n")[1:]))
    assert [entry.rule().name for entry in decided.pause_rules] == ["card page", "identification", "the first ten minutes only"]
    assert len(decided.recording_rules) == 3
    assert [entry.rule().values for entry in decided.consent] == [("yes", "announcement-*"), (), ("yes",)]


def test_the_guide_to_retention_is_a_configuration() -> None:
    page = (Path(__file__).parents[2] / "docs/guides/retention.md").read_text()
    rules = [entry.rule() for entry in config.parse(SMALL + page.split("```toml\n")[1].split("```")[0]).retention]
    assert [(rule.name, rule.days) for rule in rules][::4] == [("all calls", 90), ("precedents", 0)]
    assert (rules[1].dnises, rules[2].label, rules[3].key) == (("800555*",), "Complaint", "RTargetObjectSelected")
    twice = page.replace("orders", "all calls").split("```toml\n")[1].split("```")[0]
    assert any("retention[1].name" in said for said in _complaints(SMALL + twice))


def test_with_an_identity_provider_users_need_no_password() -> None:
    small = SMALL.replace('password_file = "agent.password"', "")
    assert _complaints(small) == ("agents[0].password_hash: give either password_hash or password_file",)
    assert config.parse(small + OIDC).password_hashes() == {}


def test_the_guide_to_identity_providers_is_a_configuration() -> None:
    page = (Path(__file__).parents[2] / "docs/guides/identity-providers.md").read_text()
    [entry] = config.parse(SMALL + page.split("```toml\n")[1].split("```")[0]).oidc
    assert entry.rules().roles == {
        "tg-supervisors": frozenset({Role.SUPERVISOR}),
        "tg-compliance": frozenset({Role.COMPLIANCE}),
        "tg-admins": frozenset({Role.ADMIN}),
    }


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
        (("[server]", '[server]\ntls_key = "a.key"'), "server.tls_key: give both"),
        (("[server]", '[server]\ntls_key = "a.key"\ntls_certificate = "a.pem"'), "server.external_url: must begin with https"),
        (('phone = "5001"', 'phone = "5002"'), "agents[0].phone: there is no phone '5002' among [[phones]]"),
        (('password = "phone-secret"', ""), "phones[0].password: give either password or password_file"),
        (('password = "phone-secret"', 'password = ""'), "phones[0].password: expected a text that is not empty"),
        (("[server]", "[recorder]\nrtp_port_first = 40000\n[server]"), "recorder.rtp_port_last: must be greater"),
        (
            ('password_file = "agent.password"', 'password_hash = "plain"'),
            "agents[0].password_hash: is no Argon2 hash",
        ),
        (("[[agents]]", '[[agent_states]]\noperation_name = "Ready"\n[[agents]]'), "agent_states[0].operation_name: 'Ready'"),
        (("[[agents]]", '[[agent_states]]\noperation_name = "On it"\n[[agents]]'), "agent_states[0].operation_name: expected"),
        (("[[agents]]", '[phone_control.feature_codes]\nstop = "31e"\n[[agents]]'), "phone_control.feature_codes.stop: expected"),
        (
            ("[[agents]]", '[phone_control.feature_codes]\npause = "31"\nstart = "*31"\n[[agents]]'),
            "phone_control.feature_codes.start: one of '*31' and '31', of pause, is part of the other",
        ),
        (("[[agents]]", '[[phones]]\nnumber = "5001"\npassword = "x"\n[[agents]]'), "phones[1].number: '5001' is there twice"),
        (('phone = "5001"', 'tenant = "north"'), "agents[0].tenant: there is no tenant 'north'"),
        (("[[agents]]", '[[tenants]]\nname = "North"\n[[agents]]'), "tenants[0].name: expected `str` matching"),
        (
            ("[[agents]]", '[[tenants]]\nname = "north"\n[[agents]]\ntenant = "north"'),
            "agents[0].tenant: the phone '5001' belongs to 'default'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_key(change: tuple[str, str], complaint: str) -> None:
    assert change[0] in SMALL
    [said] = _complaints(SMALL.replace(change[0], change[1], 1))
    assert said.startswith(complaint)


def test_all_unknown_keys_are_named_at_once() -> None:
    assert len(_complaints(SMALL.replace("[server]", "[server]\nx = 1\ny = 2"))) == 2


def test_what_is_no_toml_is_refused() -> None:
    [said] = _complaints("[server")
    assert said.startswith("is not TOML")


def test_states_of_the_installation_come_after_the_built_in_ones() -> None:
    states = config.parse(SMALL + '[[agent_states]]\noperation_name = "Lunch"\ndisplay_name = "Lunch break"\n').states()
    lunch = states[-1]
    assert (lunch.operation, lunch.display_name, lunch.state, lunch.reason) == ("Lunch", "Lunch break", "NotReady", "Lunch")
    assert len(lunch.id) == 36


def test_feature_codes_are_those_that_are_given() -> None:
    read = config.parse(SMALL + '[phone_control.feature_codes]\nstart = "*31"\npause = "*32"\n')
    assert {keys: trigger.value for keys, trigger in read.feature_codes().items()} == {"*31": "start", "*32": "pause"}
    assert config.parse(SMALL).feature_codes() == {}


def test_every_setting_is_explained() -> None:
    explained = config.explain()
    for key, kind, default, meaning in config.settings():
        assert f"| `{key.rpartition('.')[2]}` | {kind} | {default} | {meaning} |" in explained
