"""A small OpenAI-compatible server on the loopback, which answers what a test tells it to.

It speaks HTTP by hand, so that it can also misbehave by hand: hang, drip, break off, close early, send a web page.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

Step = bytes | float
"""Bytes to send, or a number of seconds to wait."""


@dataclass(frozen=True)
class Canned:
    """One response. ``is_cut`` closes the connection in the middle of the body."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any


def event(data: Any) -> bytes:
    """Return one server-sent event."""
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def delta(content: Any, finish: Any = None, **rest: Any) -> bytes:
    """Return the event of one streamed piece of content: text, or what some dialects send in its place."""
    return event({"choices": [{"index": 0, "delta": {"content": content, **rest}, "finish_reason": finish}]})


USAGE = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}})
DONE = event("[DONE]")


def streamed(*steps: Step, is_cut: bool = False, content_type: str | None = "text/event-stream") -> Canned:
    """Return a 200 that streams these steps."""
    return Canned(steps, headers={"content-type": content_type} if content_type else {}, is_cut=is_cut)


def whole(message: Mapping[str, Any], finish: str = "stop", content_type: str | None = "application/json") -> Canned:
    """Return a 200 with one body, as a server that does not stream sends it."""
    body = {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}]}
    return streamed(json.dumps(body).encode(), content_type=content_type)


def says(*texts: str) -> Canned:
    """Return a whole and healthy streamed reply."""
    return streamed(*(delta(text) for text in texts), delta(None, "stop"), USAGE, DONE)


def fails(status: int, body: Any = "", headers: Mapping[str, str] | None = None) -> Canned:
    """Return an error response; ``body`` is sent as JSON unless it is text."""
    is_text = isinstance(body, str)
    data = body if is_text else json.dumps(body)
    kind = {"content-type": "text/html" if is_text else "application/json"}
    return Canned((data.encode(),), status=status, headers={**kind, **(headers or {})})


class ProviderServer:
    """Gives each request the next of its ``answers``, the last one again when they run out. Use as a context."""

    def __init__(self, *answers: Canned) -> None:
        self.answers = deque(answers)
        self.asked: list[Asked] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Return the base URL, with the path that real providers have."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> ProviderServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            self.asked.append(await _request(reader))
            answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
            await _respond(writer, answer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            self._connections.discard(task)
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Asked:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(first.split(" ")[1], headers, json.loads(body) if body else None)


async def _respond(writer: asyncio.StreamWriter, answer: Canned) -> None:
    headers = {**answer.headers, "transfer-encoding": "chunked", "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {answer.status} Canned\r\n{head}\r\n".encode("latin-1"))
    for step in answer.steps:
        await writer.drain()
        if isinstance(step, bytes):
            writer.write(b"%x\r\n%s\r\n" % (len(step), step))
        else:
            await asyncio.sleep(step)
    if not answer.is_cut:
        writer.write(b"0\r\n\r\n")
    await writer.drain()


def write_table(path: Path, urls: Iterable[tuple[str, str]]) -> Path:
    """Write a provider table of ``(name, base URL)`` pairs, each with the key variable ``NAME_API_KEY``."""
    rows = [
        f'[[provider]]\nname = "{name}"\nbase_url = "{url}"\nkey_env = "{name.upper()}_API_KEY"\npaid = false\n'
        f'trains_on_prompts = false\nlanguages = ["en", "pt"]\ncontext_tokens = 4000\nmax_output_tokens = 300\n'
        f'models = [{{ id = "{name}-1" }}]\n'
        for name, url in urls
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path
