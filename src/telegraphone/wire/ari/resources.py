"""What Asterisk tells of its channels, bridges, endpoints and of itself, as frozen values read from JSON.

Every text is bounded and every field that we do not need is let be: Asterisk adds fields with each release.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from telegraphone.limits import ARI_ITEMS_MAX, ARI_TEXT_CHARS_MAX
from telegraphone.wire.errors import RemoteProtocolError

Json = Mapping[str, object]
T = TypeVar("T")

UP: Final = "Up"
RINGING: Final = "Ringing"


@dataclass(frozen=True, slots=True)
class AriChannel:
    """One leg at Asterisk. `name` is `PJSIP/5001-0000000a` or alike; `application` and `arguments` say which Stasis
    application the dialplan handed it to, and with what, where the dialplan did."""

    id: str
    name: str
    state: str
    ani: str
    exten: str
    application: str = ""
    arguments: tuple[str, ...] = ()

    @property
    def technology(self) -> str:
        """What kind of leg it is: `PJSIP`, `Snoop`, `UnicastRTP`, `Local`."""
        return self.name.partition("/")[0]

    @property
    def endpoint(self) -> str:
        """The endpoint's name: what stands before the number that makes the name unique."""
        return self.name.partition("/")[2].rpartition("-")[0]

    @classmethod
    def of(cls, found: object) -> "AriChannel":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "channel")
        plan = _object(item.get("dialplan", {}), "dialplan")
        application: str = ""
        arguments: tuple[str, ...] = ()
        if plan.get("app_name") == "Stasis":
            application, *rest = text(plan, "app_data").split(",")
            arguments = tuple(rest)
        return cls(
            text(item, "id", needed=True),
            text(item, "name"),
            text(item, "state"),
            text(_object(item.get("caller", {}), "caller"), "number"),
            text(plan, "exten"),
            application,
            arguments,
        )


@dataclass(frozen=True, slots=True)
class AriBridge:
    """A bridge and the ids of who is in it."""

    id: str
    members: tuple[str, ...]

    @classmethod
    def of(cls, found: object) -> "AriBridge":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "bridge")
        members = _list(item.get("channels", []), "channels")
        return cls(text(item, "id", needed=True), tuple(_text(each, "channel id") for each in members))


@dataclass(frozen=True, slots=True)
class AriEndpoint:
    """A configured phone or trunk, and whether it can be called now."""

    name: str
    online: bool

    @classmethod
    def of(cls, found: object) -> "AriEndpoint":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "endpoint")
        # `unknown` is a contact that nobody asks whether it is there (qualify_frequency=0): it may be tried.
        return cls(text(item, "resource", needed=True), text(item, "state") != "offline")


@dataclass(frozen=True, slots=True)
class AriInfo:
    """Which Asterisk this is, and since when it runs: another beginning means that all its calls are new."""

    version: str
    started_at: str

    @classmethod
    def of(cls, found: object) -> "AriInfo":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "info")
        system, status = _object(item.get("system", {}), "system"), _object(item.get("status", {}), "status")
        return cls(text(system, "version"), text(status, "startup_time", needed=True))


@dataclass(frozen=True, slots=True)
class AriApplication:
    """The channels and bridges that an application is told about."""

    ari_channels: frozenset[str]
    bridges: frozenset[str]

    @classmethod
    def of(cls, found: object) -> "AriApplication":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "application")
        held, bridges = _list(item.get("channel_ids", []), "channel_ids"), _list(item.get("bridge_ids", []), "bridge_ids")
        return cls(frozenset(_text(each, "channel id") for each in held), frozenset(_text(each, "bridge id") for each in bridges))


@dataclass(frozen=True, slots=True)
class ExternalMedia:
    """A channel that sends RTP to us, and the address it sends from."""

    id: str
    host: str
    port: int

    @classmethod
    def of(cls, found: object) -> "ExternalMedia":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "channel")
        facts = _object(item.get("channelvars", {}), "channelvars")
        port = text(facts, "UNICASTRTP_LOCAL_PORT", needed=True)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise RemoteProtocolError(f"no port: {port[:20]!r}", status=None)
        return cls(text(item, "id", needed=True), text(facts, "UNICASTRTP_LOCAL_ADDRESS", needed=True), int(port))


def variable_of(found: object) -> str:
    """What a variable says; raises RemoteProtocolError."""
    return text(_object(found, "variable"), "value")


@dataclass(frozen=True, slots=True)
class AriModule:
    """A module that is loaded, and whether it runs."""

    name: str
    running: bool

    @classmethod
    def of(cls, found: object) -> "AriModule":
        """From its JSON; raises RemoteProtocolError for what is none."""
        item = _object(found, "module")
        return cls(text(item, "name", needed=True), text(item, "status") == "Running")


def read_settings(found: object) -> Mapping[str, str]:
    """The attributes of an object of the configuration; of one that may come repeatedly, the last."""
    items = [_object(each, "attribute") for each in _list(found, "attributes")]
    return {text(item, "attribute", needed=True): text(item, "value") for item in items}


def read_json(data: str | bytes) -> object:
    """What this JSON text says; raises RemoteProtocolError."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError("not JSON", status=None) from error


def each_of(found: object, make: Callable[[object], T]) -> tuple[T, ...]:
    """The items of a JSON list; raises RemoteProtocolError."""
    return tuple(make(each) for each in _list(found, "list"))


def text(item: Json, name: str, *, needed: bool = False) -> str:
    """A text member, "" if it is not there; raises RemoteProtocolError for something else or, if `needed`, for none."""
    found = item.get(name, "")
    if needed and not found:
        raise RemoteProtocolError(f"no {name}", status=None)
    return _text("" if found is None else found, name)


def as_object(found: object) -> Json:
    """This must be an object; raises RemoteProtocolError."""
    return _object(found, "message")


def _text(found: object, what: str) -> str:
    if not isinstance(found, str) or len(found) > ARI_TEXT_CHARS_MAX:
        raise RemoteProtocolError(f"{what} is no short text", status=None)
    return found


def _object(found: object, what: str) -> Json:
    if not isinstance(found, Mapping):
        raise RemoteProtocolError(f"{what} is no object", status=None)
    return found


def _list(found: object, what: str) -> list[object]:
    if not isinstance(found, list) or len(found) > ARI_ITEMS_MAX:
        raise RemoteProtocolError(f"{what} is no list, or too long", status=None)
    return found
