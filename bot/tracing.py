"""Spans sent to an OpenTelemetry collector over OTLP/HTTP, where ``AION_OTLP_ENDPOINT`` is set.

A span carries its name, its times, the request's id (``aion.request``) and the type of an error (``error.type``); no
error's words, which may quote what somebody wrote. OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_HEADERS``,
``OTEL_RESOURCE_ATTRIBUTES``, ``OTEL_TRACES_SAMPLER``) count, too. Its packages are those of ``aion-memory[otel]``.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from core.errors import Unavailable
from core.offload import offload
from core.request_id import current_request
from core.tracing import traced_by

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

EXPORT_WITHIN_S = 5.0
"""Seconds that sending a batch may take, tries included; one that takes longer is dropped. Nothing waits for it."""


@asynccontextmanager
async def tracing(endpoint: str | None, service: str) -> AsyncIterator[None]:
    """Send the spans of the block to ``endpoint`` as those of ``service``; the last ones when it ends.

    Without an endpoint there are none. Raises ``Unavailable`` where OpenTelemetry's packages are not installed.
    """
    if not endpoint:
        yield
        return
    provider = await offload(_open_provider, endpoint, service)
    try:
        with traced_by(OpenTelemetryTracer(provider)):
            yield
    finally:
        await offload(provider.shutdown)


class OpenTelemetryTracer:
    """Makes spans of OpenTelemetry's (``core.tracing.Tracer``)."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = provider.get_tracer("aion")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, headers: Mapping[str, str]) -> Iterator[None]:
        """Let the block be a span: below the one at hand, else below the one that ``headers`` name, else a root."""
        from opentelemetry.trace import StatusCode, get_current_span

        is_below = get_current_span().get_span_context().is_valid
        context = None if is_below else self._propagator.extract(headers)
        attributes = {"aion.request": request} if (request := current_request()) else None
        with self._tracer.start_as_current_span(
            name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as started:
            try:
                yield
            except Exception as error:  # raised again below: of any fault the span has the type, and none of its words
                started.set_status(StatusCode.ERROR)
                started.set_attribute("error.type", type(error).__name__)
                raise

    def headers(self) -> Mapping[str, str]:
        """Return ``traceparent`` and ``tracestate`` of the span at hand."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier


def _open_provider(endpoint: str, service: str) -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise Unavailable("tracing.no_package", problem=error) from error
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)  # it warns of every try
    version = importlib.metadata.version("aion-memory")
    resource = Resource.create({"service.name": service, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_WITHIN_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
