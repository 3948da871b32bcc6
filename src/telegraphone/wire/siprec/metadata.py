"""Reads recording metadata (RFC 7865) and keeps the picture that successive snapshots draw of one recording session.

Theory. A snapshot is a list of items: groups, communication sessions (CS), participants, streams and three kinds of
association, each known by its ids. A *complete* snapshot is the new picture. A *partial* one changes it: an item's
children replace those of the same name, absent ones stay (siprec.md, rule 5.2, made to fit the flows of RFC 8068). The
association of a participant with streams is the exception: it always states all of them (RFC 7865 section 6.8.1). Ids are
opaque: paper asks for base64 of a UUID, practice sends numbers and Call-IDs (siprec.md, Q6).
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from telegraphone.limits import METADATA_ITEMS_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.uri import SipUri, unescape
from telegraphone.wire.siprec.xml_tree import Element, read_tree


class Kind(Enum):
    """What an item is; the value is its element's name in lower case."""

    GROUP = "group"
    CS = "session"
    PARTICIPANT = "participant"
    STREAM = "stream"
    RS_TO_CS = "sessionrecordingassoc"
    PARTY_TO_CS = "participantsessionassoc"
    PARTY_TO_STREAM = "participantstreamassoc"


_IDS: Final = {
    Kind.GROUP: ("group",),
    Kind.CS: ("session",),
    Kind.PARTICIPANT: ("participant",),
    Kind.STREAM: ("stream",),
    Kind.RS_TO_CS: ("session",),
    Kind.PARTY_TO_CS: ("participant", "session"),
    Kind.PARTY_TO_STREAM: ("participant",),
}
_OWN_IDS: Final = frozenset((Kind.GROUP, Kind.CS, Kind.PARTICIPANT, Kind.STREAM))
_UUID: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_KNOWN: Final = frozenset(
    ("associate-time", "disassociate-time", "start-time", "stop-time", "sipsessionid", "reason", "group-ref", "label")
) | {"send", "recv", "param"}
"""The elements of RFC 7865 inside items other than participants, in lower case."""
_ROOTS: Final = frozenset(("recording", "recording_metadata", "recordingmetadata"))

_NOBODY: Final = frozenset(("anonymous", "private", "restricted", "unavailable", "unknown"))
"""Users in the address of who keeps back who that is (RFC 3323 section 4.1.1, and what is written in its place)."""

