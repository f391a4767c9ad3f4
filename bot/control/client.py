"""Handing a command over to the AION that runs on a data folder, and being its terminal until it is done."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.control.socket_path import FILE, socket_address
from bot.control.values import error_from_json, error_to_json, from_json, to_json
from bot.terminal.caller import caller
from core.errors import BadInput, Unavailable
from core.knowledge.files import FoundFile, find_files, read_file
from core.offload import offload
from core.sandbox.frames import Frame, receive_frame
from core.storage.database import is_locked

STARTS_WITHIN_S = 10.0
"""Longest time between taking a data folder and listening on its socket."""

LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What a command that was handed over returned."""

    result: Any


async def call_running(data_dir: Path, name: str, arguments: Mapping[str, Any]) -> CarriedOut | None:
    """Have a command carried out by whoever runs on a data folder; ``None`` when nobody does.

    Raises the command's ``UserError``, and ``Unavailable`` when that process ends before it is done.
    """
    if not (data_dir / FILE).exists() or not hasattr(asyncio, "open_unix_connection"):
        return None
    with socket_address(data_dir) as address:
        if address is None:
            return None
        try:
            reader, writer = await asyncio.open_unix_connection(address)
        except (ConnectionRefusedError, FileNotFoundError):  # left by a process that was killed
            return None
        except OSError as error:
            raise Unavailable("storage.unusable", folder=data_dir, problem=error.strerror or error) from error
    try:
        call = {"command": name, "arguments": {key: to_json(value) for key, value in arguments.items()}}
        writer.write(Frame({**call, **_terminal()}).encode())
        return await HandedOver(reader, writer).run()
    except (EOFError, ConnectionError) as error:
        raise Unavailable("control.gone") from error
    finally:
        writer.close()


async def call_starting(data_dir: Path, name: str, arguments: Mapping[str, Any]) -> CarriedOut | None:
    """Have a command carried out as ``call_running`` does, also by an AION that is starting and not listening yet.

    A data folder that is held and stays silent for ``STARTS_WITHIN_S`` is held by a command that opened it for itself.
    """
    end_s = time.monotonic() + STARTS_WITHIN_S
    while (called := await call_running(data_dir, name, arguments)) is None:
        if time.monotonic() > end_s or not await offload(is_locked, data_dir):
            return None
        await asyncio.sleep(LOOK_EVERY_S)
    return called


@dataclass(slots=True)
class HandedOver:
    """A command that runs elsewhere: shows what it prints, and serves the files it asks for."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    files: Sequence[FoundFile] = field(default=())

    async def run(self) -> CarriedOut:
        """Serve it until it is done. Raises its ``UserError``, ``EOFError`` when the other process goes."""
        while True:
            frame = await receive_frame(self.reader)
            if "done" in frame.header:
                if "error" in frame.header:
                    raise error_from_json(frame.header["error"])
                return CarriedOut(from_json(frame.header.get("result")))
            if "show" in frame.header:
                stream = sys.stderr if frame.header["show"] == "err" else sys.stdout
                stream.write(frame.body.decode("utf-8", "replace"))
                stream.flush()
            elif "ask" in frame.header:
                header, body = await self._reply(frame)
                self.writer.write(Frame({**header, "reply_to": frame.header["ask"]}, body).encode())
                await self.writer.drain()

    async def _reply(self, frame: Frame) -> tuple[Mapping[str, Any], bytes]:
        header = frame.header
        try:
            if "find" in header:
                paths = [Path(each) for each in header["find"]]
                self.files = await offload(find_files, paths, from_json(header["selection"]))
                return {"files": [to_json(asdict(file)) for file in self.files]}, b""
            if "fetch" in header:
                return {}, await offload(read_file, self.files[int(header["fetch"])], int(header["max_bytes"]))
            if "size" in header:
                return {"n_bytes": await caller().size(Path(header["size"]))}, b""
            if "read" in header:
                return {}, await caller().read(Path(header["read"]))
            return {"path": str(await caller().write(Path(header["write"]), frame.body))}, b""
        except BadInput as error:
            return {"error": error_to_json(error)}, b""
        except OSError as error:
            return {"os_error": error.strerror or str(error)}, b""


def _terminal() -> Mapping[str, Any]:
    return {
        "locale": caller().locale,
        "width": shutil.get_terminal_size().columns,
        "out_is_terminal": sys.stdout.isatty(),
        "err_is_terminal": sys.stderr.isatty(),
    }
