"""Names of Bayeux channels: which are well formed, which is meant by a wildcard, what a client has subscribed to.

A channel is a path of segments, `/v2/me/calls`. In a subscription the last segment may be a wildcard: `*` stands for
exactly one segment, `**` for one or more. Neither matches the parent: `/v2/**` does not match `/v2`. Instead of
matching every pattern against a channel, a channel lists the few patterns that could match it (one per segment and
one more), and a client's subscriptions are looked up among them.
"""

import re
from functools import lru_cache

from telegraphone.limits import BAYEUX_CHANNEL_CHARS_MAX, BAYEUX_SUBSCRIPTIONS_MAX

HANDSHAKE = "/meta/handshake"
CONNECT = "/meta/connect"
SUBSCRIBE = "/meta/subscribe"
UNSUBSCRIBE = "/meta/unsubscribe"
DISCONNECT = "/meta/disconnect"

_PATTERNS_CACHED = 256
_WELL_FORMED = re.compile(r"(?:/[A-Za-z0-9 !#$()*+\-.@_{}~]+)+")


def is_channel(name: object) -> bool:
    """Whether this is the name of a channel (Bayeux 1.0 section 2.2.1); a trailing slash or an empty segment is not."""
    return isinstance(name, str) and len(name) <= BAYEUX_CHANNEL_CHARS_MAX and _WELL_FORMED.fullmatch(name) is not None


def is_pattern(name: object) -> bool:
    """Whether this can be subscribed to: a channel, with a wildcard nowhere but at its end."""
    if not isinstance(name, str) or not is_channel(name):
        return False
    return not any(segment in ("*", "**") for segment in name.split("/")[1:-1])


def is_meta(name: str) -> bool:
    """Whether the channel belongs to the protocol itself."""
    return name.startswith("/meta/")


def is_service(name: str) -> bool:
    """Whether messages on this channel concern one client only and are never broadcast."""
    return name.startswith("/service/")


@lru_cache(maxsize=_PATTERNS_CACHED)
def patterns_of(channel: str) -> frozenset[str]:
    """All subscriptions that hear this channel: `/a/b` is heard by `/a/b`, `/a/*`, `/a/**` and `/**`."""
    segments = channel.split("/")[1:]
    parents = ["".join(f"/{segment}" for segment in segments[:depth]) for depth in range(len(segments))]
    return frozenset([channel, f"{parents[-1]}/*", *(f"{parent}/**" for parent in parents)])


class Subscriptions:
    """What one client id listens to; at most `BAYEUX_SUBSCRIPTIONS_MAX` names."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, name: str) -> bool:
        """Adds a name; False when there are too many. What is there already is no new one."""
        if name not in self._names and len(self._names) >= BAYEUX_SUBSCRIPTIONS_MAX:
            return False
        self._names.add(name)
        return True

    def remove(self, name: str) -> bool:
        """Takes a name out; False when it is not there."""
        if name not in self._names:
            return False
        self._names.remove(name)
        return True

    def hear(self, channel: str) -> bool:
        """Whether any of the names, wildcards included, means this channel."""
        return not self._names.isdisjoint(patterns_of(channel))
