"""A whole server at work, as Prometheus and a collector of traces see it; and the dashboard and alarms we ship with it."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.interop.system import AGENT, HOST, PASSWORD, System, free_port, talking, telegraphone

DEPLOY = Path(__file__).parents[3] / "deploy"
NUMBERS = ("5000", "5001")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """Takes spans by OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
                spans.extend(span for each in asked.resource_spans for scope in each.scope_spans for span in scope.spans)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_port}/v1/traces"


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        thread.join()
        collector.server.server_close()


@asynccontextmanager
async def agent_at(system: System) -> AsyncIterator[httpx.AsyncClient]:
    desktop = httpx.AsyncClient(
        base_url=f"{system.url}/api/v2", auth=(AGENT, PASSWORD), headers={"traceparent": TRACEPARENT}, trust_env=False
    )
    async with desktop as http:
        yield http


async def _operated(http: httpx.AsyncClient, call: str, *operations: str) -> None:
    for operation in operations:
        answer = await http.post(f"/me/calls/{call}", json={"operationName": operation})
        assert answer.json()["statusCode"] == 0, answer.text


def _value(page: str, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", page, re.MULTILINE)
    assert found, f"{sample} is not on the page:\n{page}"
    return float(found.group(1))


async def _page(port: int) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://{HOST}:{port}/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert (await http.get(f"http://{HOST}:{port}/api/v2/me")).status_code == 404
        assert (await http.post(f"http://{HOST}:{port}/metrics")).status_code == 405
    return answer.text


async def test_operators_see_a_recorded_call_and_nobody_in_it(tmp_path: Path) -> None:
    port = free_port()
    with collecting() as collector:
        more = f'\n[telemetry]\nmetrics_port = {port}\ntraces_url = "{collector.url}"\n'
        async with telegraphone(tmp_path, more=more) as system, talking(system), agent_at(system) as http:
            call = (await http.get("/me/calls?fields=*")).json()["calls"][0]["id"]
            await _operated(http, call, "StartCallRecording")
            await asyncio.sleep(0.5)
            await _operated(http, call, "PauseCallRecording")
            async with asyncio.timeout(25):
                # A recorder reads its sockets now and then, and counts what it reads.
                while not _value(paused := await _page(port), "telegraphone_rtp_packets_withheld_total"):  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.1)
            await _operated(http, call, "ResumeCallRecording", "StopCallRecording")
            after = await _page(port)
        spans = list(collector.spans)

    assert _value(paused, 'telegraphone_recordings{state="paused"}') == 1
    assert _value(paused, "telegraphone_pause_seconds_max") > 0
    assert _value(paused, "telegraphone_calls") == 1
    assert _value(paused, "telegraphone_rtp_packets_withheld_total") > 0
    assert _value(after, 'telegraphone_recordings{state="paused"}') == 0
    assert _value(after, "telegraphone_rtp_packets_received_total") >= _value(paused, "telegraphone_rtp_packets_received_total")
    assert _value(after, "telegraphone_gate_breaches_total") == 0
    assert _value(after, "telegraphone_recorder_up") == 1
    assert _value(after, 'telegraphone_recorder_operation_seconds_count{operation="shut_gate",result="done"}') == 1
    route = 'route="/api/v2/me/calls/{id}"'
    assert _value(after, f'telegraphone_http_request_seconds_count{{method="POST",{route},status="200"}}') == 4

    names = {span.name for span in spans}
    assert {"recorder reserve", "recorder start", "recorder shut_gate", "recorder seal", "POST /api/v2/me/calls/{id}"} <= names
    asked = next(span for span in spans if span.name.startswith("POST"))
    assert asked.trace_id.hex() in TRACEPARENT, "the desktop's trace goes on in ours"
    said = after + paused + "".join(str(span) for span in spans)
    assert not [secret for secret in (*(f'"{each}"' for each in NUMBERS), AGENT, PASSWORD) if secret in said]
    _documents_speak_of(after)


def _documents_speak_of(page: str) -> None:
    """Every number the dashboard and the alarms look at is one that the page has."""
    exposed = {re.split(r"[{ ]", line)[0] for line in page.splitlines() if line and not line.startswith("#")}
    dashboard = json.loads((DEPLOY / "grafana" / "telegraphone.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    rules = yaml.safe_load((DEPLOY / "prometheus" / "telegraphone.rules.yaml").read_text())
    queries += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    used = {name for query in queries for name in re.findall(r"\b(?:telegraphone|process)_\w+", query)}
    assert len(queries) > 10
    assert used - exposed == set()
