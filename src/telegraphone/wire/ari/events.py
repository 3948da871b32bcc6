"""What Asterisk tells over the events WebSocket, as frozen values; of some 45 kinds those that change what we do.

An event may come twice (once for each subscription it belongs to), late, or never: whoever acts on it asks itself what is
already known. Unknown kinds are None, because every release has new ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from telegraphone.wire.ari.resources import AriChannel, AriEndpoint, Json, as_object, each_of, read_json, text
from telegraphone.wire.errors import RemoteProtocolError


@dataclass(frozen=True, slots=True)
class StasisStarted:
    """A leg is in our application from now on; `arguments` are what the dialplan handed over with it."""

    ari: AriChannel
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StasisEnded:
    """A leg has left our application."""

    ari: AriChannel


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A leg rings or is answered."""

    ari: AriChannel


@dataclass(frozen=True, slots=True)
class HangupRequested:
    """A leg is about to end; the cause (Q.850) is 0 where none is said."""

    ari: AriChannel
    cause: int


@dataclass(frozen=True, slots=True)
class AriDestroyed:
    """A leg is gone, for this cause (Q.850)."""

    ari: AriChannel
    cause: int


@dataclass(frozen=True, slots=True)
class HoldPressed:
    """The party has put the call on hold at the phone."""

    ari: AriChannel


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """The party has taken the call back at the phone."""

    ari: AriChannel


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The party has pressed a key of the phone; `at` is Asterisk's time, the same when the event comes twice."""

    ari: AriChannel
    digit: str
    at: str


@dataclass(frozen=True, slots=True)
class PeerChanged:
    """A phone or trunk can be called, or no longer."""

    endpoint: AriEndpoint


@dataclass(frozen=True, slots=True)
class ApplicationReplaced:
    """Somebody else has connected under our application's name and is told everything from now on."""


AriEvent = (
    StasisStarted
    | StasisEnded
    | StateChanged
    | HangupRequested
    | AriDestroyed
    | HoldPressed
    | HoldReleased
    | DigitPressed
    | PeerChanged
    | ApplicationReplaced
)


def parse_event(data: str | bytes) -> AriEvent | None:
    """The event that one message tells; None for kinds that are not of interest. Raises RemoteProtocolError for what is
    no event at all."""
    item = as_object(read_json(data))
    make = _KINDS.get(text(item, "type", needed=True))
    return None if make is None else make(item)


def _of_leg(kind: "Callable[[AriChannel], AriEvent]") -> "Callable[[Json], AriEvent]":
    return lambda item: kind(AriChannel.of(item.get("channel")))


def _started(item: Json) -> StasisStarted:
    return StasisStarted(AriChannel.of(item.get("channel")), each_of(item.get("args", []), _argument))


def _argument(found: object) -> str:
    return text({"argument": found}, "argument")


def _cause(item: Json) -> int:
    found = item.get("cause", 0)
    if not isinstance(found, int):
        raise RemoteProtocolError("cause is no number", status=None)
    return found


_KINDS: Final[Mapping[str, "Callable[[Json], AriEvent]"]] = MappingProxyType(
    {
        "StasisStart": _started,
        "StasisEnd": _of_leg(StasisEnded),
        "ChannelStateChange": _of_leg(StateChanged),
        "ChannelHangupRequest": lambda item: HangupRequested(AriChannel.of(item.get("channel")), _cause(item)),
        "ChannelDestroyed": lambda item: AriDestroyed(AriChannel.of(item.get("channel")), _cause(item)),
        "ChannelHold": _of_leg(HoldPressed),
        "ChannelUnhold": _of_leg(HoldReleased),
        "ChannelDtmfReceived": lambda item: DigitPressed(
            AriChannel.of(item.get("channel")), text(item, "digit"), text(item, "timestamp")
        ),
        "PeerStatusChange": lambda item: PeerChanged(AriEndpoint.of(item.get("endpoint"))),
        "ApplicationReplaced": lambda _: ApplicationReplaced(),
    }
)
