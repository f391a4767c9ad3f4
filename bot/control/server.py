"""The control socket of a running AION: carries out what its owner's commands hand over, and shows it to them.

Each connection is one command: a frame names it and its arguments, frames back are what it prints and the files it
wants, and the last one is how it ended. A caller that goes ends the command; what was stored by then stays whole.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.control.commands import COMMANDS
from bot.control.remote_caller import RemoteCaller
from bot.control.socket_path import FILE, socket_address
from bot.control.values import error_to_json, from_json, to_json
from bot.terminal.caller import called_by
from core.assembly.aion import Aion
from core.errors import Unavailable, UserError
from core.request_id import request
from core.sandbox.frames import Frame, MalformedFrame, receive_frame

log = logging.getLogger(__name__)

N_AT_ONCE = 8
"""Commands carried out at a time; more are refused."""

FIRST_FRAME_WITHIN_S = 10.0


async def serve_commands(aion: Aion, data_dir: Path) -> None:
    """Carry out handed-over commands until cancelled. Where the system has no such sockets, do nothing."""
    if not hasattr(asyncio, "start_unix_server"):
        return
    (data_dir / FILE).unlink(missing_ok=True)  # this process holds the folder's lock: a socket there is a dead one's
    with socket_address(data_dir) as address:
        if address is None:
            return log.info("no control socket: the path of the data folder is too long for one")
        server = await asyncio.start_unix_server(CommandServer(aion).handle, address)
        try:
            async with server:
                await server.serve_forever()
        finally:
            (data_dir / FILE).unlink(missing_ok=True)


class CommandServer:
    """Handles connections to the control socket."""

    def __init__(self, aion: Aion) -> None:
        self._aion = aion
        self._n_running = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry out the command of one connection. Connections of other users are closed at once."""
        try:
            if not _is_owner(writer.get_extra_info("socket")):
                return log.warning("a command of another user was refused")
            async with asyncio.timeout(FIRST_FRAME_WITHIN_S):
                call = await receive_frame(reader)
            self._n_running += 1
            try:
                await self._carry_out(call, RemoteCaller(self._aion, call.header, reader, writer))
            finally:
                self._n_running -= 1
        except (MalformedFrame, EOFError, ConnectionError, TimeoutError) as error:
            log.info("a handed-over command was not understood, or its caller went: %r", error)
        except asyncio.CancelledError:  # nobody awaits this task, and asyncio would log its end as a fault
            log.info("a handed-over command ends with AION")
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _carry_out(self, call: Frame, remote: RemoteCaller) -> None:
        with called_by(remote), request():
            working = asyncio.create_task(self._result(call), name="handed-over command")
        listening, writing = asyncio.create_task(remote.read_replies()), asyncio.create_task(remote.write_frames())
        try:
            await asyncio.wait({working, listening, writing}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                remote.send({"done": True, **working.result()})
                await writing
        finally:
            for task in (working, listening, writing):
                task.cancel()
            await asyncio.gather(working, listening, writing, return_exceptions=True)

    async def _result(self, call: Frame) -> dict[str, Any]:
        name, arguments = str(call.header.get("command")), call.header.get("arguments", {})
        if name not in COMMANDS or not isinstance(arguments, dict):
            raise MalformedFrame(f"there is no command {name[:80]!r} to hand over")
        if self._n_running > N_AT_ONCE:
            return {"error": error_to_json(Unavailable("control.busy"))}
        log.info("handed over: %s", name)
        try:
            given = {str(key): from_json(value) for key, value in arguments.items()}
            return {"result": to_json(await _work(name)(**given))}
        except UserError as error:
            return {"error": error_to_json(error)}
        except Exception:  # the error boundary of a command: its caller gets a sentence, the log the detail
            log.exception("%s failed", name)
            return {"error": error_to_json(Unavailable("control.failed"))}


def _work(name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    module, _, function = name.rpartition(".")
    work: Callable[..., Coroutine[Any, Any, Any]] = getattr(importlib.import_module(module), function)
    return work


def _is_owner(connected: socket.socket) -> bool:
    """Return whether the process at the other end runs as this process's user, where the system tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder is its owner's alone
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return user in (0, os.getuid())
