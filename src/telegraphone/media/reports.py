"""Two documents about one recording that stand by themselves, signed: its pauses, and what is missing of it.

*Pauses* (properties PCI-11): each stretch that was kept out, since when and until when, on whose order, at which frames; who
pressed a button is in the sealed journal only, so this document is as personal as that. *Completeness*: for each party, how
many frames the recording has, how many of them were kept, were silent on purpose, or were lost, and why. Both name the
manifest that they follow from by its hash; canonical JSON, signed like a manifest.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import rfc8785

from telegraphone.media.journal import Drift, GateOpened, GateShut, Record
from telegraphone.media.manifest import Manifest
from telegraphone.media.ports import PublicFacts
from telegraphone.media.spans import Range, merged, without

PAUSES: Final = "telegraphone-pauses-1"
COMPLETENESS: Final = "telegraphone-completeness-1"
_INTENDED: Final = ("paused", "held", "redacted")


def pauses(manifest: Manifest, records: Iterable[Record]) -> PublicFacts:
    """The document about a recording's pauses. `records` are those of its journals, in order."""
    shut: dict[tuple[str, int], Mapping[str, str]] = {}
    opened: dict[tuple[str, int], Mapping[str, str]] = {}
    for record in records:
        if isinstance(record, GateShut):
            shut.setdefault((record.reason, record.position), record.note)
        elif isinstance(record, GateOpened):
            opened.setdefault((record.reason, record.position), record.note)
    return _document(
        PAUSES,
        manifest,
        pauses=[
            {
                **msgspec.to_builtins(span),
                "shut_by": dict(shut.get((span.reason, span.start), {})),
                "opened_by": dict(opened.get((span.reason, span.stop), {})),
            }
            for span in manifest.spans
            if span.kind in _INTENDED
        ],
        files={name: facts.sha256 for name, facts in manifest.files.items()},
    )


def completeness(manifest: Manifest, records: Iterable[Record]) -> PublicFacts:
    """The document about what is missing of a recording. `records` are those of its journals, in order."""
    drifts = [record for record in records if isinstance(record, Drift)]
    roles = {track.stream: track.role for track in manifest.tracks}
    parties = [
        _party(manifest, stream, roles.get(stream, ""), [abs(each.ppm) for each in drifts if each.stream == stream])
        for stream in sorted(roles.keys() | {fact.stream for fact in manifest.epochs})
    ]
    return _document(
        COMPLETENESS,
        manifest,
        complete=not any(party["lost_frames"] for party in parties),
        parties=parties,
        clock=msgspec.to_builtins(manifest.clock),
    )


def _party(manifest: Manifest, stream: int, role: str, drift_ppm: list[float]) -> dict[str, Any]:
    """One party's frames: all of them are either kept, or silent on purpose, or lost."""
    mine = [span for span in manifest.spans if span.stream in (None, stream)]
    silent = merged((span.start, span.stop) for span in mine if span.kind in _INTENDED)
    missing = merged((span.start, span.stop) for span in mine if span.kind not in _INTENDED)
    lost = merged(part for place in missing for part in without([place], silent))
    silent_frames, lost_frames = _frames(silent), _frames(lost)
    return {
        "stream": stream,
        "role": role,
        "expected_frames": manifest.frames,
        "kept_frames": manifest.frames - silent_frames - lost_frames,
        "silent_frames": silent_frames,
        "lost_frames": lost_frames,
        "lost": [
            {"kind": span.kind, "reason": span.reason, "start": span.start, "stop": span.stop}
            for span in mine
            if span.kind not in _INTENDED
        ],
        "drift_ppm_max": max(drift_ppm, default=0.0),
    }


def _frames(ranges: Iterable[Range]) -> int:
    return sum(stop - start for start, stop in ranges)


def _document(kind: str, manifest: Manifest, **facts: Any) -> PublicFacts:
    return PublicFacts(
        rfc8785.dumps(
            {
                "format": kind,
                "tenant": manifest.tenant,
                "recording": manifest.recording,
                "call": manifest.call,
                "status": manifest.status,
                "rate": manifest.rate,
                "frames": manifest.frames,
                "started_at": msgspec.to_builtins(manifest.started_at),
                "ended_at": msgspec.to_builtins(manifest.ended_at),
                "manifest_sha256": hashlib.sha256(manifest.to_bytes()).hexdigest(),
                **facts,
            }
        )
    )
