"""A pool of sandboxes: as many as are asked at once up to a limit, so that one stuck request delays no other.

Processes start when they are first needed. One that was killed is replaced at once; one that holds much memory, or was
idle for ``_IDLE_S``, ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from core.sandbox.frames import Frame
from core.sandbox.limits import Budget
from core.sandbox.process import SandboxProcess

_IDLE_S = 60.0
_MAX_IDLE_BYTES = 300_000_000
"""A process that holds more is not kept; a fresh one that parses documents holds 130 MB."""


class SandboxPool:
    """Sandboxes of one module, at most ``n_processes`` at work at a time."""

    def __init__(self, module: str, n_processes: int) -> None:
        self._module = module
        self._n_processes = n_processes
        self._turns = asyncio.Semaphore(n_processes)
        self._busy: set[SandboxProcess] = set()
        self._idle: dict[SandboxProcess, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def ask(self, request: Frame, budget: Budget) -> Frame:
        """Return the reply of one of the processes; a cancelled request is killed.

        Raises ``SandboxKilled`` when the request ended its process, and ``OSError`` when none can be started.
        """
        async with self._turns:
            process = self._take() or await self._started()
            self._busy.add(process)
            try:
                reply = await process.ask(request, budget)
            except BaseException:
                self._spawn(self._replace(process))
                raise
            finally:
                self._busy.discard(process)
            self._keep(process)
            return reply

    async def aclose(self) -> None:
        """Kill every process, and wait until they have ended."""
        self._is_closed = True
        while process := self._take():
            self._spawn(process.kill())
        for process in self._busy:
            self._spawn(process.kill())
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _started(self) -> SandboxProcess:
        return await SandboxProcess.start(self._module)

    def _take(self) -> SandboxProcess | None:
        """Return the process that was idle last, if any."""
        while self._idle:
            process, timer = self._idle.popitem()
            timer.cancel()
            if process.is_running:
                return process
            self._spawn(process.kill())
        return None

    def _keep(self, process: SandboxProcess) -> None:
        if self._is_closed or process.resident_bytes > _MAX_IDLE_BYTES:
            self._spawn(process.kill())
        else:
            self._idle[process] = asyncio.get_running_loop().call_later(_IDLE_S, self._end, process)

    def _end(self, process: SandboxProcess) -> None:
        """End a process that was idle for too long."""
        del self._idle[process]
        self._spawn(process.kill())

    async def _replace(self, process: SandboxProcess) -> None:
        await process.kill()
        if not self._is_closed and len(self._busy) + len(self._idle) < self._n_processes:
            self._keep(await self._started())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
