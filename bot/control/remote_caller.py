"""The terminal of another process, which handed over a command: what it shows and its files go over the socket."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from bot.control.values import error_from_json, from_json, to_json
from core.assembly.aion import Aion
from core.errors import BadInput
from core.knowledge.files import FileSelection, FoundFile
from core.knowledge.prepare import DocumentSource, FoundDocuments
from core.sandbox.frames import Frame, receive_frame


class RemoteCaller:
    """The caller at the other end of ``reader`` and ``writer``; ``terminal`` is what it said of itself."""

    def __init__(
        self, running: Aion, terminal: Mapping[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.running: Aion | None = running
        self._terminal = terminal
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()

    @property
    def locale(self) -> str | None:
        """Return the caller's language tag."""
        tag = self._terminal.get("locale")
        return str(tag) if tag else None

    def console_options(self, *, stderr: bool) -> Mapping[str, Any]:
        """Return the options of a console that writes to the caller's terminal."""
        name = "err" if stderr else "out"
        is_terminal = bool(self._terminal.get(f"{name}_is_terminal"))
        options: dict[str, Any] = {"file": _RemoteText(self, name, is_terminal), "force_terminal": is_terminal}
        if is_terminal:
            width = max(20, min(500, int(self._terminal.get("width", 80))))
            options |= {"width": width, "color_system": "standard", "legacy_windows": False}
        return options

    async def find(self, paths: Sequence[Path], max_bytes: int, selection: FileSelection) -> FoundDocuments:
        """Return the files the caller finds; each is fetched when it is needed."""
        wanted = {"find": [str(path) for path in paths], "selection": to_json(selection)}
        found = [FoundFile(**from_json(row)) for row in (await self._ask(wanted)).header["files"]]
        sources = [
            DocumentSource(file.name, partial(self._fetch, {"fetch": n, "max_bytes": max_bytes}))
            for n, file in enumerate(found)
            if file.left_out is None
        ]
        return FoundDocuments(sources, tuple(file for file in found if file.left_out is not None))

    async def size(self, path: Path) -> int:
        """Return how large a file of the caller's is, bytes. Raises ``OSError``, also for what is no file."""
        return int((await self._ask({"size": str(path)})).header["n_bytes"])

    async def read(self, path: Path) -> bytes:
        """Return the bytes of a file of the caller's. Raises ``OSError``."""
        return (await self._ask({"read": str(path)})).body

    async def write(self, path: Path, data: bytes) -> Path:
        """Write a file of the caller's and return its absolute path. Raises ``OSError``."""
        return Path(str((await self._ask({"write": str(path)}, data)).header["path"]))

    def send(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        """Send a frame after those before it; callable from any thread."""
        self._loop.call_soon_threadsafe(self._frames.put_nowait, Frame(header, body))

    async def write_frames(self) -> None:
        """Write what is sent, until ``done`` is; or cancelled."""
        while True:
            frame = await self._frames.get()
            self._writer.write(frame.encode())
            await self._writer.drain()
            if "done" in frame.header:
                return

    async def read_replies(self) -> None:
        """Take the caller's replies until it goes; then whoever waits for one gets an error."""
        try:
            while True:
                frame = await receive_frame(self._reader)
                asked = self._asked.pop(int(frame.header.get("reply_to", 0)), None)
                if asked is not None and not asked.done():
                    asked.set_result(frame)
        except (EOFError, ConnectionError, ValueError):
            for asked in self._asked.values():
                if not asked.done():
                    asked.set_exception(_gone())

    async def _ask(self, header: Mapping[str, Any], body: bytes = b"") -> Frame:
        number = next(self._numbers)
        reply: asyncio.Future[Frame] = self._loop.create_future()
        self._asked[number] = reply
        self.send({**header, "ask": number}, body)
        frame = await reply
        if "error" in frame.header:
            raise error_from_json(frame.header["error"])
        if "os_error" in frame.header:
            raise OSError(0, str(frame.header["os_error"]))
        return frame

    def _fetch(self, header: Mapping[str, Any]) -> bytes:
        """Return a found file's bytes. Blocks, in a thread. Raises ``BadInput`` as ``read_file`` does."""
        return asyncio.run_coroutine_threadsafe(self._ask(header), self._loop).result().body


def _gone() -> BadInput:
    return BadInput("control.caller_gone")


class _RemoteText(io.TextIOBase):
    """A text stream of the caller's."""

    def __init__(self, to: RemoteCaller, name: str, is_terminal: bool) -> None:
        self._to = to
        self._name = name
        self._is_terminal = is_terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self._to.send({"show": self._name}, text.encode("utf-8", "replace"))
        return len(text)
