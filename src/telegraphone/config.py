"""Reads the configuration file, checks it and explains it: every setting of an installation is declared here and nowhere
else, with its meaning beside it.

A file that is not quite right is refused whole, with the file, the key and what to write instead: a recorder that runs
with half of its settings misunderstood is worse than one that does not start.
"""

import difflib
import re
import socket
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import msgspec
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError
from msgspec import Meta, Struct, UnsetType

from telegraphone.domain.agent import Agent, Device, Directory, Feature, Role
from telegraphone.domain.ids import Dn

_NAMESPACE = uuid.UUID("6f1d2e0a-52b4-5d0e-9d0b-8c4d0f6a7b11")
"""What ids of agents and devices are derived in, so that they are the same after every start."""


class ConfigError(Exception):
    """The configuration is not right; one line for each complaint."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = tuple(complaints)


class Secret:
    """A text that is never shown: neither in a log nor in a traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


Port = Annotated[int, Meta(ge=1, le=65_535)]


class Server(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[server]`: the address of the API, its shape, and where data is kept."""

    external_url: Annotated[str, Meta(description="The URL by which clients reach this server; all links begin with it.")]
    listen_host: Annotated[str, Meta(description="The address to listen on for HTTP.")] = "127.0.0.1"
    listen_port: Annotated[Port, Meta(description="The TCP port to listen on for HTTP.")] = 8080
    data_dir: Annotated[
        str, Meta(description="The folder of recordings, keys and database; relative to the configuration file.")
    ] = "telegraphone-data"
    compatibility: Annotated[
        Literal["8.5.1", "8.5.2"], Meta(description="The generation of the API whose shapes clients see.")
    ] = "8.5.1"
    allowed_origins: Annotated[
        tuple[str, ...], Meta(description="The origins of web pages that may use the API; empty: only that of `external_url`.")
    ] = ()
    csrf_protection: Annotated[
        Literal["origin", "token"],
        Meta(description="Against forged requests: `origin` checks where they come from, `token` wants a token besides."),
    ] = "origin"
    cookie_same_site: Annotated[
        Literal["Lax", "Strict", "None"], Meta(description="The SameSite rule of the sign-in cookie; `None` needs https.")
    ] = "Lax"
    host_name: Annotated[str, Meta(description="The host in the names of recordings; empty: the name of this machine.")] = ""
    recording_name_suffix: Annotated[
        str, Meta(description="The end of the names of recordings; it is percent-encoded there.")
    ] = "<cont_center_id>"


class Exchange(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[exchange]`: the SIP exchange that phones register with."""

    sip_host: Annotated[str, Meta(description="The address to listen on for SIP, over UDP and TCP.")] = "127.0.0.1"
    sip_port: Annotated[Port, Meta(description="The port to listen on for SIP.")] = 5060
    rtp_host: Annotated[str, Meta(description="The address phones send their audio to; empty: `sip_host`.")] = ""
    rtp_port_first: Annotated[Port, Meta(description="The first UDP port for phones' audio.")] = 20_000
    rtp_port_last: Annotated[Port, Meta(description="The last UDP port for phones' audio; a call takes four.")] = 23_999
    realm: Annotated[str, Meta(description="The realm phones authenticate in.")] = "telegraphone"
    ring_s: Annotated[float, Meta(gt=0, le=600, description="How long an unanswered phone rings, in seconds.")] = 60.0


class Recorder(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[recorder]`: the process that receives, encrypts and stores audio."""

    workers: Annotated[int, Meta(ge=1, le=64, description="Processes that record side by side.")] = 1
    rtp_host: Annotated[str, Meta(description="The address copies of audio are sent to.")] = "127.0.0.1"
    rtp_port_first: Annotated[Port, Meta(description="The first UDP port for copies of audio.")] = 30_000
    rtp_port_last: Annotated[Port, Meta(description="The last UDP port for copies of audio; a recording takes two.")] = 33_999


class Cometd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[cometd]`: notifications to desktops."""

    websocket: Annotated[bool, Meta(description="Whether WebSocket is offered besides long-polling.")] = True


class Phone(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[phones]]`: one phone that may register."""

    number: Annotated[
        str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z+*#.-]+$", description="The number it is dialled by.")
    ]
    user: Annotated[str, Meta(description="The user it authenticates as; empty: its number.")] = ""
    password: Annotated[Secret | UnsetType, Meta(description="Its password, as text; or give `password_file`.")] = msgspec.UNSET
    password_file: Annotated[str, Meta(description="The file its password is in.")] = ""


class AgentEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[agents]]`: one user of the API."""

    user_name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^:\x00-\x1f]+$", description="The login.")]
    password_hash: Annotated[
        Secret | UnsetType, Meta(description="The Argon2 hash of the password (`telegraphone user hash-password`).")
    ] = msgspec.UNSET
    password_file: Annotated[str, Meta(description="Instead of the hash: the file the password itself is in.")] = ""
    first_name: Annotated[str, Meta(description="First name, as desktops show it.")] = ""
    last_name: Annotated[str, Meta(description="Last name, as desktops show it.")] = ""
    phone: Annotated[str, Meta(description="The number of the phone this user works at; empty: none.")] = ""
    roles: Annotated[
        tuple[Literal["agent", "supervisor", "compliance", "admin"], ...], Meta(min_length=1, description="What this user is.")
    ] = ("agent",)
    features: Annotated[
        tuple[Literal["api-voice", "api-voice-recording"], ...], Meta(description="What this user may use.")
    ] = ("api-voice", "api-voice-recording")
    listens: Annotated[bool, Meta(description="Whether an administrator may listen to recordings.")] = False


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole configuration. `read` fills in what depends on the machine: paths are absolute, passwords were read."""

    server: Server
    exchange: Exchange = Exchange()
    recorder: Recorder = Recorder()
    cometd: Cometd = Cometd()
    phones: tuple[Phone, ...] = ()
    agents: tuple[AgentEntry, ...] = ()

    def directory(self) -> Directory:
        """The users as the rules know them."""
        return Directory(tuple(_agent(entry) for entry in self.agents))

    def password_hashes(self) -> dict[str, str]:
        """The Argon2 hash of each user's password."""
        return {entry.user_name: _revealed(entry.password_hash) for entry in self.agents}


