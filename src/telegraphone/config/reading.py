"""Reads the configuration file and fills in what depends on the machine.

A file that is not quite right is refused whole, with the file, the key and what to write instead: a recorder that runs
with half of its settings misunderstood is worse than one that does not start.
"""

import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from telegraphone.config.announcing import announcement_in
from telegraphone.config.asterisk import AsteriskEntry
from telegraphone.config.auditing import Audit
from telegraphone.config.checking import about_secret, contradictions, unknown_keys
from telegraphone.config.oidc import OidcEntry
from telegraphone.config.policies import ConsentEntry
from telegraphone.config.secret import Secret
from telegraphone.config.storing import Keys, Storage
from telegraphone.config.tables import Config
from telegraphone.config.webhooks import WebhookEntry


class ConfigError(Exception):
    """The configuration is not right; one line for each complaint."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = tuple(complaints)


def read(path: Path, before: Config | None = None) -> Config:
    """The configuration in this file; raises `ConfigError` with everything that is wrong with it. A password in a file that
    is the same as `before` keeps its hash, so that nobody seems to have a new one."""
    try:
        config = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not TOML: {error}"]) from None
    except ConfigError as error:
        raise ConfigError([f"{path}: {complaint}" for complaint in error.complaints]) from None
    return _completed(config, path, before.password_hashes() if before is not None else {})


def parse(text: str) -> Config:
    """The configuration as written, before anything is filled in; raises `ConfigError`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"is not TOML: {error}"]) from None
    complaints = list(unknown_keys(raw, Config, ""))
    if complaints:
        raise ConfigError(complaints)
    try:
        config = msgspec.convert(raw, Config, dec_hook=_secret)
    except msgspec.ValidationError as error:
        raise ConfigError([_place_first(str(error))]) from None
    complaints = list(contradictions(config))
    if complaints:
        raise ConfigError(complaints)
    return config


def _place_first(message: str) -> str:
    """The complaint of msgspec with the place in front and in TOML's words."""
    complaint, _, place = message.partition(" - at `$.")
    if not place:
        return message
    return f"{place.rstrip('`')}: {complaint[:1].lower()}{complaint[1:]}"


def _secret(kind: type, value: object) -> object:
    if kind is not Secret or not isinstance(value, str) or not value:
        raise ValueError("Expected a text that is not empty")
    return Secret(value)


def _completed(config: Config, path: Path, known: Mapping[str, str]) -> Config:
    folder = path.resolve().parent
    server = msgspec.structs.replace(
        config.server,
        data_dir=str(folder / config.server.data_dir),
        host_name=config.server.host_name or socket.gethostname(),
        tls_certificate=_beside(folder, config.server.tls_certificate),
        tls_key=_beside(folder, config.server.tls_key),
    )
    exchange = msgspec.structs.replace(
        config.exchange,
        rtp_host=config.exchange.rtp_host or config.exchange.sip_host,
        tls_certificate=_beside(folder, config.exchange.tls_certificate),
        tls_key=_beside(folder, config.exchange.tls_key),
    )
    siprec = msgspec.structs.replace(
        config.siprec,
        tls_certificate=_beside(folder, config.siprec.tls_certificate),
        tls_key=_beside(folder, config.siprec.tls_key),
        tls_client_authorities=_beside(folder, config.siprec.tls_client_authorities),
    )
    storage, keys = _storage(folder, config.storage), _keys(folder, config.keys, Path(server.data_dir) / "keys")
    phones = tuple(
        msgspec.structs.replace(
            phone,
            user=phone.user or phone.number,
            password=_from_file(folder, phone.password_file) if phone.password_file else phone.password,
        )
        for phone in config.phones
    )
    agents = tuple(
        msgspec.structs.replace(agent, password_hash=_hashed(_from_file(folder, agent.password_file), known.get(agent.user_name)))
        if agent.password_file
        else agent
        for agent in config.agents
    )
    database = msgspec.structs.replace(config.database, password_file=_beside(folder, config.database.password_file))
    tables = {"server": server, "exchange": exchange, "database": database, "siprec": siprec, "storage": storage, "keys": keys}
    return msgspec.structs.replace(
        config,
        **tables,
        audit=_audit(folder, config.audit),
        phones=phones,
        agents=agents,
        consent=_consent(config.consent, path),
        webhooks=_webhooks(config, path),
        oidc=tuple(_provider(folder, each) for each in config.oidc),
        asterisk=tuple(_with_password(folder, each) for each in config.asterisk),
    )


def _audit(folder: Path, audit: Audit) -> Audit:
    return msgspec.structs.replace(audit, checkpoint_folder=_beside(folder, audit.checkpoint_folder))


def _keys(folder: Path, keys: Keys, usual: Path) -> Keys:
    return msgspec.structs.replace(
        keys,
        folder=_beside(folder, keys.folder) or str(usual),
        vault_token_file=_beside(folder, keys.vault_token_file),
        vault_authorities=_beside(folder, keys.vault_authorities),
        recipients=tuple(msgspec.structs.replace(each, public_key=_beside(folder, each.public_key)) for each in keys.recipients),
    )


def _consent(rules: tuple[ConsentEntry, ...], path: Path) -> tuple[ConsentEntry, ...]:
    folder, complaints = path.resolve().parent, []
    rules = tuple(msgspec.structs.replace(each, announcement=_beside(folder, each.announcement)) for each in rules)
    for index, rule in enumerate(rules):
        try:
            if rule.announcement:
                announcement_in(rule.announcement)
        except ValueError as error:
            complaints.append(f"{path}: consent[{index}].announcement: {error}")
    if complaints:
        raise ConfigError(complaints)
    return rules


def _webhooks(config: Config, path: Path) -> tuple[WebhookEntry, ...]:
    webhooks = tuple(
        msgspec.structs.replace(each, secret=_from_file(path.resolve().parent, each.secret_file)) if each.secret_file else each
        for each in config.webhooks
    )
    complaints = [complaint for index, each in enumerate(webhooks) for complaint in about_secret(each, index)]
    if complaints:
        raise ConfigError([f"{path}: {complaint}" for complaint in complaints])
    return webhooks


def _with_password(folder: Path, entry: AsteriskEntry) -> AsteriskEntry:
    if not entry.password_file:
        return entry
    return msgspec.structs.replace(entry, password=_from_file(folder, entry.password_file))


def _provider(folder: Path, entry: OidcEntry) -> OidcEntry:
    file = entry.client_secret_file
    secret = _from_file(folder, file) if file else entry.client_secret
    return msgspec.structs.replace(entry, client_secret=secret, authorities=_beside(folder, entry.authorities))


def _storage(folder: Path, storage: Storage) -> Storage:
    secret = storage.secret_access_key
    return msgspec.structs.replace(
        storage,
        folder=_beside(folder, storage.folder),
        authorities=_beside(folder, storage.authorities),
        secret_access_key=_from_file(folder, storage.secret_access_key_file) if storage.secret_access_key_file else secret,
    )


def _hashed(password: Secret, known: str | None) -> Secret:
    hasher = PasswordHasher()
    try:
        if known is not None and hasher.verify(known, password.reveal()):
            return Secret(known)
    except (VerificationError, InvalidHashError):
        pass
    return Secret(hasher.hash(password.reveal()))


def _beside(folder: Path, name: str) -> str:
    """A file name relative to the configuration's folder; none stays none."""
    return str(folder / name) if name else ""


def _from_file(folder: Path, name: str) -> Secret:
    path = folder / name
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigError([f"{path}: this password file cannot be read"]) from None
    if not text:
        raise ConfigError([f"{path}: this password file is empty"])
    return Secret(text)