Key = tuple[Kind, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its kind, its ids, its other attributes and its children."""

    kind: Kind
    ids: tuple[str, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()

    @property
    def key(self) -> Key:
        """What tells it from the others of one picture."""
        return self.kind, self.ids

    def text(self, name: str) -> str:
        """The text of its first child of this name, "" if there is none."""
        return next((child.text for child in self.children if child.name == name), "")

    def changed_by(self, later: "Item") -> "Item":
        """The item after a partial snapshot that holds `later`."""
        if self.kind is Kind.PARTY_TO_STREAM:
            return later
        stated = {child.name for child in later.children}
        if "associate-time" in stated:
            # Who has come back is there, though the item still says when it went.
            stated.add("disassociate-time")
        kept = tuple(child for child in self.children if child.name not in stated)
        return replace(later, attributes={**self.attributes, **later.attributes}, children=(*kept, *later.children))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One metadata document. `facts` are values of elements that RFC 7865 does not know, by name."""

    partial: bool
    items: tuple[Item, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Party:
    """One participant of the call being recorded. `sends` are the ids of the streams that carry this voice."""

    id: str
    aor: str
    name: str = ""
    sends: frozenset[str] = frozenset()
    facts: Mapping[str, str] = field(default_factory=dict)


def read_snapshot(document: bytes) -> Snapshot:
    """A metadata document as its client meant it; RemoteProtocolError for what is none, or too much of one."""
    root = read_tree(document)
    if root.name not in _ROOTS:
        raise RemoteProtocolError("the metadata is no recording")
    kinds = {kind.value: kind for kind in Kind}
    items: list[Item] = []
    facts: dict[str, str] = {}
    for place, element in enumerate(root.children):
        kind = kinds.get(element.name)
        if kind is not None:
            items.append(_item(kind, element, place))
        elif element.name != "datamode":
            _note(facts, element)
    if any(count > METADATA_ITEMS_MAX for count in Counter(item.kind for item in items).values()):
        raise RemoteProtocolError("the metadata has too many items of a kind", status=413)
    mode = root.text_of("datamode") or root.attribute("datamode")
    return Snapshot(mode.lower() == "partial", tuple(items), facts)


def _item(kind: Kind, element: Element, place: int) -> Item:
    own = _IDS[kind]
    ids = tuple(_id(element, name, lone=len(own) == 1) for name in own)
    if not any(ids) and kind in _OWN_IDS:
        # Without a name it can only be itself; a later snapshot cannot speak of it.
        ids = (f"unnamed {place}",)
    taken = {spelling for name in own for spelling in _spellings(name, lone=len(own) == 1)}
    others = {name: value for name, value in element.attributes.items() if name not in taken and not name.startswith("xmlns")}
    return Item(kind, ids, others, element.children)


def _id(element: Element, name: str, *, lone: bool) -> str:
    found = element.attribute(*_spellings(name, lone=lone))
    return found or next((child.text for child in element.children if child.name in (f"{name}_id", f"{name}-id")), "")


def _spellings(name: str, *, lone: bool) -> tuple[str, ...]:
    """`participant_id`, `participant-id` and `participant` mean the same; a lone id may be called just that."""
    return (f"{name}_id", f"{name}-id", f"{name}id", *(("id",) if lone else ()), name)


def _note(facts: dict[str, str], element: Element) -> None:
    """Keeps an unknown element, and what is in it, as names and values; the first of a name counts."""
    if element.text:
        facts.setdefault(element.name, element.text)
    for name, value in element.attributes.items():
        if value and not name.startswith("xmlns"):
            facts.setdefault(f"{element.name}.{name}", value)
    for child in element.children:
        _note(facts, child)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of one recording session by now. `clashes` counts items that were left out because their UUID is
    already another kind's (RFC 7865 section 6.10), `drawn` whether any snapshot has come."""

    items: Mapping[Key, Item] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    clashes: int = 0
    drawn: bool = False

    def after(self, snapshot: Snapshot) -> "Picture":
        """The picture after one more snapshot. Nothing that passes a limit gets in: RemoteProtocolError."""
        items = dict(self.items) if snapshot.partial else {}
        owners = {item.ids[0]: item.kind for item in items.values() if item.kind in _OWN_IDS}
        clashes = self.clashes if snapshot.partial else 0
        for item in snapshot.items:
            if item.kind in _OWN_IDS and owners.setdefault(item.ids[0], item.kind) is not item.kind and is_uuid(item.ids[0]):
                clashes += 1
                continue
            known = items.get(item.key)
            items[item.key] = item if known is None else known.changed_by(item)
        if any(count > METADATA_ITEMS_MAX for count in Counter(item.kind for item in items.values()).values()):
            raise RemoteProtocolError("the metadata has too many items of a kind", status=413)
        facts = {**self.facts, **snapshot.facts} if snapshot.partial else dict(snapshot.facts)
        return Picture(items, facts, clashes, drawn=True)

    def knows_all_of(self, snapshot: Snapshot) -> bool:
        """Whether every id a partial snapshot builds on is known; if not, a full one should be asked for (3.12)."""
        named = {item.ids[0] for item in (*self.items.values(), *snapshot.items) if item.kind in _OWN_IDS}
        return all(each in named for item in snapshot.items if item.kind not in _OWN_IDS for each in item.ids if each)

    def of(self, kind: Kind) -> tuple[Item, ...]:
        """All items of a kind, in the order in which they came."""
        return tuple(item for item in self.items.values() if item.kind is kind)

    # --- what it says about the call ------------------------------------------------------------------------------

    def parties(self) -> tuple[Party, ...]:
        """Who takes part now, in the order of their first mention: those whose association has not ended. After the first call
        of a session in that of their associations with the one that goes on: who talked in the last one was mentioned first."""
        gone, stopped = self._gone(), self._stopped()
        found = [self._party(item) for item in self.of(Kind.PARTICIPANT) if item.ids[0] not in gone]
        if stopped:
            joined = [item.ids[0] for item in self.of(Kind.PARTY_TO_CS) if item.ids[1] not in stopped]
            found.sort(key=lambda party: joined.index(party.id) if party.id in joined else -1)
        return tuple(found)

    def names(self) -> frozenset[str]:
        """By what those who take part are known, if they are; hosts and parameters may differ from one time to the next."""
        known = {name for party in self.parties() if party.aor for name in (party.id, user_of(party.aor).lower())}
        return frozenset(known - _NOBODY)

    def cs_ids(self) -> tuple[str, ...]:
        """The communication sessions that have not ended."""
        return tuple(item.ids[0] for item in self.of(Kind.CS) if not item.text("stop-time"))

    def has_ended(self) -> bool:
        """Whether there was a communication session and none goes on."""
        return bool(self.of(Kind.CS)) and not self.cs_ids()

    def links(self) -> frozenset[str]:
        """Everything by which this call can be known as the same elsewhere: the id, group and SIP Session-ID of each CS that
        goes on, and groups that no CS refers to."""
        alive = tuple(item for item in self.of(Kind.CS) if not item.text("stop-time"))
        sip_ids = {child.text for item in alive for child in item.children if child.name == "sipsessionid"}
        referred = {item.text("group-ref") for item in self.of(Kind.CS)}
        groups = {item.text("group-ref") for item in alive} | ({item.ids[0] for item in self.of(Kind.GROUP)} - referred)
        named = {item.ids[0] for item in alive}
        return frozenset(each for each in named | groups | sip_ids if each and not each.startswith("unnamed "))

    def said(self, name: str) -> str:
        """What an element says that RFC 7865 does not know and that has this name, in lower case: one of the whole, of anything
        about a communication session that goes on, or of a party that takes part (siprec.md, Q24)."""
        facts = (self.facts, *self._notes(), *(party.facts for party in self.parties()))
        return next((each[name] for each in facts if each.get(name)), "")

    def _notes(self) -> Iterator[Mapping[str, str]]:
        over = {item.ids[0] for item in self.of(Kind.CS) if item.text("stop-time")} | self._gone()
        over |= {item.ids[0] for item in self.of(Kind.GROUP)} - self.links()
        for item in self.items.values():
            if item.kind is not Kind.PARTICIPANT and over.isdisjoint(item.ids):
                facts: dict[str, str] = {}
                for child in item.children:
                    if child.name not in _KNOWN:
                        _note(facts, child)
                yield facts

    def _gone(self) -> set[str]:
        """Participants all of whose associations have ended, or whose sessions have stopped (RFC 8068 section 3.2.3)."""
        stopped = self._stopped()
        present: dict[str, bool] = {}
        for item in self.of(Kind.PARTY_TO_CS):
            party, cs = item.ids
            there = not item.text("disassociate-time") and cs not in stopped
            present[party] = present.get(party, False) or there
        return {party for party, there in present.items() if not there}

    def _stopped(self) -> set[str]:
        return {item.ids[0] for item in self.of(Kind.CS) if item.text("stop-time")}

    def _party(self, item: Item) -> Party:
        names = [child for child in item.children if child.name == "nameid"]
        aor = next((found for child in names if (found := child.attribute("aor") or child.text_of("aor"))), "")
        aor = aor or item.text("aor") or item.attributes.get("aor", "")
        shown = next((found for child in names if (found := child.text_of("name"))), "") or item.text("name")
        facts: dict[str, str] = {}
        for child in item.children:
            if child.name not in ("nameid", "aor", "name", "send", "recv"):
                _note(facts, child)
        return Party(item.ids[0], aor.strip(), shown, self._sent_by(item), facts)

    def _sent_by(self, item: Item) -> frozenset[str]:
        """The association says it (rule 5.6); where there is none, `send` inside the participant."""
        stated = self.items.get((Kind.PARTY_TO_STREAM, item.ids))
        children = stated.children if stated is not None else item.children
        if stated is not None and stated.text("disassociate-time"):
            return frozenset()
        return frozenset(text for child in children if child.name == "send" for text in _stream_ids(child) if text)


def are_two_calls(before: Picture, now: Picture) -> bool:
    """Whether a session that has gone on from one picture to the other has another call (siprec.md, 3.5): the two have no id in
    common, and nobody who talked then talks now; or the first was said to have stopped, and each says of what group it is.
    Less proves nothing: a transfer may be a new session of the same people, some clients make ids anew in mid-call, and of whom
    nothing is known that may be anybody."""
    if not (before.cs_ids() and now.cs_ids() and before.names()) or not before.links().isdisjoint(now.links()):
        return False
    stopped = {item.ids[0] for item in now.of(Kind.CS) if item.text("stop-time")}
    told = stopped.issuperset(before.cs_ids()) and _is_grouped(before) and _is_grouped(now)
    return told or (bool(now.names()) and before.names().isdisjoint(now.names()))


def user_of(aor: str) -> str:
    """The user part or telephone number of an address of record; what is no URI is taken as it is, up to its `@`."""
    try:
        uri = SipUri.parse(aor)
    except RemoteProtocolError:
        return aor.partition("@")[0]
    user = unescape(uri.user) if uri.user else uri.opaque or uri.host
    return user.partition(";")[0]


def _is_grouped(picture: Picture) -> bool:
    alive = (item for item in picture.of(Kind.CS) if not item.text("stop-time"))
    return all(item.text("group-ref") for item in alive)


def _stream_ids(send: Element) -> tuple[str, ...]:
    """`<send>id</send>`, `<send><id>id</id></send>` and `<send id="id"/>` all occur (Q5)."""
    inner = tuple(child.text for child in send.children if child.name in ("id", "stream_id", "stream"))
    return inner or (send.text or send.attribute("id", "stream_id", "stream"),)


def is_uuid(text: str) -> bool:
    """Whether an id is a UUID, plain or in base64."""
    if _UUID.fullmatch(text):
        return True
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def snapshot_request(reason: str = "") -> bytes:
    """The body that asks a recording client for a full snapshot (RFC 7866 section 9.2)."""
    assert not set("<&") & set(reason), "the reason is a text of ours"
    said = f"<requestreason xml:lang='en'>{reason}</requestreason>" if reason else ""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\r\n"
        f"<requestsnapshot xmlns='urn:ietf:params:xml:ns:recording:1'>{said}</requestsnapshot>\r\n"
    ).encode()
