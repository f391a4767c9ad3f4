"""One request's id goes from the gateway to a core and on to its worker, and their spans are of one trace."""

from __future__ import annotations

import httpx
from fastapi import APIRouter

from bot.tracing import tracing
from bot.web.app import create_app
from core.markdown import Markdown
from core.ops.remote_workers import _tag
from core.ports import Outlet
from core.request_id import current_request, request
from core.tracing import span
from core.types import Message, Reply
from tests.bot.replicas.test_core_cluster import cluster, core
from tests.fakes import CollectingOutlet, message
from tests.otlp import collector


async def test_gateway_core_and_worker_work_under_one_id() -> None:
    router = APIRouter()

    @router.post("/generate")
    async def generate() -> str:
        with span("generate"):
            return current_request()

    transport = httpx.ASGITransport(create_app([router]))
    worker = httpx.AsyncClient(transport=transport, base_url="http://worker", event_hooks={"request": [_tag]})

    async def ask_worker(message: Message, outlet: Outlet) -> None:
        with span("write"):
            there = (await worker.post("/generate")).json()
        await outlet.send(Reply(Markdown(f"{current_request()} {there}"), "en"))

    outlet = CollectingOutlet()
    with collector() as received:
        async with worker, tracing(received.url, "aion"), core(ask_worker) as (url, _), cluster(url) as cores:
            with request("of-the-gateway"), span("message"):
                await cores.process(message("When?", key="1"), outlet)
    assert outlet.text == "of-the-gateway of-the-gateway"
    spans = {each.name: each for each in received.spans}
    assert {"message", "request", "write", "generate"} <= spans.keys()
    assert len({each.trace for each in spans.values()}) == 1
    assert {each.attributes["aion.request"] for each in spans.values()} == {"of-the-gateway"}
