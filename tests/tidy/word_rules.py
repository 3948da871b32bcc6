"""One word, one meaning: the names of the glossary, checked where a name is made (not where another's name is used)."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.rule import Offence, Rule, Source, is_product, is_python

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "core", "misc"}
GLOSSARY = {
    "caller_number": "ani",
    "calling_number": "ani",
    "caller_id": "ani",
    "called_number": "dnis",
    "callee_number": "dnis",
    "call_record": "recording",
    "call_recording": "recording",
}
# What RFC 3261 and RFC 4028 themselves call their header fields.
RFC_BOUNDS = ("max_forwards", "min_expires", "min_se", "max_expires")
RFC_SESSION_WORDS = (
    "session_expires",
    "session_interval",
    "session_timer",
    "session_refresh",
    "session_description",
    "session_name",
)
# GWS has a resource of that name, and SDP speaks of the channels of a payload format (RFC 8866 section 6.6).
CHANNEL_PLACES = ("bayeux", "cometd", "/web/gws/", "/wire/sdp")
# SDP describes what RFC 8866 calls a session, with an id and attributes of its own.
SESSION_PLACES = ("wire/bayeux", "cometd", "/wire/sdp")
SDP_PLACES = ("/switches/", "/phone/", "/endpoints/")


def _words(name: str) -> list[str]:
    """`HTTPServer_v2` → http, server, v2."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3_\2\4", name)
    return [part for part in parts.lower().split("_") if part]


def _made_names(source: Source) -> Iterator[Offence]:
    yield 1, source.path.rsplit("/", 1)[-1].removesuffix(".py")
    for node in source.nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def _snake(name: str) -> str:
    return "_".join(_words(name))


def empty_words(source: Source) -> Iterator[Offence]:
    for part in source.path.removesuffix(".py").split("/"):
        for word in sorted(EMPTY_WORDS.intersection(_words(part))):
            yield 1, f"the name {part} says nothing: {word}"
    for node in source.classes():
        for word in sorted(EMPTY_WORDS.intersection(_words(node.name)) - {"base"}):
            yield node.lineno, f"the name {node.name} says nothing: {word}"


def glossary(source: Source) -> Iterator[Offence]:
    for line, name in _made_names(source):
        for wrong, right in GLOSSARY.items():
            if f"_{wrong}_" in f"_{_snake(name)}_":
                yield line, f"{name}: the word is {right}"


def channel(source: Source) -> Iterator[Offence]:
    """A file that speaks of Bayeux or CometD at all means theirs."""
    if any(place in source.text.lower() or place in source.path for place in CHANNEL_PLACES):
        return
    for line, name in _made_names(source):
        words = _words(name)
        if {"channel", "channels"}.intersection(words) and "ari" not in words and "bayeux" not in words:
            yield line, f"{name}: a channel is Bayeux's; sound has tracks, Asterisk has an AriChannel"


def session(source: Source) -> Iterator[Offence]:
    if any(place in source.path for place in SESSION_PLACES):
        return
    makes_sdp = any(place in source.path for place in SDP_PLACES)
    for line, name in _made_names(source):
        snake = _snake(name)
        if makes_sdp and "session_id" in snake:
            continue
        if {"session", "sessions"}.intersection(_words(name)) and not any(word in snake for word in RFC_SESSION_WORDS):
            yield line, f"{name}: a session is Bayeux's; a login is a SignIn, SIP has dialogs"


def user_agent(source: Source) -> Iterator[Offence]:
    for line, name in _made_names(source):
        if {"agent", "agents"}.intersection(_words(name)) and "user_agent" not in _snake(name):
            yield line, f"{name}: an agent is a person; SIP has a user_agent"


def units_last(source: Source) -> Iterator[Offence]:
    for line, name in _made_names(source):
        snake = _snake(name)
        if snake.startswith(("max_", "min_", "num_")) and not snake.startswith(RFC_BOUNDS):
            yield line, f"{name}: qualifiers come last, as in pause_ms_max"


def now_last(source: Source) -> Iterator[Offence]:
    for function in source.functions():
        names = [arg.arg for arg in function.args.posonlyargs + function.args.args]
        if "now" in names and names[-1] != "now":
            yield function.lineno, f"{function.name}: now is the last argument"


RULES = [
    Rule(
        "empty words",
        is_python,
        empty_words,
        bad="class CallManager: ...",
        good="class CallActor: ...\ndatabase = 1",
    ),
    Rule("glossary", is_product, glossary, bad="def f(caller_number): ...", good="def f(ani): headers.caller_number"),
    Rule("channel", is_product, channel, bad="def f(audio_channel): ...", good="class AriChannel: ..."),
    Rule("session", is_product, session, bad="sip_session = 1", good="session_expires = request.session"),
    Rule(
        "user agent",
        lambda source: source.path.startswith("src/telegraphone/wire/sip"),
        user_agent,
        bad="agent = 1",
        good="user_agent = 1",
        where="src/telegraphone/wire/sip/example.py",
    ),
    Rule("units last", is_product, units_last, bad="MAX_PAUSE = 1", good="max_forwards = 70\nPAUSE_MS_MAX = 1"),
    Rule("now last", is_product, now_last, bad="def f(now, data): ...", good="def f(data, now, *, limit): ..."),
]
