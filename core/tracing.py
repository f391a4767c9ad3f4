"""Spans: how long each step of a request took, told to the tracer at hand; without one they are nothing.

The tracer is kept in a context variable, which tasks and worker threads inherit. ``bot.tracing`` has the one that
sends spans to ``AION_OTLP_ENDPOINT``. A span has a fixed name and no text of anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import MappingProxyType
from typing import Protocol

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Tracer(Protocol):
    """Whoever is told of spans."""

    def span(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[None]:
        """Return a block that is a span: below the one at hand, else below the one that a request's headers name."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that name the span at hand to another process (W3C Trace Context); none without one."""


_TRACER: ContextVar[Tracer | None] = ContextVar("aion_tracer", default=None)


@contextmanager
def traced_by(tracer: Tracer) -> Iterator[None]:
    """Let the spans of the block, and of tasks begun in it, be told to ``tracer``."""
    token = _TRACER.set(tracer)
    try:
        yield
    finally:
        _TRACER.reset(token)


def span(name: str, headers: Mapping[str, str] = NO_HEADERS) -> AbstractContextManager[None]:
    """Return a block that is a span of the tracer at hand. ``headers``: of the request that it answers."""
    tracer = _TRACER.get()
    return nullcontext() if tracer is None else tracer.span(name, headers)


def trace_headers() -> Mapping[str, str]:
    """Return what a request to another process carries so that its spans are below the one at hand."""
    tracer = _TRACER.get()
    return NO_HEADERS if tracer is None else tracer.headers()
