"""What is wrong with a configuration that is TOML and has the right types: keys that mean nothing, contradictions."""

import difflib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import msgspec
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from msgspec import Struct

from telegraphone.config.access import about_access
from telegraphone.config.oidc import about_oidc
from telegraphone.config.policies import about_consent, about_pause_rules, about_retention
from telegraphone.config.storing import about_keys, about_storage
from telegraphone.config.tables import Config, revealed
from telegraphone.config.webhooks import WebhookEntry, secret_bytes
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.limits import WEBHOOK_SECRET_BYTES_MIN

_OTHER_OPERATIONS = frozenset({"StartContactCenterSession", "EndContactCenterSession"})


def unknown_keys(raw: Mapping[str, object], kind: type[Struct], place: str) -> Iterator[str]:
    """Every key that means nothing, with the one that was perhaps meant."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in fields:
            close = difflib.get_close_matches(key, fields, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(fields)}"
            yield f"{place}{key}: unknown key; {hint}"
            continue
        nested = struct_in(fields[key].type)
        if nested is not None and isinstance(value, Mapping):
            yield from unknown_keys(value, nested, f"{place}{key}.")
        elif nested is not None and isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, Mapping):
                    yield from unknown_keys(each, nested, f"{place}{key}[{index}].")


def struct_in(annotation: object) -> type[Struct] | None:
    """The table that a key holds, once or many times; None for a plain value."""
    for each in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(each, type) and issubclass(each, Struct):
            return each
    return None


def contradictions(config: Config) -> Iterator[str]:
    """What is right by itself but not together."""
    yield from _about_server(config)
    for table in ("exchange", "recorder"):
        ports = getattr(config, table)
        if ports.rtp_port_first >= ports.rtp_port_last:
            yield f"{table}.rtp_port_last: must be greater than rtp_port_first"
    if config.exchange.tls_port and not (config.exchange.tls_certificate and config.exchange.tls_key):
        yield "exchange.tls_port: needs tls_certificate and tls_key"
    yield from about_storage(config.storage)
    yield from about_keys(config.keys)
    yield from _about_database(config)
    yield from _about_phones(config)
    yield from _about_feature_codes(config)
    names = [state.operation for state in config.states()]
    for index, entry in enumerate(config.agent_states):
        if names.count(entry.operation_name) > 1 or entry.operation_name in _OTHER_OPERATIONS:
            yield f"agent_states[{index}].operation_name: {entry.operation_name!r} means something already"
    yield from _about_agents(config)
    yield from _about_trunks(config)
    yield from _about_asterisk(config)
    yield from _about_tenants(config)
    yield from _about_webhooks(config)
    yield from _twice("oidc", "name", [each.name for each in config.oidc])
    yield from about_oidc(config.oidc)
    yield from _twice("recording_rules", "name", [each.name for each in config.recording_rules])
    yield from _twice("pause_rules", "name", [each.name for each in config.pause_rules])
    yield from about_pause_rules(config.pause_rules)
    yield from _twice("consent", "name", [each.name for each in config.consent])
    yield from about_consent(config.consent, {each.tenant for each in config.trunks}, asterisk=bool(config.asterisk))
    yield from _twice("warning_tones", "tenant", [each.tenant for each in config.warning_tones])
    if config.warning_tones and config.asterisk:
        yield "warning_tones: an Asterisk mixes nothing into its calls for us; have its dialplan play the tone"
    yield from _twice("retention", "name", [each.name for each in config.retention])
    yield from about_retention(config.retention)
    yield from _twice("preroll", "tenant", [each.tenant for each in config.preroll])
    yield from _twice("pauses", "tenant", [each.tenant for each in config.pauses])
    yield from _twice("access", "tenant", [each.tenant for each in config.access])
    yield from about_access(config.access, config.oidc)


_VOICE = re.compile(r"\S+\s*=\s*(caller|called)")
_ORDER = re.compile(r"[!-9;-~]+\s*:.+=\s*(start|pause|resume|stop)")


def _about_server(config: Config) -> Iterator[str]:
    if not re.fullmatch(r"https?://[^/?#\s]+/?", config.server.external_url):
        yield "server.external_url: must look like https://host or https://host:port, without a path"
    if config.server.cookie_same_site == "None" and not config.server.external_url.startswith("https:"):
        yield "server.cookie_same_site: 'None' needs an https external_url, because browsers drop such a cookie otherwise"
    if bool(config.server.tls_certificate) != bool(config.server.tls_key):
        yield "server.tls_key: give both tls_certificate and tls_key, or neither"
    if config.server.tls_certificate and not config.server.external_url.startswith("https:"):
        yield "server.external_url: must begin with https, since the server speaks TLS"


def _about_database(config: Config) -> Iterator[str]:
    url = config.database.url
    if url and not re.fullmatch(r"postgresql://\S+", url):
        yield "database.url: must look like postgresql://user@host/name"
    if re.match(r"[^:]+://[^/@]*:[^/@]*@", url) or re.search(r"[?&]password=", url):
        yield "database.url: has a password in it, which belongs into a file: database.password_file"
    if config.database.password_file and not url:
        yield "database.password_file: needs database.url"


def _about_phones(config: Config) -> Iterator[str]:
    yield from _twice("phones", "number", [phone.number for phone in config.phones])
    for index, phone in enumerate(config.phones):
        if (phone.password is msgspec.UNSET) == (not phone.password_file):
            yield f"phones[{index}].password: give either password or password_file"


def _about_feature_codes(config: Config) -> Iterator[str]:
    given = {each: keys for each, keys in msgspec.structs.asdict(config.phone_control.feature_codes).items() if keys}
    for index, each in enumerate(config.asterisk):
        for key in ("record_on", "record_off"):
            keys = getattr(each, key)
            if keys and any(keys in other or other in keys for other in given.values()):
                yield f"asterisk[{index}].{key}: {keys!r} is part of a feature code, or the other way round"
        if each.record_on and each.record_on == each.record_off:
            yield f"asterisk[{index}].record_off: must not be the keys of record_on"
    for name, keys in given.items():
        for other, longer in given.items():
            if name < other and (keys in longer or longer in keys):
                yield f"phone_control.feature_codes.{other}: one of {longer!r} and {keys!r}, of {name}, is part of the other"


def _about_agents(config: Config) -> Iterator[str]:
    yield from _twice("agents", "user_name", [agent.user_name for agent in config.agents])
    yield from _twice("agents", "phone", [agent.phone for agent in config.agents if agent.phone])
    numbers = {phone.number for phone in config.phones}
    for index, agent in enumerate(config.agents):
        # Agents whose calls come by a trunk have their phones at the exchange behind it; an Asterisk knows its phones itself.
        if agent.phone and agent.phone not in numbers and not (config.trunks or config.asterisk):
            yield f"agents[{index}].phone: there is no phone {agent.phone!r} among [[phones]]"
        without = agent.password_hash is msgspec.UNSET and not agent.password_file
        if without and config.oidc:
            continue
        if (agent.password_hash is msgspec.UNSET) == (not agent.password_file):
            yield f"agents[{index}].password_hash: give either password_hash or password_file"
        elif not agent.password_file and not _is_hash(revealed(agent.password_hash)):
            yield f"agents[{index}].password_hash: is no Argon2 hash; make one with `telegraphone user hash-password`"


def _about_trunks(config: Config) -> Iterator[str]:
    yield from _twice("trunks", "name", [trunk.name for trunk in config.trunks])
    if bool(config.siprec.tls_port) != bool(config.siprec.tls_certificate and config.siprec.tls_key):
        yield "siprec.tls_port: TLS needs tls_port, tls_certificate and tls_key, or none of them"
    for index, trunk in enumerate(config.trunks):
        for source in trunk.sources:
            if not _is_network(source):
                yield f"trunks[{index}].sources: {source!r} is no address and no network"
        if trunk.certificates and not config.siprec.tls_client_authorities:
            yield f"trunks[{index}].certificates: needs siprec.tls_client_authorities, by which certificates are checked"
        if not _is_pattern(trunk.device_pattern):
            yield f"trunks[{index}].device_pattern: is no regular expression"
        for key in ("devices", "user_data_from"):
            if not all("=" in pair.strip("=") for pair in getattr(trunk, key)):
                yield f"trunks[{index}].{key}: each must be two texts with = in between"
        if not all(_VOICE.fullmatch(voice.strip()) for voice in trunk.voices):
            yield f"trunks[{index}].voices: each must look like `inbound=caller`, with caller or called"
        if not all(_ORDER.fullmatch(order.strip()) for order in trunk.orders):
            yield f"trunks[{index}].orders: each must look like `X-Action: hold-it=pause`, with start, pause, resume or stop"


def _about_asterisk(config: Config) -> Iterator[str]:
    yield from _twice("asterisk", "name", [each.name for each in config.asterisk])
    for index, each in enumerate(config.asterisk):
        if (each.password is msgspec.UNSET) == (not each.password_file):
            yield f"asterisk[{index}].password: give either password or password_file"
        if each.rtp_port_first >= each.rtp_port_last:
            yield f"asterisk[{index}].rtp_port_last: must be greater than rtp_port_first"


def _about_tenants(config: Config) -> Iterator[str]:
    yield from _twice("tenants", "name", [tenant.name for tenant in config.tenants])
    known = {DEFAULT_TENANT, *(tenant.name for tenant in config.tenants)}
    for table in (
        "phones",
        "agents",
        "trunks",
        "webhooks",
        "recording_rules",
        "consent",
        "warning_tones",
        "preroll",
        "pause_rules",
        "pauses",
        "retention",
        "access",
        "oidc",
    ):
        for index, entry in enumerate(getattr(config, table)):
            if entry.tenant not in known:
                yield f"{table}[{index}].tenant: there is no tenant {entry.tenant!r} among [[tenants]]"
    for index, recipient in enumerate(config.keys.recipients):
        if recipient.tenant not in known:
            yield f"keys.recipients[{index}].tenant: there is no tenant {recipient.tenant!r} among [[tenants]]"
    tenants = {phone.number: phone.tenant for phone in config.phones}
    for index, agent in enumerate(config.agents):
        if tenants.get(agent.phone, agent.tenant) != agent.tenant:
            yield f"agents[{index}].tenant: the phone {agent.phone!r} belongs to {tenants[agent.phone]!r}"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _twice(table: str, key: str, values: list[str]) -> Iterator[str]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield f"{table}[{index}].{key}: {value!r} is there twice"


def _is_hash(text: str) -> bool:
    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def _about_webhooks(config: Config) -> Iterator[str]:
    yield from _twice("webhooks", "name", [each.name for each in config.webhooks])
    for index, each in enumerate(config.webhooks):
        if (each.secret is msgspec.UNSET) == (not each.secret_file):
            yield f"webhooks[{index}].secret: give either secret or secret_file"
        if not re.fullmatch(r"https?://[^/?#@\s]+(/[^#\s]*)?", each.url) or not _has_host(each.url):
            yield f"webhooks[{index}].url: must look like https://host/path, without a user and without a fragment"
        elif not each.url.startswith("https:") and not each.allow_private:
            yield f"webhooks[{index}].url: must begin with https, unless allow_private says that the receiver is inside"


def about_secret(webhook: WebhookEntry, index: int) -> Iterator[str]:
    """What is wrong with a webhook's secret, once it has been read."""
    if secret_bytes(revealed(webhook.secret)) is None:
        yield f"webhooks[{index}].secret: must be whsec_ and {WEBHOOK_SECRET_BYTES_MIN} to 64 bytes in base64"


def _has_host(url: str) -> bool:
    try:
        place = urlsplit(url)
        return bool(place.hostname) and place.port != 0
    except ValueError:
        return False