def read(path: Path) -> Config:
    """The configuration in this file; raises `ConfigError` with everything that is wrong with it."""
    try:
        config = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not TOML: {error}"]) from None
    except ConfigError as error:
        raise ConfigError([f"{path}: {complaint}" for complaint in error.complaints]) from None
    return _completed(config, path)


def parse(text: str) -> Config:
    """The configuration as written, before anything is filled in; raises `ConfigError`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"is not TOML: {error}"]) from None
    complaints = list(_unknown_keys(raw, Config, ""))
    if complaints:
        raise ConfigError(complaints)
    try:
        config = msgspec.convert(raw, Config, dec_hook=_secret)
    except msgspec.ValidationError as error:
        raise ConfigError([_place_first(str(error))]) from None
    complaints = list(_contradictions(config))
    if complaints:
        raise ConfigError(complaints)
    return config


def settings() -> Iterator[tuple[str, str, str, str]]:
    """Every setting: its key, its type, its default (`required` without one) and its meaning, in the order of the file."""
    for table, kind in _tables():
        hints = get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            notes = [each for each in hints[field.name].__metadata__ if isinstance(each, Meta)]
            meaning = next(note.description for note in notes if note.description)
            yield f"{table}.{field.name}", _type_name(hints[field.name].__origin__), _default(field), meaning


def explain() -> str:
    """The same as a Markdown document's tables, for the documentation and the command line."""
    lines: list[str] = []
    for table, kind in _tables():
        assert kind.__doc__ is not None
        lines += [f"## {kind.__doc__}", "", "| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{key.removeprefix(table + '.')}` | {kind_name} | {default} | {meaning} |"
            for key, kind_name, default, meaning in settings()
            if key.startswith(table + ".")
        ]
        lines.append("")
    return "\n".join(lines)


# --- checking -----------------------------------------------------------------------------------------------------


