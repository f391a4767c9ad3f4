"""One sandbox: a child process that reads untrusted bytes, with the limits of ``core.sandbox.limits``.

It gets none of our environment but what it needs to start, and talks in frames. The processor time of a request is
limited by the child on itself; the parent kills it when it does not answer in ``_WALL_FACTOR`` times that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Literal

from core.child_environment import bare_child_environment
from core.sandbox.frames import Frame, MalformedFrame, receive_frame
from core.sandbox.limits import Budget
from core.sandbox.serve import OUT_OF_MEMORY

log = logging.getLogger(__name__)

KillReason = Literal["time", "memory", "crash", "stopped"]

_WALL_FACTOR = 10.0
"""Seconds until a kill, for each second of processor time: a busy machine gives a process a small share."""

_END_S = 5.0
"""Seconds in which a process that closed its output must have ended."""

_TOLD_BYTES = 2_000
_STREAM_BYTES = 1 << 20


class SandboxKilled(Exception):
    """A request ended its process: too much time or memory, or a crash; or the process was stopped from outside."""

    def __init__(self, reason: KillReason) -> None:
        super().__init__(reason)
        self.reason = reason


class SandboxProcess:
    """A child process that carries out one request at a time."""

    def __init__(self, process: Process, errors: BinaryIO) -> None:
        self._process = process
        self._errors = errors
        self.resident_bytes = 0

    @classmethod
    async def start(cls, module: str) -> SandboxProcess:
        """Start ``python -m module``, which calls ``core.sandbox.serve.serve``. Raises ``OSError``."""
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        errors = tempfile.TemporaryFile()  # noqa: SIM115  it is closed when the process has ended
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module),
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            env=bare_child_environment(PYTHONPATH=paths, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
            limit=_STREAM_BYTES,
            start_new_session=True,  # Ctrl-C is for the parent alone, which lets replies end first
        )
        return cls(process, errors)

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self._process.returncode is None

    async def ask(self, request: Frame, budget: Budget) -> Frame:
        """Return the reply to a request.

        Raises ``SandboxKilled`` when the process has ended, or is killed, before it replied.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            async with asyncio.timeout((budget.cpu_s + 1) * _WALL_FACTOR):
                self._process.stdin.write(Frame({**request.header, **asdict(budget)}, request.body).encode())
                await self._process.stdin.drain()
                reply = await receive_frame(self._process.stdout)
        except TimeoutError:
            await self.kill()
            raise SandboxKilled("stopped") from None
        except (EOFError, ConnectionError, MalformedFrame) as error:
            raise SandboxKilled(await self._reason(request, error)) from None
        resident = reply.header.get("resident_bytes")
        self.resident_bytes = resident if isinstance(resident, int) else 0
        return reply

    async def kill(self) -> None:
        """End the process at once, whatever it does, and wait until it has."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._errors.close()

    async def _reason(self, request: Frame, error: Exception) -> KillReason:
        """Return why the process ended; what it wrote is in the log."""
        if isinstance(error, MalformedFrame):
            await self.kill()
            log.error("sandbox: %s was answered by no frame: %s", request.header["operation"], error)
            return "crash"
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        told = self._told()
        await self.kill()
        status = self._process.returncode
        if status == -getattr(signal, "SIGXCPU", 0):
            return "time"
        if status == -getattr(signal, "SIGKILL", 0):
            return "stopped"
        if status == OUT_OF_MEMORY:
            return "memory"
        log.error("sandbox: %s ended with status %s: %r", request.header["operation"], status, told)
        return "crash"

    def _told(self) -> str:
        """Return the end of what the process wrote to its standard error."""
        if self._errors.closed:
            return ""
        self._errors.seek(0)
        return self._errors.read()[-_TOLD_BYTES:].decode("utf-8", "replace")
