"""The MCP server before the official client: over a pipe, and over HTTP before an AION that runs already."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from bot.mcp.http import mcp_app
from bot.mcp.remote import RemotePrograms
from bot.web.app import create_app, serve
from bot.web.programs import programs_router
from core.assembly.aion import Aion
from core.types import SpaceId
from tests.e2e.real_core import core_in

ROOT = Path(__file__).parent.parent.parent
HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"


async def taught(aion: Aion, space: SpaceId = HERE) -> str:
    """Teach the hours in one space; return a token of ``space``."""
    await aion.ingest.index_file(HERE, "hours.md", HOURS)
    _, token = await aion.programs.programs.add(space, "agent")
    return token


@asynccontextmanager
async def listening(app: object) -> AsyncIterator[str]:
    """Serve an application on a free port while the block runs; yield its address."""
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, started.set_result))  # type: ignore[arg-type]
    try:
        yield await started
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def mcp_before(aion: Aion) -> AsyncIterator[str]:
    """Serve MCP before the ``/v1`` of a running AION, as ``aion mcp --http`` does; yield the address of ``/mcp``."""
    async with (
        listening(create_app([programs_router(aion.programs)])) as url,
        httpx.AsyncClient(base_url=url) as door,
        mcp_app(RemotePrograms(door), "127.0.0.1") as app,
        listening(app) as address,
    ):
        yield f"{address}/mcp"


@asynccontextmanager
async def client_at(address: str, token: str) -> AsyncIterator[Client]:
    """Connect the official client with a token."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


async def test_over_a_pipe(tmp_path: Path) -> None:
    async with core_in(tmp_path) as aion:
        token = await taught(aion)
    env = os.environ | {"AION_DATA_DIR": str(tmp_path), "AION_API_TOKEN": token, "PYTHONPATH": str(ROOT)}
    server = StdioServerParameters(command=sys.executable, args=["-m", "tests.e2e.quick_mcp", "mcp"], env=env, cwd=ROOT)
    async with Client(stdio_client(server)) as client:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == ["ask", "search", "gaps"]
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed)
        found = await client.call_tool("search", {"query": ASKED, "limit": 3})
        assert found.structured_content is not None, found
        assert "nine o'clock" in found.structured_content["result"][0]["text"]
        asked = await client.call_tool("ask", {"question": "Who painted the ceiling of the chapel?"})
        assert asked.structured_content is not None
        assert (asked.structured_content["outcome"], asked.structured_content["answer"]) == ("unknown", None)
        wrong = await client.call_tool("ask", {"question": "?!"})
        assert wrong.is_error and "only read words" in str(wrong.content)


async def test_over_http_before_a_running_aion_each_token_reads_its_space(tmp_path: Path) -> None:
    async with core_in(tmp_path) as aion, mcp_before(aion) as address:
        here, there = await taught(aion), await taught(aion, THERE)
        async with client_at(address, here) as client:
            found = await client.call_tool("search", {"query": ASKED})
            assert "nine o'clock" in str(found.structured_content)
        async with client_at(address, there) as client:
            found = await client.call_tool("search", {"query": ASKED})
            assert found.structured_content == {"result": []}
            gaps = await client.call_tool("gaps", {})
            assert gaps.structured_content == {"result": []}
        uses = await aion.programs.programs.all()
        assert [dict(use.counts) for use in uses] == [{"searched": 1}, {"searched": 1}]


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer aion_made-up"}, {"Authorization": "Basic YTpi"}])
async def test_without_a_valid_token_no_message_is_read(tmp_path: Path, given: dict[str, str]) -> None:
    async with core_in(tmp_path) as aion, mcp_before(aion) as address, httpx.AsyncClient() as http:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        refused = await http.post(address, json=body, headers=given)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        valid = {"Authorization": f"Bearer {await taught(aion)}"}
        rebound = await http.post(address, json=body, headers=valid | {"Host": "evil.example"})
        assert rebound.status_code in (403, 421)
