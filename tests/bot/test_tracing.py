"""Spans as a collector receives them: nested, with the request's id, across processes, and without anybody's words."""

from __future__ import annotations

import logging
import sys

import httpx
import pytest
from fastapi import APIRouter

from bot.tracing import tracing
from bot.web.app import create_app
from core.errors import Unavailable
from core.ops.remote_workers import _tag
from core.request_id import request
from core.tracing import span, trace_headers
from tests.otlp import collector

PRIVATE = "the locker of Ana Exemplo opens with made-up-4711"


async def test_spans_are_nested_and_carry_the_requests_id() -> None:
    with collector() as received:
        async with tracing(received.url + "/", "aion"):
            with request("request-1"), span("message"):
                with span("search"), span("dense"):
                    pass
                with span("write"):
                    pass
        assert trace_headers() == {}
    assert received.parents() == {"message": None, "search": "message", "dense": "search", "write": "message"}
    assert len({each.trace for each in received.spans}) == 1
    assert {each.service for each in received.spans} == {"aion"}
    assert {each.attributes["aion.request"] for each in received.spans} == {"request-1"}


async def test_an_error_is_named_by_its_type_alone() -> None:
    with collector() as received:
        async with tracing(received.url, "aion"):
            with pytest.raises(ValueError, match="locker"), span("message"):
                raise ValueError(PRIVATE)
    (failed,) = received.spans
    assert failed.is_error
    assert failed.attributes == {"error.type": "ValueError"}
    assert failed.n_events == 0
    assert b"locker" not in b"".join(received.raw)


async def test_what_another_process_does_for_a_request_is_below_it() -> None:
    router = APIRouter()

    @router.post("/work")
    async def work() -> None:
        with span("generate"):
            pass

    transport = httpx.ASGITransport(create_app([router]))
    with collector() as received:
        async with tracing(received.url, "aion"):
            with request("request-1"), span("message"):
                headers = trace_headers()
            async with httpx.AsyncClient(
                transport=transport, base_url="http://worker", event_hooks={"request": [_tag]}
            ) as client:
                with request("request-1"), span("ask"):
                    await client.post("/work")
                # No span is at hand in another process: only the headers name one.
                await client.post("/work", headers={**headers, "X-Request-ID": "request-1"})
    spans = received.spans
    names = {each.id: each.name for each in spans}
    above = sorted((each.name, names.get(each.parent, "")) for each in spans)
    assert above == [
        ("ask", ""),
        ("generate", "request"),
        ("generate", "request"),
        ("message", ""),
        ("request", "ask"),
        ("request", "message"),
    ]
    assert {each.attributes["aion.request"] for each in spans} == {"request-1"}


async def test_without_the_setting_nothing_of_opentelemetry_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    async with tracing(None, "aion"):
        with span("message"):
            assert trace_headers() == {}


async def test_without_its_packages_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(Unavailable) as raised:
        async with tracing("http://127.0.0.1:9", "aion"):
            pass
    assert raised.value.key == "tracing.no_package"


async def test_a_collector_that_is_not_there_loses_the_spans_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with tracing("http://127.0.0.1:9", "aion"):
        with span("message"):
            pass
    assert all(record.name.startswith(("opentelemetry", "urllib3")) for record in caplog.records)
