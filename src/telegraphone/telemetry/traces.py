"""Traces by OpenTelemetry: one span for each request and each operation of the recorder, sent by OTLP over HTTP.

Spans tell what took how long and whether it failed. Their attributes are templates, statuses and ids of our own making
(`recording`, `call`); numbers, names, user data and digits are in none (SEC-7).
"""

from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NoOpTracerProvider, Tracer

_NAME: Final = "telegraphone"


class Tracing:
    """The node's tracer. Without a place to send spans to, spans cost next to nothing and go nowhere."""

    def __init__(self, url: str, version: str) -> None:
        """`url`: where OTLP over HTTP is taken (`…/v1/traces`); empty: nowhere."""
        self._provider: TracerProvider | None = None
        if not url:
            self.tracer: Tracer = NoOpTracerProvider().get_tracer(_NAME)
            return
        resource = Resource.create({SERVICE_NAME: _NAME, SERVICE_VERSION: version})
        self._provider = TracerProvider(resource=resource)
        # A bounded queue in a thread of its own: a collector that is away loses spans and delays nothing.
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
        self.tracer = self._provider.get_tracer(_NAME, version)

    def close(self) -> None:
        """Sends what waits, for a bounded time."""
        if self._provider is not None:
            self._provider.shutdown()
