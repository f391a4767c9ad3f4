"""A request's id travels: from the caller's header into the log and back."""

from __future__ import annotations

import logging

import httpx
import pytest
from fastapi import APIRouter

from bot.web.app import create_app
from core.ops.remote_workers import _tag
from core.request_id import HEADER, current_request, request


@pytest.fixture
def client() -> httpx.AsyncClient:
    """Return a client of an application that says under which id it works."""
    router = APIRouter()

    @router.post("/id")
    async def tell() -> str:
        return current_request()

    transport = httpx.ASGITransport(create_app([router]))
    return httpx.AsyncClient(transport=transport, base_url="http://worker", event_hooks={"request": [_tag]})


async def test_a_worker_works_under_its_callers_id(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with request("from-the-core"):
        said = await client.post("/id")
    assert said.json() == said.headers[HEADER] == "from-the-core"
    assert "POST /id: 200 in" in caplog.text


async def test_a_caller_without_an_id_or_with_a_forged_one_gets_a_new_one(client: httpx.AsyncClient) -> None:
    said = [await client.post("/id", headers=headers) for headers in ({}, {HEADER: "x" * 500}, {HEADER: "a b"})]
    assert len({each.json() for each in said}) == 3
    assert all(len(each.headers[HEADER]) == 12 for each in said)
