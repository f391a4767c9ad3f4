"""A small transcription server on the loopback, which says what a test tells it to of every recording."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType


@dataclass
class TranscriptionServer:
    """Answers ``POST /v1/audio/transcriptions``; keeps the bodies and tokens of requests. Use as a context."""

    said: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Return the base URL, with the path that real providers have."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> TranscriptionServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.splitlines())
        }
        self.bodies.append(await reader.readexactly(int(headers["content-length"])))
        self.tokens.append(headers.get("authorization", ""))
        is_right = head.startswith("POST /v1/audio/transcriptions ")
        body = json.dumps({"text": self.said} if self.status == 200 else {"error": {"message": "no"}}).encode()
        status = self.status if is_right else 404
        writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\nconnection: close\r\n" % status)
        writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()


def write_hearing_table(path: Path, url: str, *, trains: bool = False, per_day: int = 100) -> Path:
    """Write a provider table whose one provider only transcribes well: nobody asks it to write in these tests."""
    path.write_text(
        f'[[provider]]\nname = "groq"\nbase_url = "{url}"\nkey_env = "GROQ_API_KEY"\npaid = false\n'
        f'trains_on_prompts = {str(trains).lower()}\nlanguages = ["en", "pt"]\ncontext_tokens = 4000\n'
        f'max_output_tokens = 300\nmodels = [{{ id = "groq-1" }}]\n'
        f'transcription = [{{ id = "whisper-1", limits = {{ requests_per_day = {per_day} }} }}]\n',
        encoding="utf-8",
    )
    return path
