"""``/v1`` for programs: tokens, wrong requests, limits, and its description."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from bot.web.app import create_app
from bot.web.programs import programs_router
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.settings import Settings
from core.types import EVENT_KINDS
from tests.fakes import SPACE, ScriptedGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path, "AION_LIMIT_PERSON_PER_MINUTE": 3})
    async with assemble(settings, Registry(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        await aion.ingest.index_file(SPACE, "hours.md", HOURS)
        yield aion


@pytest.fixture
async def http(aion: Aion) -> AsyncIterator[httpx.AsyncClient]:
    _, token = await aion.programs.programs.add(SPACE, "helpdesk")
    transport = httpx.ASGITransport(create_app([programs_router(aion.programs)]))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://aion", headers=headers) as http:
        yield http


async def test_a_program_asks_and_searches(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/me")).json() == {"name": "helpdesk", "space": SPACE}
    asked = await http.post("/v1/ask", json={"question": "Who painted the ceiling of the chapel?"})
    assert asked.json()["outcome"] == "unknown" and asked.json()["answer"] is None
    found = await http.post("/v1/search", json={"query": "library saturdays", "limit": 2})
    assert "nine o'clock" in found.json()[0]["text"]
    assert (await http.get("/v1/gaps")).json() == []
    busy = await http.post("/v1/ask", json={"question": "When does the library open?"})
    assert busy.status_code == 429 and int(busy.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/ask", {"question": "?!"}, 400),
        ("/v1/ask", {}, 400),
        ("/v1/search", {"query": "library", "limit": 21}, 400),
        ("/v1/search", {"query": "library", "limit": 0}, 400),
        ("/v1/ask", {"question": "x" * 1_100_000}, 413),
    ],
)
async def test_a_wrong_request_is_told_so(http: httpx.AsyncClient, path: str, body: dict, status: int) -> None:
    assert (await http.post(path, json=body)).status_code == status


async def test_half_a_character_is_told_so(http: httpx.AsyncClient) -> None:
    body, json_type = rb'{"question": "When \ud800?"}', {"Content-Type": "application/json"}
    half = await http.post("/v1/ask", content=body, headers=json_type)
    assert half.status_code == 400 and "surrogate" in half.json()["error"]["message"]


async def test_the_description_says_all_there_is(http: httpx.AsyncClient, aion: Aion) -> None:
    description = (await http.get("/v1/openapi.json")).json()
    served = {route.path for route in programs_router(aion.programs).routes if isinstance(route, APIRoute)}
    assert served - {"/v1/openapi.json"} == set(description["paths"])
    assert set(description["webhooks"]) == set(EVENT_KINDS)
    schemas = description["components"]["schemas"]
    referenced = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(description)))
    assert referenced == set(schemas), "no schema is missing, and none is left over"
    assert all("description" in schema for schema in schemas.values() if "properties" in schema)
    for place in ("paths", "webhooks"):
        for path, operations in description[place].items():
            for operation in operations.values():
                assert operation["summary"] and operation["description"], path
                assert operation["responses"]["200"]["content"]["application/json"], path
                assert "422" not in operation["responses"]
    errors = {"400", "401", "413", "429", "503"}
    assert all(errors <= each["responses"].keys() for path in description["paths"].values() for each in path.values())
    wrong = await http.post("/v1/ask", json={})
    assert set(wrong.json()) == set(schemas["ErrorReply"]["properties"])
    assert set(wrong.json()["error"]) == set(schemas["ApiProblem"]["properties"])


async def test_every_route_needs_a_token_but_the_description(http: httpx.AsyncClient) -> None:
    description = (await http.get("/v1/openapi.json", headers={"Authorization": ""})).json()
    assert set(description["paths"]) == {"/v1/ask", "/v1/search", "/v1/gaps", "/v1/me"}
    outcomes = description["components"]["schemas"]["AskResult"]["properties"]["outcome"]["enum"]
    assert outcomes == ["answered", "outside", "closest", "unknown"]
    for path, operations in description["paths"].items():
        for method in operations:
            refused = await http.request(method, path, headers={"Authorization": "Bearer aion_x"}, json={})
            assert refused.status_code == 401, path
