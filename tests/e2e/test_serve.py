"""``aion serve`` as a process of its own: its door, its end, and the real model behind it."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.process import aion, start

TOKEN = "made-up-serve-token"


@asynccontextmanager
async def serving(data_dir: Path, *, module: str = "tests.e2e.quick_serve", **settings: str) -> AsyncIterator[tuple]:
    process = await start(data_dir, "serve", "--port", "0", module=module, **settings)
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(r"on (http://\S+)", (await process.stderr.readline()).decode())):
                assert process.returncode is None
        async with httpx.AsyncClient(base_url=found[1], trust_env=False, timeout=120) as client:
            yield client, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_it_serves_until_it_is_told_to_stop_and_finishes_what_it_writes(tmp_path: Path) -> None:
    settings = {"AION_SERVE_TOKEN": TOKEN, "TEXT": "a b c d e f g h", "PAUSE_S": "0.1"}
    async with serving(tmp_path, **settings) as (client, process):
        client.headers["authorization"] = f"Bearer {TOKEN}"
        asking = asyncio.create_task(client.post("/generate", json={"prompt": "x"}))
        await asyncio.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        assert (await asking).json() == {"text": "a b c d e f g h"}
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_without_a_token_it_listens_to_this_machine_alone(tmp_path: Path) -> None:
    done = await aion(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0")
    assert done.status == 1
    assert "AION_SERVE_TOKEN" in done.err
    assert len(done.err.strip().splitlines()) == 1


async def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    async with server:
        done = await aion(tmp_path, "serve", "--port", str(server.sockets[0].getsockname()[1]))
    assert done.status == 1
    assert "Choose another one" in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


@pytest.mark.model
@pytest.mark.timeout(300)
async def test_the_real_model_writes_for_openais_clients(tmp_path: Path) -> None:
    text = "Passage: The library opens at nine and closes at five.\nQuestion: When does the library open?"
    messages = [{"role": "system", "content": "Answer in one short sentence, from the passage."}]
    asked = {"messages": [*messages, {"role": "user", "content": text}], "temperature": 0}
    async with serving(tmp_path, module="bot") as (client, _):
        body = (await client.post("/v1/chat/completions", json={**asked, "max_tokens": 40})).json()
        assert "nine" in body["choices"][0]["message"]["content"]
        assert body["model"] == "smollm2-135m-instruct"
        assert 0 < body["usage"]["completion_tokens"] <= 40
