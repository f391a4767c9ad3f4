"""The real ``aion`` command as a process of its own, with its data in a folder of the test's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
"""The first start converts the models; everything after is quick."""


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return this machine's environment without anybody's tokens, keys and settings, and with the test's."""
    ours = ("AION_", "DISCORD_", "TELEGRAM_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) and "_KEY" not in name}
    return {**kept, "AION_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8", **settings}


@dataclass(frozen=True)
class Finished:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def start(
    data_dir: Path, *arguments: str, module: str = "bot", python: str = sys.executable, **settings: str
) -> Process:
    """Start ``aion ARGUMENTS``; the folder it runs in has no ``.env``. ``module`` is what stands for ``aion``."""
    return await asyncio.create_subprocess_exec(
        python,
        "-m",
        module,
        *arguments,
        cwd=data_dir,
        env={**environment(data_dir, settings), "PYTHONPATH": str(ROOT)},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )


async def aion(
    data_dir: Path,
    *arguments: str,
    stdin: str = "",
    patience_s: float = PATIENCE_S,
    python: str = sys.executable,
    **settings: str,
) -> Finished:
    """Run ``aion ARGUMENTS`` to its end; one that takes longer than ``patience_s`` is killed."""
    process = await start(data_dir, *arguments, python=python, **settings)
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), patience_s)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


@dataclass
class Running:
    """A running ``aion run`` and its log so far."""

    process: Process
    log: list[str] = field(default_factory=list)

    async def until_logged(self, text: str) -> None:
        """Wait until a line of the log holds ``text``."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(text in line for line in self.log):
                assert self.process.returncode is None, "".join(self.log)
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def running(
    data_dir: Path, *, module: str = "bot", command: str = "run", python: str = sys.executable, **settings: str
) -> AsyncIterator[Running]:
    """Run ``aion run``, or another command that does not end by itself, while the block lasts."""
    process = await start(data_dir, command, module=module, python=python, **settings)
    run = Running(process)
    assert process.stderr is not None
    reading = asyncio.create_task(_read(process.stderr, run.log))
    try:
        yield run
    except BaseException:
        await _end(process, reading)
        sys.stderr.write("".join(run.log))  # what pytest shows beside a failure
        raise
    await _end(process, reading)


async def _end(process: Process, reading: asyncio.Task[None]) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
    await reading


async def _read(stream: asyncio.StreamReader, log: list[str]) -> None:
    while line := await stream.readline():
        log.append(line.decode(errors="replace"))
