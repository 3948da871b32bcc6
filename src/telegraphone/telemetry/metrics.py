"""The node's numbers, as Prometheus reads them (text format 0.0.4).

Theory. What happens is counted where it happens, by what stands around the recorder and the web application
(`recorder.py`, `requests.py`). What merely *is* (calls, free disk, the recorder's own counters) is asked for when somebody
looks. Labels are words of ours, from small closed sets: no number, name or id of anybody is ever a label (SEC-7).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from telegraphone.services.ports import Clock

log = structlog.get_logger()

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
RECORDER_OPERATIONS: Final = ("reserve", "aim", "start", "open_gate", "shut_gate", "seal")
RECORDER_EVENTS: Final = ("broken", "restored", "recovered")
_ANSWER_S: Final = 2.0

_OPERATION_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_COUNTED: Final = {
    "received": ("rtp_packets_received", "RTP packets read from recordings' sockets."),
    "foreign": ("rtp_packets_foreign", "RTP packets of somebody who was not expected to send, thrown away."),
    "late_or_double": ("rtp_packets_late", "RTP packets that came too late or twice."),
    "withheld": ("rtp_packets_withheld", "RTP packets kept out by a shut gate."),
    "breaches": ("gate_breaches", "Packets let in that came before the gate was opened: anything but 0 is a defect."),
    "lost_frames": ("audio_frames_lost", "Samples that never came, at the tracks' own rate."),
    "dropped_segments": ("segments_dropped", "Sealed segments that no disk took."),
    "cpu_s": ("recorder_cpu_seconds", "Processor time of the recorder's workers."),
}
_STANDING: Final = {
    "backlog_bytes": ("recorder_backlog_bytes", "Sealed audio that waits for the disk."),
    "drain_ms_max": ("recorder_drain_ms_max", "The longest round of reading all sockets so far, in milliseconds."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where what merely is can be asked. `figures` are the recorder's counters by name, summed over its workers."""

    figures: Callable[[], Awaitable[Mapping[str, float]]]
    calls: Callable[[], int]
    catalogue_waiting: Callable[[], int]
    calls_not_reconciled: Callable[[], int]
    recordings_gone: Callable[[], int]
    disk_free_bytes: Callable[[], int]


@dataclass(slots=True)
class Pauses:
    """Which recordings run and which of them are paused since when, monotonic seconds by recording."""

    running: set[str] = field(default_factory=set)
    since: dict[str, float] = field(default_factory=dict)


class Metrics:
    """All instruments of one node, and the page that shows them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.pauses = Pauses()
        """Kept by who watches the recorder."""
        self.operations = Histogram(
            "telegraphone_recorder_operation_seconds",
            "How long the recorder took until an operation was durable.",
            ["operation", "result"],
            buckets=_OPERATION_BUCKETS,
            registry=self.registry,
        )
        self.recorder_events = Counter(
            "telegraphone_recorder_events",
            "What happened at the recorder by itself: recordings broken off, restored, found again.",
            ["event"],
            registry=self.registry,
        )
        self.pause_alarms = Counter(
            "telegraphone_pause_alarms",
            "Pauses that lasted longer than their contact centre wants.",
            registry=self.registry,
        )
        self.requests = Histogram(
            "telegraphone_http_request_seconds",
            "How long a request of the API took until its answer began, by the template of its URL.",
            ["route", "method", "status"],
            buckets=_REQUEST_BUCKETS,
            registry=self.registry,
        )
        # A series that begins with its first failure hides it from `increase()`, so all begin with nothing.
        for event in RECORDER_EVENTS:
            self.recorder_events.labels(event)
        for operation in RECORDER_OPERATIONS:
            self.operations.labels(operation, "failed")
        self._recordings = self._gauge("recordings", "Recordings in progress.", ["state"])
        self._longest_pause = self._gauge("pause_seconds_max", "How long the longest pause of now has lasted.")
        self._calls = self._gauge("calls", "Calls of this node.")
        self._waiting = self._gauge("catalogue_waiting", "Parts that the database has not taken yet.")
        self._troubled = self._gauge("calls_not_reconciled", "Calls that should have been recorded and are not, or not whole.")
        self._gone = self._gauge("recordings_gone", "Calls of whose recording something is gone that was kept.")
        self._free = self._gauge("disk_free_bytes", "Free space in the data folder.")
        self._recorder_up = self._gauge("recorder_up", "Whether all of the recorder's workers answer.")
        self._figures: Mapping[str, float] = {}
        self.registry.register(_Figures(lambda: self._figures))

    async def page(self, sources: Sources) -> bytes:
        """Everything, as text. A recorder that does not answer shows as down, and its last counters stay."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                self._figures = await sources.figures()
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with it, the page must say so and not fail
            log.warning("recorder_figures_missing", error=str(error))
            self._recorder_up.set(0)
        else:
            self._recorder_up.set(1)
        pauses = self.pauses
        self._recordings.labels("paused").set(len(pauses.since))
        self._recordings.labels("recording").set(len(pauses.running) - len(pauses.since))
        self._longest_pause.set(self._clock.now() - min(pauses.since.values()) if pauses.since else 0)
        self._calls.set(sources.calls())
        self._waiting.set(sources.catalogue_waiting())
        self._troubled.set(sources.calls_not_reconciled())
        self._gone.set(sources.recordings_gone())
        self._free.set(sources.disk_free_bytes())
        return generate_latest(self.registry)

    def _gauge(self, name: str, meaning: str, labels: tuple[str, ...] | list[str] = ()) -> Gauge:
        return Gauge(f"telegraphone_{name}", meaning, labels, registry=self.registry)


class _Figures(Collector):
    """The recorder's own counters as the last look found them; a worker that was replaced counts anew."""

    def __init__(self, figures: Callable[[], Mapping[str, float]]) -> None:
        self._figures = figures

    def collect(self) -> list[Metric]:
        """See prometheus_client."""
        figures = self._figures()
        families: list[Metric] = []
        for key, (name, meaning) in _COUNTED.items():
            families.append(CounterMetricFamily(f"telegraphone_{name}", meaning, value=figures.get(key, 0)))
        for key, (name, meaning) in _STANDING.items():
            families.append(GaugeMetricFamily(f"telegraphone_{name}", meaning, value=figures.get(key, 0)))
        return families
