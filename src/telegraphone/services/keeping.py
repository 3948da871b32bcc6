"""What becomes of a recording: it is protected, held for a court, and in the end erased, with a signed stone to say so.

Theory. A recording goes only when nothing keeps it: no protection, no hold, however many there are, and no part that is
still being made (properties CMP-1, CMP-8). Whether something does is decided where it is kept, in the same moment as the
recording is *claimed* for its end, so that no hold slips in between. Claimed, its keys are destroyed, then the list forgets it
and keeps the stone. A crash in between leaves it claimed: asking again finishes the work. Stone and audit trail name each other:
the stone the line behind which it was written, the line that says *done* the stone, both by their hashes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import (
    NotFound,
    RecordingInProgress,
    RecordingLocked,
    RecordingProtected,
)
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.permissions import Action
from telegraphone.limits import MATTER_CHARS_MAX, REDACTION_REASON_CHARS_MAX
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import Archive, Erased
from telegraphone.services.audit import AuditTrail, Deed, must_be_said
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.happenings import Happening, Kind
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock


@dataclass(frozen=True, slots=True)
class Standing:
    """What keeps a recording from being deleted: its protection, and the matters it is held for, in order."""

    non_delete: bool = False
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an erased recording: `statement` is canonical JSON, `signature` the node's under it with its
    public key, as a file that is kept beside it."""

    tenant: str
    call_uuid: CallUuid
    erased_at: datetime
    statement: str
    signature: str


def erasure_of(tombstone: Tombstone) -> Happening:
    """What those hear of who are told from outside; whoever buries a recording writes it down in the same moment."""
    said = json.loads(tombstone.statement)
    by = {"source": "policy", "rule": said["rule"]} if "rule" in said else {"source": "admin", "userName": said.get("by", "")}
    detail = {"by": by}
    return Happening(Kind.ERASED, tombstone.tenant, tombstone.call_uuid, RecordingId(""), tombstone.erased_at, detail)


class Claims(Protocol):
    """Where a recording is claimed for its end, and forgotten. All raise `Unavailable("database")`."""

    async def claim(self, tenant: str, call_uuid: CallUuid) -> bool:
        """Claims it for its end, in one moment with looking; False when it is protected or held."""

    async def renounce(self, tenant: str, call_uuid: CallUuid) -> None:
        """It is claimed no longer: nothing of it was destroyed, and it may be held again."""

    async def bury(self, tombstone: Tombstone) -> None:
        """Forgets the recording and all that was said of it, and keeps the stone."""


class Standings(Claims, Protocol):
    """Where it is kept what keeps recordings; unknown recordings are ignored. All raise `Unavailable("database")`."""

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[Standing, ...]:
        """What keeps each of these recordings."""

    async def protect(self, tenant: str, call_uuid: CallUuid, *, on: bool) -> None:
        """Protects it from deletion, or no longer."""

    async def hold(self, tenant: str, call_uuid: CallUuid, matter: str, by: tuple[str, datetime]) -> bool:
        """Holds it for a matter; repeating that changes nothing. False when it is claimed: it is too late."""

    async def release(self, tenant: str, call_uuid: CallUuid, matter: str) -> None:
        """Ends the hold for this matter, if there is one."""


@dataclass(frozen=True, slots=True)
class Engraved:
    """A tombstone as a file, the signature file that lies beside it, and the SHA-256 by which the trail names it."""

    statement: str
    signature: str
    sha256: str


class Notary(Protocol):
    """Signs what is stated, in the node's name."""

    def sign(self, statement: Mapping[str, object]) -> tuple[str, str]:
        """The statement in canonical form, and the signature under it in hexadecimal."""

    def engrave(self, facts: Mapping[str, object]) -> Engraved:
        """A tombstone that says this."""


class Ending:
    """The steps by which a recording ends, whoever wants it to: claimed, destroyed, buried. After a crash each is repeated."""

    def __init__(self, claims: Claims, archive: Archive, notary: Notary, audit: AuditTrail) -> None:
        self._claims = claims
        self._archive = archive
        self._notary = notary
        self._audit = audit

    async def claim(self, parts: tuple[PartRecord, ...]) -> None:
        """From here on nothing can keep it. Raises `RecordingInProgress`, `RecordingProtected`."""
        first = parts[0]
        if any(part.stopped_at is None for part in parts):
            raise RecordingInProgress(first.call_uuid)
        if not await self._claims.claim(first.tenant, first.call_uuid):
            raise RecordingProtected(first.call_uuid)

    async def destroy(self, parts: tuple[PartRecord, ...]) -> list[Erased]:
        """Destroys the keys of all parts, and their files where that is possible. Raises `RecordingLocked`: a store may lock
        what it has, and a recording of which nothing was destroyed yet can be held again then."""
        erased = []
        for part in parts:
            try:
                erased.append(await self._erased(part))
            except RecordingLocked:
                if part is parts[0]:
                    await self._claims.renounce(part.tenant, part.call_uuid)
                raise
        return [each for each in erased if each is not None]

    async def bury(self, parts: tuple[PartRecord, ...], erased: list[Erased], by: Mapping[str, str], now: datetime) -> str:
        """Has the list forget it and keep the stone, on which `by` says who or what ended it, and why; the stone's SHA-256."""
        first = parts[0]
        files = [{"part": each.recording.recording_id, **asdict(file)} for each in erased for file in each.recording.files]
        manifests = {each.recording.recording_id: each.recording.manifest_sha256 for each in erased}
        head = await self._audit.head()
        stone = self._notary.engrave(
            {
                "tenant": first.tenant,
                "recording": first.call_uuid,
                "parts": [part.recording_id for part in parts],
                "manifests": manifests,
                "files": files,
                "files_left": sorted(name for each in erased for name in each.files_left),
                "keys_destroyed": sum(each.keys_destroyed for each in erased),
                "erased_at": now.isoformat(),
                "trail": {"number": head.number, "hash": head.hash},
                **by,
            }
        )
        await self._claims.bury(Tombstone(first.tenant, first.call_uuid, now, stone.statement, stone.signature))
        return stone.sha256

    async def _erased(self, part: PartRecord) -> Erased | None:
        """None for what is not there: it was erased before a crash, or never came to be."""
        try:
            return await self._archive.erase(part.recording_id)
        except KeyError:
            return None


