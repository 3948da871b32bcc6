"""Keeps one recording session (RS): the dialog with a recording client, its streams, and the legs made of its parties.

A leg's voice comes in at a *place*, an intake of the recorder that lives as long as the session; the n-th place belongs to
the n-th line. There are two places at least, because a recording has two tracks and a line may be added later.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import Document
from telegraphone.limits import SNAPSHOTS_UNTOLD_MAX
from telegraphone.services.ports import NOBODY, MediaAddress, MediaKeys, MediaReports, MediaSource
from telegraphone.switches.siprec.parties import Person
from telegraphone.switches.siprec.trunk import Trunk
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.siprec.answering import Line
from telegraphone.wire.siprec.metadata import Picture

PLACES_MIN = 2


class Stage(Enum):
    """How far a recording session is."""

    OFFERED = "offered"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Place:
    """An intake: its name at the recorder and the address that is told to the client."""

    name: str
    address: MediaAddress


@dataclass(slots=True, eq=False)
class Agreed:
    """A handshake with who sends on a line, and the keys once they are agreed on."""

    line: Line
    task: "asyncio.Task[None] | None" = None
    keys: MediaKeys | None = None

    def is_of(self, line: Line) -> bool:
        """Whether the line is still what it was made for: the same sender by the same certificate."""
        return (self.line.host, self.line.port, self.line.handshake) == (line.host, line.port, line.handshake)


@dataclass(slots=True, eq=False)
class Leg:
    """One party. `side` is the one of `SIDES` it is on, "" while others are; `lines` are those that bring its voice by all that
    is known. `gone` when the metadata no longer has it, though the call needs two; `fork` is where it is recorded."""

    id: LegId
    person: Person
    side: str = ""
    lines: tuple[int, ...] = ()
    place: int = -1
    gone: bool = False
    fork: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The vendor's id of a call, "" for none, and what it says of it that becomes user data."""

    known_as: str = ""
    user_data: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Rs:
    """One recording session."""

    name: str
    trunk: Trunk
    invite: ServerTransaction
    ours: SessionDescription
    chance: bytes = field(repr=False)
    """What our keys are made of, the same as long as the session lives."""
    offered: SessionDescription | None = None
    """The offer that our answer to the first INVITE will answer; None when it has none, so that we offer."""
    lines: tuple[Line | None, ...] = ()
    places: dict[int, Place] = field(default_factory=dict)
    legs: list[Leg] = field(default_factory=list)
    departed: dict[LegId, Leg] = field(default_factory=dict)
    """Those that have left: their recordings are still being ended above."""
    agreed: dict[int, "Agreed"] = field(default_factory=dict)
    """Lines whose keys are agreed on by handshake, by place."""
    picture: Picture = Picture()
    told: Picture = Picture()
    """The picture of which those above have been told last."""
    facts: dict[str, str] = field(default_factory=dict)
    """What was noticed about the session, by name."""
    untold: deque[Document] = field(default_factory=lambda: deque(maxlen=SNAPSHOTS_UNTOLD_MAX))
    """Metadata that came and of which those above have not been told."""
    named: Named = Named()
    """What the vendor's names say of the running call."""
    labels: frozenset[str] = frozenset()
    """Those of the client's latest description."""
    dialog: Dialog | None = None
    stage: Stage = Stage.OFFERED
    awaits_answer: bool = False
    """Our 2xx made the offer, so the client's ACK brings the answer."""
    old_name: bool = False
    """Whether the client calls metadata by its old name, so that we do too."""
    needs_snapshot: bool = False
    """Whether the metadata that came cannot be built on."""
    asking: PendingRequest | None = None
    """The request for a snapshot that is not answered yet."""
    asked_at: float | None = None
    """When a snapshot was asked for last."""
    since: float = 0.0
    """When it became live; with the others below, monotonic seconds."""
    heard_at: float = 0.0
    """When audio was last seen to arrive."""
    silence_told: bool = False
    probed_at: float | None = None
    """When the client was last asked whether it is still there."""
    speaker: str = ""
    """Whose voice alone it carries, by participant; "" when that is not how its client copies calls (`halves`)."""
    halves: "dict[int, Rs]" = field(default_factory=dict)
    """The sessions that carry other voices of its call, by the place at which each arrives."""
    whole: "Rs | None" = None
    """The session that has the call and the places; None when that is this one."""
    left: bool = False
    """Whether it has ended itself, and its call lives by its `halves`."""

    @property
    def mixed(self) -> bool:
        """Whether all voices come on one line."""
        return not self.speaker and sum(line is not None for line in self.lines) == 1

    def parts(self) -> "tuple[Rs, ...]":
        """All that carry voices of its call and that it began, itself the last."""
        return (*self.halves.values(), self)

    def dialogs(self) -> list[Dialog]:
        """Those of all its sessions that live."""
        return [each.dialog for each in self.parts() if each.dialog is not None]

    def ports(self) -> dict[int, int]:
        """Our port of each taken line."""
        return {line.index: self.places[line.index].address.port for line in self.lines if line is not None}

    def source(self, place: int | None) -> MediaSource:
        """Who sends to a place now. Who is held sends nothing, and is told how it arrived all the same."""
        half = self.halves.get(-1 if place is None else place)
        if half is not None:
            return half.source(0)
        line = self.lines[place] if place is not None and place < len(self.lines) else None
        if line is None or not line.port or self.left:
            return NOBODY
        keys = None
        if line.key is not None:
            ours = line.key.answered_with(self.chance, line.index)
            keys = MediaKeys(line.key.suite, line.key.master, ours.master)
        if line.handshake is not None:
            agreed = self.agreed.get(line.index)
            if agreed is None or agreed.keys is None or not agreed.is_of(line):
                return NOBODY
            keys = agreed.keys
        reports = None if line.reports is None else MediaReports(MediaAddress(*line.reports), line.muxed)
        if not line.live:
            return replace(NOBODY, keys=keys, reports=reports)
        port = 0 if self.trunk.any_port else line.port
        return MediaSource(line.host, port, dict(line.codecs), keys=keys, reports=reports)

    def place_at(self, address: MediaAddress) -> int | None:
        """The place of this address, None if it is none of ours."""
        return next((index for index, place in self.places.items() if place.address == address), None)

    def leg(self, leg_id: LegId) -> Leg | None:
        """The leg of this id, also one that has left."""
        return next((leg for leg in self.legs if leg.id == leg_id), None) or self.departed.get(leg_id)
