"""A process that has loaded AION once and forks an ``aion`` of it for each call, so that starting one costs little.

Run as ``python -m tests.e2e.nursery MODULE``: MODULE's ``main`` is what stands for ``aion``. A line of JSON on its
input asks for a child, ``{"arguments", "environment", "folder", "log"}``; lines on its output tell what became of
them, ``{"pid"}`` and ``{"ended", "status"}``. Each child is a process like any other, and dies alone.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tests.e2e.process import ROOT, environment

LOADED = (
    "bot.adapters.discord.adapter",
    "bot.adapters.telegram.adapter",
    "bot.operator.run",
    "bot.operator.backup",
    "bot.operator.knowledge.index",
    "core.backup.restore",
    "faiss",
    "tantivy",
)
"""What a started AION imports on the way; modules alone, which start no threads."""


@dataclass
class Child:
    """A forked ``aion``. ``ended`` is its exit status, negative after a signal, once it is gone."""

    pid: int
    log: Path
    ended: asyncio.Future[int]

    @property
    def is_alive(self) -> bool:
        return not self.ended.done()

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
        return await asyncio.wait_for(asyncio.shield(self.ended), 60)


@dataclass
class Nursery:
    """The caller's end of a nursery."""

    _process: Process
    _born: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    _children: dict[int, Child] = field(default_factory=dict)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, data_dir: Path, *arguments: str, log: Path, **settings: str) -> Child:
        """Start ``aion ARGUMENTS`` on a data folder; what it prints is added to the file ``log``."""
        told = {"arguments": arguments, "folder": str(data_dir), "log": str(log)}
        told |= {"environment": environment(data_dir, settings)}
        assert self._process.stdin is not None
        async with self._starting:
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            pid = await self._born.get()
        return self._children[pid]

    async def hear(self) -> None:
        """Take what the nursery tells, until it ends."""
        assert self._process.stdout is not None
        logs: Mapping[str, Any]
        while line := await self._process.stdout.readline():
            logs = json.loads(line)
            if "pid" in logs:
                ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                self._children[logs["pid"]] = Child(logs["pid"], Path(logs["log"]), ended)
                self._born.put_nowait(logs["pid"])
            else:
                self._children.pop(logs["ended"]).ended.set_result(logs["status"])

    async def close(self) -> None:
        """Kill every child and end the nursery."""
        for child in list(self._children.values()):
            await child.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def nursery(module: str) -> AsyncIterator[Nursery]:
    """Run a nursery of ``module`` while the block lasts."""
    command = [sys.executable, "-m", "tests.e2e.nursery", module]
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'e2e'}"}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**environment(Path(), {}), **paths},
        stdin=PIPE,
        stdout=PIPE,
        process_group=0,  # which ends with its caller, however that does
    )
    made = Nursery(process)
    hearing = asyncio.create_task(made.hear())
    try:
        yield made
    finally:
        await made.close()
        await hearing


def serve(main: Callable[[], object]) -> None:
    """Fork a child for each line that is read, and tell of those that end; when the input ends, all of them do."""
    reading, ringing = os.pipe()
    os.set_blocking(ringing, False)
    signal.set_wakeup_fd(ringing)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    waiting = b""
    while True:
        for ready in _readable(0, reading):
            data = os.read(ready, 65_536)
            if ready == reading:
                _bury()
                continue
            if not data:
                os.killpg(0, signal.SIGKILL)
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                _fork(json.loads(line), main)


def _readable(*descriptors: int) -> list[int]:
    import select

    return select.select(descriptors, (), ())[0]


def _fork(told: Mapping[str, Any], main: Callable[[], object]) -> None:
    pid = os.fork()
    if not pid:
        _live(told, main)
    _tell({"pid": pid, "log": told["log"]})


def _live(told: Mapping[str, Any], main: Callable[[], object]) -> NoReturn:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["aion", *told["arguments"]]
    status = 70
    try:
        main()
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _bury() -> None:
    """Tell of every child that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _tell({"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _tell(what: Mapping[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    for name in LOADED:
        importlib.import_module(name)
    serve(importlib.import_module(sys.argv[1]).main)
