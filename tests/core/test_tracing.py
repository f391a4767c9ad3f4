"""Spans without and with a tracer: inherited by tasks and threads, gone after the block."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

from core.offload import offload
from core.stopwatch import Stopwatch
from core.tracing import NO_HEADERS, span, trace_headers, traced_by


class Recorder:
    """Remembers the names of spans as they begin, and the headers they began with."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.given: list[Mapping[str, str]] = []

    @contextmanager
    def span(self, name: str, headers: Mapping[str, str]) -> Iterator[None]:
        self.begun.append(name)
        self.given.append(headers)
        yield

    def headers(self) -> Mapping[str, str]:
        return {"traceparent": "made-up"}


async def test_without_a_tracer_a_span_is_nothing() -> None:
    with span("search") as entered:
        assert entered is None
    assert isinstance(span("search"), nullcontext)
    assert trace_headers() == {}


async def test_tasks_threads_and_steps_are_told_to_the_tracer_of_their_block() -> None:
    def step(name: str) -> None:
        with Stopwatch().step(name):
            pass

    async def task() -> None:
        with span("task", {"traceparent": "of-the-caller"}):
            await offload(step, "thread")

    recorder = Recorder()
    with traced_by(recorder):
        begun = asyncio.create_task(task())
        step("here")
        assert trace_headers() == {"traceparent": "made-up"}
    await begun
    step("afterwards")
    assert recorder.begun == ["here", "task", "thread"]
    assert recorder.given == [NO_HEADERS, {"traceparent": "of-the-caller"}, NO_HEADERS]
