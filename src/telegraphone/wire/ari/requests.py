"""What is asked of Asterisk, each as a value: the method, the path below `/ari`, the query and the body.

All ids are ours and used once, so that a request whose answer was lost can be asked about, or repeated, without doubling
anything: the second creation of an id is refused (409).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import quote

Direction = Literal["in", "out"]

_NO_PARAMETERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class AriRequest:
    """One request; `body` is what becomes JSON, None for none. The query may hold what people dial or are called: it is
    not for logs."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: object = field(default=None, repr=False)


def _leg(ari_id: str, *rest: str) -> str:
    return "/".join(("/channels", quote(ari_id, safe=""), *rest))


def _bridge(bridge: str, *rest: str) -> str:
    return "/".join(("/bridges", quote(bridge, safe=""), *rest))


# --- legs ---


def originate(endpoint: str, ari_id: str, app: str, caller: str, *, variables: Mapping[str, str] = _NO_PARAMETERS) -> AriRequest:
    """Calls an endpoint (`PJSIP/5001`). The leg rings until it is answered or ended: Asterisk's own patience is off."""
    query = {"endpoint": endpoint, "app": app, "channelId": ari_id, "callerId": caller, "timeout": "-1"}
    return AriRequest("POST", "/channels", query, {"variables": dict(variables)} if variables else None)


def shown_caller(number: str, display_name: str) -> str:
    """`"Name" <number>`, without what could end a name or a number early."""
    name = "".join(each for each in display_name if each.isprintable() and each not in '"\\<>')
    digits = "".join(each for each in number if each.isprintable() and each not in '"<>, ')
    return f'"{name}" <{digits}>' if name else f"<{digits}>"


def answer(ari_id: str) -> AriRequest:
    """Answers a leg that came to us."""
    return AriRequest("POST", _leg(ari_id, "answer"))


def ring(ari_id: str, *, on: bool = True) -> AriRequest:
    """A leg that came to us is told that it rings; an answered one hears the tone, or no longer."""
    return AriRequest("POST" if on else "DELETE", _leg(ari_id, "ring"))


def hang_up(ari_id: str, cause: int = 16) -> AriRequest:
    """Ends a leg of any kind, with a cause of Q.850."""
    return AriRequest("DELETE", _leg(ari_id), {"reason_code": str(cause)})


def music(ari_id: str, *, on: bool) -> AriRequest:
    """Music on hold, or no longer, for a leg that is in no bridge."""
    return AriRequest("POST" if on else "DELETE", _leg(ari_id, "moh"))


def silence(ari_id: str, *, on: bool) -> AriRequest:
    """Silence is sent to a leg that is in no bridge: without a stream, nothing can be whispered into it."""
    return AriRequest("POST" if on else "DELETE", _leg(ari_id, "silence"))


def mute(ari_id: str, *, on: bool, direction: Direction = "in") -> AriRequest:
    """Nobody hears the leg's party, copies neither; or again. Of a snoop: it sends nothing. `out`: the party is sent
    nothing."""
    return AriRequest("POST" if on else "DELETE", _leg(ari_id, "mute"), {"direction": direction})


def dtmf(ari_id: str, key: str) -> AriRequest:
    """Plays one key to the leg's party; later requests for this leg wait for it, 220 ms: 100 before it, 100 of it, and `between`
    also after the last."""
    return AriRequest("POST", _leg(ari_id, "dtmf"), {"dtmf": key, "between": "20"})


def variable(ari_id: str, name: str) -> AriRequest:
    """What a variable or function (`CHANNEL(rtp,src)`) of a leg says."""
    return AriRequest("GET", _leg(ari_id, "variable"), {"variable": name})


def one_leg(ari_id: str) -> AriRequest:
    """What Asterisk knows of one leg; 404 when it is gone."""
    return AriRequest("GET", _leg(ari_id))


# --- copies ---


def snoop(ari_id: str, snoop_id: str, app: str, *, spy: Direction | None = None, whisper: Direction | None = None) -> AriRequest:
    """A channel that hears what the leg's party says (`spy=in`), or whose sound the party hears (`whisper=out`)."""
    query = {"app": app, "spy": spy or "none", "whisper": whisper or "none"}
    return AriRequest("POST", _leg(ari_id, "snoop", quote(snoop_id, safe="")), query)


def external_media(ari_id: str, app: str, host: str, port: int) -> AriRequest:
    """A channel that sends what it hears as G.711 µ-law by RTP."""
    query = {"app": app, "channelId": ari_id, "external_host": f"{host}:{port}", "format": "ulaw"}
    return AriRequest("POST", "/channels/externalMedia", query)


# --- bridges ---


def create_bridge(bridge: str) -> AriRequest:
    """A bridge in which all hear each other."""
    return AriRequest("POST", _bridge(bridge), {"type": "mixing"})


def destroy_bridge(bridge: str) -> AriRequest:
    """Ends a bridge; who is in it stays in the application."""
    return AriRequest("DELETE", _bridge(bridge))


def add_to_bridge(bridge: str, *ari_ids: str) -> AriRequest:
    """Brings legs into a bridge, out of the one they are in."""
    return AriRequest("POST", _bridge(bridge, "addChannel"), {"channel": ",".join(ari_ids)})


def remove_from_bridge(bridge: str, *ari_ids: str) -> AriRequest:
    """Takes legs out of a bridge."""
    return AriRequest("POST", _bridge(bridge, "removeChannel"), {"channel": ",".join(ari_ids)})


# --- the whole ---


def every_leg() -> AriRequest:
    """All legs at Asterisk, ours or not."""
    return AriRequest("GET", "/channels")


def every_bridge() -> AriRequest:
    """All bridges at Asterisk, ours or not."""
    return AriRequest("GET", "/bridges")


def every_endpoint() -> AriRequest:
    """All phones and trunks of PJSIP."""
    return AriRequest("GET", "/endpoints/PJSIP")


def application(app: str) -> AriRequest:
    """The ids of what the application is told about."""
    return AriRequest("GET", f"/applications/{quote(app, safe='')}")


def info() -> AriRequest:
    """Which Asterisk this is, and since when it runs."""
    return AriRequest("GET", "/asterisk/info", {"only": "system,status"})


def subscribe(app: str, source: str) -> AriRequest:
    """The application is told about a source too, such as `endpoint:PJSIP`."""
    return AriRequest("POST", f"/applications/{quote(app, safe='')}/subscription", {"eventSource": source})


def filter_events(app: str, *, allowed: tuple[str, ...] = (), disallowed: tuple[str, ...] = ()) -> AriRequest:
    """Which kinds of events the application is told, if `allowed` names any, and which it is not."""
    body = {"allowed": [{"type": each} for each in allowed], "disallowed": [{"type": each} for each in disallowed]}
    return AriRequest("PUT", f"/applications/{quote(app, safe='')}/eventFilter", body=body)


# --- looking ---


def every_module() -> AriRequest:
    """All modules, running or not."""
    return AriRequest("GET", "/asterisk/modules")


def settings(kind: str, name: str) -> AriRequest:
    """What pjsip.conf says of an object, defaults included; 404 for none. `kind` is `endpoint`, `transport`, `aor`."""
    return AriRequest("GET", f"/asterisk/config/dynamic/res_pjsip/{kind}/{quote(name, safe='')}")


def call_dialplan(number: str, context: str, app: str, near: str, far: str) -> AriRequest:
    """A call of our own through the dialplan: `far` is the half that it handles, `near` comes to us when that answers."""
    query = {"endpoint": f"Local/{number}@{context}", "app": app, "channelId": near, "otherChannelId": far}
    return AriRequest("POST", "/channels", query)
