"""What operators see of one node: the numbers of its parts, traces, and the port where the numbers are read."""

import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import msgspec

from telegraphone import __version__
from telegraphone.capture.client import RecorderClient
from telegraphone.config import Config
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.pause_alarms import PauseAlarms
from telegraphone.services.reconciliation import Reconciliation
from telegraphone.telemetry.metrics import CONTENT_TYPE, Metrics, Sources
from telegraphone.telemetry.pause_alarms import CountedPauseAlarms
from telegraphone.telemetry.recorder import WatchedRecorder
from telegraphone.telemetry.requests import WatchedRequests
from telegraphone.telemetry.traces import Tracing
from telegraphone.web.admin.metrics import MetricsPage
from telegraphone.web.app import WebApp


@dataclass(frozen=True, slots=True)
class Watching:
    """One node's instruments."""

    clock: SystemClock
    metrics: Metrics
    tracing: Tracing

    @classmethod
    def of(cls, config: Config, clock: SystemClock, stack: AsyncExitStack) -> "Watching":
        """Instruments that have seen nothing yet; the stack sends the last traces."""
        tracing = Tracing(config.telemetry.traces_url, __version__)
        stack.callback(tracing.close)
        return cls(clock, Metrics(clock), tracing)

    def recorder(self, recorder: RecorderClient) -> WatchedRecorder:
        """The recorder as the use cases are to see it."""
        return WatchedRecorder(recorder, self.metrics, self.tracing.tracer, self.clock)

    def pause_alarms(self, alarms: PauseAlarms) -> CountedPauseAlarms:
        """Who hears of long pauses, as the calls are to see it."""
        return CountedPauseAlarms(alarms, self.metrics)

    def app(self, app: WebApp) -> WatchedRequests:
        """The web application as clients are to reach it."""

        def template_of(path: str) -> str | None:
            found = app.table.find(path)
            return found.route.template if found else None

        return WatchedRequests(app, template_of, self.metrics, self.tracing.tracer, self.clock)

    def page(
        self, config: Config, recorder: RecorderClient, calls: Calls, writer: CatalogueWriter, demands: Reconciliation
    ) -> MetricsPage:
        """The page of numbers."""

        async def figures() -> Mapping[str, float]:
            workers = [msgspec.structs.asdict(each) for each in await recorder.figures()]
            return {key: (max if key.endswith("_max") else sum)(worker[key] for worker in workers) for key in workers[0]}

        sources = Sources(
            figures=figures,
            calls=lambda: calls.count,
            catalogue_waiting=lambda: writer.waiting,
            calls_not_reconciled=lambda: len(demands.troubles),
            recordings_gone=lambda: demands.troubles.gone,
            disk_free_bytes=lambda: shutil.disk_usage(config.server.data_dir).free,
        )
        return MetricsPage(lambda: self.metrics.page(sources), CONTENT_TYPE)
