"""The application over a real socket: its server's life, its limits, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, Request
from pydantic import BaseModel

from bot.web.app import create_app, serve
from core.errors import BadInput, GenerationFailed, PermissionRefused, Unavailable


class Words(BaseModel):
    words: str


def router() -> APIRouter:
    made = APIRouter()

    @made.post("/echo")
    async def echo(words: Words) -> Words:
        return words

    @made.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @made.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(0.5)
        return "done"

    @made.get("/fails/{kind}")
    async def fails(kind: str) -> None:
        raise {
            "bad": BadInput("question.empty"),
            "refused": PermissionRefused("command.moderators_only", command="index"),
            "busy": Unavailable("generation.busy", wait_s=7),
            "unavailable": Unavailable("models.package_missing", package="x"),
            "generation": GenerationFailed("secret detail"),
            "bug": RuntimeError("secret detail"),
        }[kind]

    return made


@asynccontextmanager
async def running(**options) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.Task[None]]]:
    started = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(create_app([router()], **options), "127.0.0.1", 0, started.set_result))
    try:
        async with httpx.AsyncClient(base_url=await started, trust_env=False) as client:
            yield client, task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_routers_are_served() -> None:
    async with running() as (client, _):
        answer = await client.post("/echo", json={"words": "olá"})
    assert (answer.status_code, answer.json()) == (200, {"words": "olá"})
    assert "uvicorn" not in answer.headers.get("server", "")


async def test_requests_in_flight_finish_and_the_port_is_given_back() -> None:
    async with running() as (client, task):
        asking = asyncio.create_task(client.get("/slow"))
        await asyncio.sleep(0.2)
        task.cancel()
        assert (await asking).json() == "done"
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(httpx.ConnectError):
            await client.get("/slow")


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unavailable) as caught:
        await serve(create_app([]), "127.0.0.1", taken.getsockname()[1])
    assert caught.value.key == "web.unusable"


@pytest.mark.parametrize(("host", "port"), [("no-such-host.invalid", 0), ("127.0.0.1", 99_999), ("a" * 100, 0)])
async def test_an_address_that_cannot_be_had_is_one_sentence(host: str, port: int) -> None:
    with pytest.raises(Unavailable):
        await serve(create_app([]), host, port)


@pytest.mark.parametrize(
    ("kind", "status", "code", "type_"),
    [
        ("bad", 400, "question.empty", "invalid_request_error"),
        ("refused", 403, "command.moderators_only", "invalid_request_error"),
        ("busy", 429, "busy", "rate_limit_error"),
        ("unavailable", 503, "models.package_missing", "server_error"),
        ("generation", 502, "generation_failed", "server_error"),
        ("bug", 500, None, "server_error"),
    ],
)
async def test_every_error_is_openais_object_and_tells_no_detail(kind, status, code, type_) -> None:
    async with running() as (client, _):
        answer = await client.get(f"/fails/{kind}")
    assert answer.status_code == status
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert (answer.json()["error"]["code"], answer.json()["error"]["type"]) == (code, type_)
    assert "secret" not in answer.text
    assert answer.headers.get("retry-after") == ("7" if kind == "busy" else None)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"words": 3}', b'{"word": ""}', b"[" * 100_000])
async def test_a_body_that_is_not_what_was_asked_for_is_a_400(body: bytes) -> None:
    async with running() as (client, _):
        answer = await client.post("/echo", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_unknown_paths_and_methods_have_the_same_form() -> None:
    async with running() as (client, _):
        nowhere, wrong = await client.get("/nowhere"), await client.get("/echo")
    assert (nowhere.status_code, wrong.status_code) == (404, 405)
    assert nowhere.json()["error"]["message"]


async def test_a_body_over_the_limit_is_refused_however_it_comes() -> None:
    async def drips() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    async with running(max_body_bytes=1000) as (client, _):
        assert (await client.post("/raw", content=b"x" * 1000)).json() == 1000
        for body in (b"x" * 1001, drips()):
            answer = await client.post("/raw", content=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
        assert (await client.post("/echo", json={"words": "x" * 1000})).status_code == 413


@pytest.mark.slow
async def test_an_idle_connection_outlives_what_clients_keep_theirs_for() -> None:
    """Uvicorn hangs up after 5 s, just when httpx's own 5 s are over: who asks then would find the line dead."""
    asked = b"POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
    async with running() as (client, _):
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        for pause_s in (6, 0):
            writer.write(asked)
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(1)
            await asyncio.sleep(pause_s)
        writer.close()
        await writer.wait_closed()


async def test_more_connections_than_it_may_have_are_refused_and_the_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.web.app.MAX_CONNECTIONS", 3)
    async with running() as (client, _):
        port = client.base_url.port
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        refused = await client.post("/echo", json={"words": "olá"})
        assert refused.status_code == 503
        for _, writer in waiting:
            writer.close()
            await writer.wait_closed()
        for _ in range(500):  # the server has yet to see that they are gone
            await asyncio.sleep(0.01)
            if (served := await client.post("/echo", json={"words": "olá"})).status_code == 200:
                break
    assert served.status_code == 200
