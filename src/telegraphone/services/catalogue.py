"""The list of recordings as the use cases need it: what is kept of each part, what can be asked, and what is promised.

A *part* is one media file; a *recording* is a call with at least one part. Everything belongs to one tenant (a contact
centre), and whoever reads says for which: what is another tenant's does not exist (properties SEC-1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId


@dataclass(frozen=True, slots=True)
class By:
    """Who caused a change of a recording (gws-api 13.3): `agent`, `device`, `phone`, `policy`, `admin`, `call` or
    `system`; the login and number where there is one, and the `rule` by which a policy did it, or
    what of consent was lacking when the part ended."""

    source: str
    user_name: str = ""
    phone_number: str = ""
    rule: str = ""

    def note(self) -> Mapping[str, str]:
        """The same as the sealed journal keeps it."""
        named = {"source": self.source, "user_name": self.user_name, "phone_number": self.phone_number, "rule": self.rule}
        return {key: value for key, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A span or moment of one part's event history (gws-api 13.3); positions in milliseconds on the media's timeline."""

    type: str
    started_at: datetime
    stopped_at: datetime | None
    offset_ms: int
    duration_ms: int
    started_by: By | None = None
    stopped_by: By | None = None
    reason: str = ""
    stream: int | None = None
    """The track a gap is in."""


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part of a call's recording: what the catalogue keeps of one media file. `stopped_at` is None while it runs.
    `user_data` is the call's as it last was, of JSON values; `bytes_stored` is what the sealed files take."""

    recording_id: RecordingId
    call_uuid: CallUuid
    conn_id: str
    name: str
    ani: str
    dnis: str
    recorded_dn: str
    user_name: str
    started_at: datetime
    stopped_at: datetime | None = None
    duration_ms: int = 0
    status: str = "recording"
    history: tuple[HistoryEntry, ...] = ()
    tenant: str = DEFAULT_TENANT
    user_data: Mapping[str, object] = field(default_factory=dict)
    bytes_stored: int = 0


@dataclass(frozen=True, slots=True)
class PartQuery:
    """Criteria that must all hold within one tenant; a None holds always. `after` (beginning and id of a call) goes on
    behind a call already seen, in the order of `find_calls`. `among` are the agents whose calls the asker may see: one of
    them has a part. `user_data` is a key and its value; `paused` is whether any part was; durations are of all parts
    together. Each word of `text` begins a word of what is known of the recording: numbers, names, ids, labels, user data."""

    tenant: str
    call_uuid: str | None = None
    user_name: str | None = None
    ani: str | None = None
    dnis: str | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None
    after: tuple[datetime, CallUuid] | None = None
    among: frozenset[str] | None = None
    label: str | None = None
    user_data: tuple[str, str] | None = None
    paused: bool | None = None
    state: str | None = None
    duration_ms_min: int | None = None
    duration_ms_max: int | None = None
    text: str | None = None


class Catalogue(Protocol):
    """The list of recordings. Calls, pauses and recording never wait for it: they are written from a bounded queue."""

    async def put(self, *parts: PartRecord) -> None:
        """Adds the parts, or replaces what is known of them, in this order: all or none, durable on return."""

    async def change(self, part: PartRecord) -> bool:
        """Replaces what is known of an ended part; False when it is not there any more, or about to be erased."""

    async def parts_of_call(self, tenant: str, call_uuid: CallUuid) -> tuple[PartRecord, ...]:
        """All parts of one call of this tenant in order of time; empty when there are none."""

    async def parts_of_calls(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[PartRecord, ...], ...]:
        """The same of several calls at once, in the order asked for."""

    async def find_calls(self, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
        """Calls with at least one ended part, newest beginning first, then by id."""

    async def unfinished(self) -> tuple[PartRecord, ...]:
        """Parts of all tenants whose end was never written: what a crash left behind. For the recorder, not for people."""