def _unknown_keys(raw: Mapping[str, object], kind: type[Struct], place: str) -> Iterator[str]:
    """Every key that means nothing, with the one that was perhaps meant."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in fields:
            close = difflib.get_close_matches(key, fields, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(fields)}"
            yield f"{place}{key}: unknown key; {hint}"
            continue
        nested = _struct_in(fields[key].type)
        if nested is not None and isinstance(value, Mapping):
            yield from _unknown_keys(value, nested, f"{place}{key}.")
        elif nested is not None and isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, Mapping):
                    yield from _unknown_keys(each, nested, f"{place}{key}[{index}].")


def _struct_in(annotation: object) -> type[Struct] | None:
    """The table that a key holds, once or many times; None for a plain value."""
    for each in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(each, type) and issubclass(each, Struct):
            return each
    return None


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


def _contradictions(config: Config) -> Iterator[str]:
    """What is right by itself but not together."""
    if not re.fullmatch(r"https?://[^/?#\s]+/?", config.server.external_url):
        yield "server.external_url: must look like https://host or https://host:port, without a path"
    if config.server.cookie_same_site == "None" and not config.server.external_url.startswith("https:"):
        yield "server.cookie_same_site: 'None' needs an https external_url, because browsers drop such a cookie otherwise"
    for table in ("exchange", "recorder"):
        ports = getattr(config, table)
        if ports.rtp_port_first >= ports.rtp_port_last:
            yield f"{table}.rtp_port_last: must be greater than rtp_port_first"
    yield from _twice("phones", "number", [phone.number for phone in config.phones])
    yield from _twice("agents", "user_name", [agent.user_name for agent in config.agents])
    yield from _twice("agents", "phone", [agent.phone for agent in config.agents if agent.phone])
    numbers = {phone.number for phone in config.phones}
    for index, phone in enumerate(config.phones):
        if (phone.password is msgspec.UNSET) == (not phone.password_file):
            yield f"phones[{index}].password: give either password or password_file"
    for index, agent in enumerate(config.agents):
        if agent.phone and agent.phone not in numbers:
            yield f"agents[{index}].phone: there is no phone {agent.phone!r} among [[phones]]"
        if (agent.password_hash is msgspec.UNSET) == (not agent.password_file):
            yield f"agents[{index}].password_hash: give either password_hash or password_file"
        elif not agent.password_file and not _is_hash(_revealed(agent.password_hash)):
            yield f"agents[{index}].password_hash: is no Argon2 hash; make one with `telegraphone user hash-password`"


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


# --- completing ---------------------------------------------------------------------------------------------------


def _completed(config: Config, path: Path) -> Config:
    folder = path.resolve().parent
    server = msgspec.structs.replace(
        config.server,
        data_dir=str(folder / config.server.data_dir),
        host_name=config.server.host_name or socket.gethostname(),
    )
    exchange = msgspec.structs.replace(config.exchange, rtp_host=config.exchange.rtp_host or config.exchange.sip_host)
    hasher = PasswordHasher()
    phones = tuple(
        msgspec.structs.replace(
            phone,
            user=phone.user or phone.number,
            password=_from_file(folder, phone.password_file) if phone.password_file else phone.password,
        )
        for phone in config.phones
    )
    agents = tuple(
        msgspec.structs.replace(agent, password_hash=Secret(hasher.hash(_from_file(folder, agent.password_file).reveal())))
        if agent.password_file
        else agent
        for agent in config.agents
    )
    return msgspec.structs.replace(config, server=server, exchange=exchange, phones=phones, agents=agents)


def _from_file(folder: Path, name: str) -> Secret:
    path = folder / name
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigError([f"{path}: this password file cannot be read"]) from None
    if not text:
        raise ConfigError([f"{path}: this password file is empty"])
    return Secret(text)


def _revealed(secret: Secret | UnsetType) -> str:
    assert isinstance(secret, Secret), "read() refuses a file without it"
    return secret.reveal()


def _agent(entry: AgentEntry) -> Agent:
    device = Device(str(uuid.uuid5(_NAMESPACE, f"device {entry.phone}")), Dn(entry.phone)) if entry.phone else None
    return Agent(
        entry.user_name,
        uuid.uuid5(_NAMESPACE, f"user {entry.user_name}").hex,
        entry.first_name,
        entry.last_name,
        frozenset(Role(role) for role in entry.roles),
        frozenset(Feature(feature) for feature in entry.features),
        device,
        entry.listens,
    )


# --- explaining ---------------------------------------------------------------------------------------------------


def _tables() -> Iterator[tuple[str, type[Struct]]]:
    for field in msgspec.structs.fields(Config):
        kind = _struct_in(field.type)
        assert kind is not None
        yield field.name, kind


def _type_name(kind: object) -> str:
    names: dict[object, str] = {str: "text", int: "number", float: "number", bool: "true or false"}
    if kind in names:
        return names[kind]
    arguments: tuple[object, ...] = getattr(kind, "__args__", ())
    if Ellipsis in arguments:
        return f"list of {_type_name(arguments[0])}"
    if all(isinstance(each, str) for each in arguments):
        return ", ".join(f"`{each}`" for each in arguments)
    return "text"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "required"
    value = field.default
    if value is msgspec.UNSET:
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(_toml, value))}]`"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
