"""A collector of traces on the loopback: speaks OTLP over HTTP as OpenTelemetry's own collector does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it arrived."""

    service: str
    name: str
    trace: bytes
    id: bytes
    parent: bytes
    attributes: Mapping[str, str]
    is_error: bool
    n_events: int


@dataclass
class Collector:
    """What was received; ``raw`` is every byte of it."""

    url: str = ""
    raw: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[ReceivedSpan]:
        """Return every span, in the order in which they ended."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.raw]
        found = []
        for of_resource in (each for request in requests for each in request.resource_spans):
            service = {pair.key: pair.value.string_value for pair in of_resource.resource.attributes}["service.name"]
            for span in (span for scope in of_resource.scope_spans for span in scope.spans):
                attributes = {pair.key: pair.value.string_value for pair in span.attributes}
                ids = (span.trace_id, span.span_id, span.parent_span_id)
                failed = span.status.code == span.status.STATUS_CODE_ERROR
                found.append(ReceivedSpan(service, span.name, *ids, attributes, failed, len(span.events)))
        return found

    def parents(self) -> dict[str, str | None]:
        """Return the name of the span above each, by name; ``None`` above a root."""
        names = {span.id: span.name for span in self.spans}
        return {span.name: names.get(span.parent) for span in self.spans}


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector while the block lasts."""
    received = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_otlp = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            if is_otlp:
                received.raw.append(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if is_otlp else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        received.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield received
        finally:
            server.shutdown()
            serving.join()