class Keeping:
    """What people may do about the life of recordings, each as far as their rights go; every try is in the trail."""

    def __init__(
        self, library: Library, standings: Standings, archive: Archive, notary: Notary, audit: AuditTrail, *, four_eyes: FourEyes
    ) -> None:
        self._library = library
        self._four_eyes = four_eyes
        self._standings = standings
        self._ending = Ending(standings, archive, notary, audit)
        self._audit = audit

    async def standings(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[Standing, ...]:
        """What keeps each of these recordings."""
        return await self._standings.of(tenant, call_uuids)

    async def protect(self, agent: Agent, call_uuid: str, origin: str, *, on: bool) -> None:
        """Protects the recording from deletion, or no longer; repeating it is fine. Refuses as `Library.recording`."""
        action = Action.PROTECT if on else Action.UNPROTECT
        (part, *_) = await self._parts(agent, action, call_uuid, origin)
        await self._standings.protect(agent.tenant, part.call_uuid, on=on)
        await self._note(agent, action, call_uuid, "done", origin=origin)

    async def hold(self, agent: Agent, call_uuid: str, matter: str, origin: str, clock: Clock) -> None:
        """Holds the recording for a matter, of as many as there are; repeating it is fine. Refuses as `Library.recording`."""
        must_be_matter(matter)
        (part, *_) = await self._parts(agent, Action.HOLD, call_uuid, origin)
        if not await self._standings.hold(agent.tenant, part.call_uuid, matter, (agent.user_name, clock.utc())):
            raise NotFound("recording", call_uuid)
        await self._note(agent, Action.HOLD, call_uuid, "held", {"matter": matter}, origin=origin)

    async def release(self, agent: Agent, call_uuid: str, matter: str, origin: str) -> None:
        """Ends the hold for one matter; other holds stay. Repeating it is fine. Refuses as `Library.recording`."""
        must_be_matter(matter)
        (part, *_) = await self._parts(agent, Action.HOLD, call_uuid, origin)
        second = await self._four_eyes.passed(agent, Action.HOLD, f"{call_uuid} {matter_subject(matter)}", origin)
        await self._standings.release(agent.tenant, part.call_uuid, matter)
        await self._note(agent, Action.HOLD, call_uuid, "released", {"matter": matter, **second}, origin=origin)

    async def erase(self, agent: Agent, call_uuid: str, origin: str, clock: Clock, *, reason: str = "") -> None:
        """Destroys the recording. On return nothing of it can be played or decrypted any more, whatever copies there are.
        Raises `RecordingInProgress`, `RecordingProtected`, `RecordingLocked`, and refuses as `Library.recording`."""
        parts = await self._parts(agent, Action.DELETE, call_uuid, origin)
        why = {"reason": must_be_reason(reason)} if reason else {}
        why |= await self._four_eyes.passed(agent, Action.DELETE, call_uuid, origin)
        try:
            await self._ending.claim(parts)
            await self._note(agent, Action.DELETE, call_uuid, "begun", why, origin=origin)
            erased = await self._ending.destroy(parts)
        except (RecordingInProgress, RecordingProtected, RecordingLocked) as refusal:
            await self._library.refused(agent, Action.DELETE.value, call_uuid, type(refusal), origin)
            raise
        stone = await self._ending.bury(parts, erased, {"by": agent.user_name, **why}, clock.utc())
        destroyed = str(sum(each.keys_destroyed for each in erased))
        done = {"keys_destroyed": destroyed, "tombstone": stone}
        await self._note(agent, Action.DELETE, call_uuid, "done", done, origin=origin)

    async def _parts(self, agent: Agent, action: Action, call_uuid: str, origin: str) -> tuple[PartRecord, ...]:
        return await self._library.recording(agent, action, call_uuid, origin)

    async def _note(
        self, agent: Agent, action: Action, call_uuid: str, result: str, detail: Mapping[str, str] | None = None, *, origin: str
    ) -> None:
        await self._audit.write(Deed(agent.actor, action.value, call_uuid, result, detail or {}, agent.tenant, origin))


def matter_subject(matter: str) -> str:
    """What the trail calls a matter when a line is about all that is held for it."""
    return f"matter {matter}"


def must_be_matter(matter: str) -> None:
    """Raises `ParameterInvalid` for what cannot name a matter."""
    must_be_said("matter", matter, MATTER_CHARS_MAX)


def must_be_reason(reason: str) -> str:
    """The reason. Raises `ParameterInvalid` for what is none."""
    return must_be_said("reason", reason, REDACTION_REASON_CHARS_MAX)
