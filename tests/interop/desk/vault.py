"""Fills a running server's store with recordings of known signals, made by calculation and sealed as a recorder seals them.

In the long recording each second of the agent's side has a pitch of its own within its minute, and the customer's side the
other pitch; whoever seeks somewhere can say from what is heard where that was.
"""

import math
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.copies import SqlCopies
from telegraphone.database.engine import open_engine, sqlite_url
from telegraphone.domain.copies import Copy
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.keystore.file import FileKeyStore
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media.g711 import linear_to_mu
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from tests.unit.media.recording_maker import Maker, ended, pause, started

RATE = 8_000
HOUR_S = 3_600
BY_AGENT = By("agent", "agent.one", "5001")
BY_CALL = By("call")
SPANS = {"Paused": (600, 750), "Held": (1_500, 1_590), "Gap": (2_400, 2_407)}
"""What the long recording has, in seconds."""

LONG = "0HOUR" + "0" * 27
SHORT = "0SHORT" + "0" * 26
SHORT_S = 20


def pitch(second: int, *, agent: bool) -> int:
    """The hertz of one party in one second: distinct in each of 50 neighbouring seconds."""
    return (400 if agent else 1_800) + 20 * (second % 50)


def _tone(hertz: int) -> bytes:
    # A whole number of waves fits in a second, so that seconds can be laid end to end.
    samples = array("h", (int(7_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE)))
    return linear_to_mu(samples.tobytes())


def _sound(seconds: int, *, agent: bool) -> bytes:
    """Turns of speech: each party sounds for twenty seconds, then the other."""
    tones = [_tone(pitch(second, agent=agent)) for second in range(50)]
    silence = b"\xff" * RATE
    return b"".join(tones[second % 50] if (second // 20 % 2 == 0) is agent else silence for second in range(seconds))


def _silenced(sound: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    made = bytearray(sound)
    for start, stop in spans:
        made[start * RATE : stop * RATE] = b"\xff" * ((stop - start) * RATE)
    return bytes(made)


Spans = Sequence[tuple[int, int]]


def seal(data: Path, recording_id: str, seconds: int, *, paused: Spans = (), lost: Spans = (), call: str = LONG) -> None:
    """One finished recording in the folder of a server, which need not run; silent in the given seconds."""
    maker = Maker(keys=FileKeyStore(data / "keys"), recording=recording_id, tenant="default", segment_bytes=SEGMENT_FRAMES)
    for stream, agent in enumerate((True, False)):
        maker.audio(_silenced(_sound(seconds, agent=agent), (*paused, *lost)), stream=stream)
    pauses = [record for start, stop in paused for record in pause(start * RATE, stop * RATE)]
    maker.journal([started(call=call), *pauses, ended(seconds * RATE)])
    finish(data, maker)


def finish(data: Path, maker: Maker) -> None:
    """Ends what the maker has made, and puts its files into the folder of a server."""
    maker.finished()
    for path, content in maker.store.files.items():
        if path.startswith(maker.sealed):
            file = data / "audio" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(content))


def long_recording(data: Path, began: datetime) -> PartRecord:
    """An hour with a pause, a hold and a gap; sealed in the server's folder."""
    recording_id = "00000000-0000-4000-8000-00000000feed"
    paused, held, gap = SPANS["Paused"], SPANS["Held"], SPANS["Gap"]
    seal(data, recording_id, HOUR_S, paused=(paused,), lost=(held, gap))
    spans = (
        entry("Paused", began, paused, BY_AGENT, BY_AGENT),
        entry("Held", began, held, BY_AGENT, BY_AGENT),
        entry("Gap", began, gap, By("system"), By("system"), "packets were lost"),
    )
    return part(LONG, recording_id, began, HOUR_S, spans)


def short_recording(data: Path, began: datetime, number: int = 0) -> PartRecord:
    """Twenty seconds in which one party always speaks; sealed in the server's folder. One of ten, by `number`."""
    recording_id, uuid = f"00000000-0000-4000-8000-00000000540{number}", f"{SHORT[:-1]}{number}"
    seal(data, recording_id, SHORT_S, call=uuid)
    return part(uuid, recording_id, began, SHORT_S, ())


def entry(kind: str, began: datetime, span: tuple[int, int], by: By, until: By, reason: str = "") -> HistoryEntry:
    """A stretch of the event history, in seconds."""
    start, stop = (began + timedelta(seconds=second) for second in span)
    return HistoryEntry(kind, start, stop, span[0] * 1000, (span[1] - span[0]) * 1000, by, until, reason)


def part(uuid: str, recording_id: str, began: datetime, seconds: int, spans: Sequence[HistoryEntry], **more: str) -> PartRecord:
    """What the list of recordings knows of one part."""
    whole = entry("Recording", began, (0, seconds), By("policy"), BY_CALL)
    return PartRecord(
        RecordingId(recording_id),
        CallUuid(uuid),
        "0071022ec8ac8056",
        f"{uuid}_5001",
        more.get("ani", "5550100"),
        more.get("dnis", "5001"),
        "5001",
        more.get("user_name", "agent.one"),
        began,
        stopped_at=began + timedelta(seconds=seconds),
        duration_ms=seconds * 1000,
        status=more.get("status", "sealed"),
        history=(whole, *spans),
    )


async def put(data: Path, parts: Sequence[PartRecord]) -> None:
    """Adds parts to the list of a server."""
    engine = open_engine(sqlite_url(data / "telegraphone.db"))
    catalogue = SqlCatalogue(engine)
    for each in parts:
        await catalogue.put(each)
    await engine.dispose()


async def link(data: Path, parts: Sequence[PartRecord]) -> None:
    """Has a server know that these are one conversation, as two recorders of it would have it."""
    engine = open_engine(sqlite_url(data / "telegraphone.db"))
    links = frozenset({"default one-and-the-same-conversation"})
    copies = SqlCopies(engine)
    await copies.put(*(Copy(each.call_uuid, each.tenant, "sbc", each.started_at, each.stopped_at, links) for each in parts))
    await engine.dispose()


def a_busy_week(until: datetime, count: int = 70) -> list[PartRecord]:
    """Many recordings without audio, for lists: most of them ordinary, some with a forgotten pause or a loss."""
    parts = []
    for number in range(count):
        began = until - timedelta(hours=2.3 * number + 2)
        seconds = 95 + 37 * number % 900
        spans: list[HistoryEntry] = []
        if number % 3 == 0:
            spans.append(entry("Paused", began, (30, 52), BY_AGENT, BY_AGENT))
        if number % 17 == 4:
            spans.append(entry("Paused", began, (60, seconds), BY_AGENT, BY_CALL))
        if number % 23 == 7:
            spans.append(entry("Gap", began, (40, 42), By("system"), By("system"), "packets were lost"))
        agent = f"agent.{('one', 'two')[number % 2]}"
        uuid = f"{number:032d}"
        ani, status = f"55501{number % 90 + 10}", "recovered" if number % 31 == 11 else "sealed"
        more = {"ani": ani, "dnis": f"500{number % 2 + 1}", "user_name": agent, "status": status}
        parts.append(part(uuid, f"00000000-0000-4000-8000-{number:012d}", began, seconds, spans, **more))
    return parts


def now() -> datetime:
    """A whole second of today."""
    return datetime.now(UTC).replace(microsecond=0)
