"""Whoever called a command: where it prints, in which language, and whose files it reads and writes.

A command of this process's own terminal has ``LocalCaller``; one that was handed to a running AION has that terminal's
(``bot.control.remote_caller``). Both are reached through ``caller``, so that a command is written once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.dotenv_file import unquoted

if TYPE_CHECKING:
    from core.assembly.aion import Aion
    from core.knowledge.files import FileSelection
    from core.knowledge.prepare import FoundDocuments


class Caller(Protocol):
    """A terminal and its files."""

    @property
    def running(self) -> Aion | None:
        """Return the AION that runs in this process already; ``None`` where a command opens its own."""
        ...

    @property
    def locale(self) -> str | None:
        """Return the terminal's language tag."""
        ...

    def console_options(self, *, stderr: bool) -> Mapping[str, Any]:
        """Return the options of a rich console on this terminal."""
        ...

    async def find(self, paths: Sequence[Path], max_bytes: int, selection: FileSelection) -> FoundDocuments:
        """Return the files at paths and in the folders among them (``core.knowledge.prepare.find_documents``)."""
        ...

    async def size(self, path: Path) -> int:
        """Return how large a file is, bytes. Raises ``OSError``, also for what is no file."""
        ...

    async def read(self, path: Path) -> bytes:
        """Return a file's bytes. Raises ``OSError``."""
        ...

    async def write(self, path: Path, data: bytes) -> Path:
        """Write a file and return its absolute path. Raises ``OSError``."""
        ...


class LocalCaller:
    """The terminal and the files of this process; ``running`` is the AION that it has opened, if it has."""

    def __init__(self, running: Aion | None = None) -> None:
        self.running = running

    @property
    def locale(self) -> str | None:
        """Return the language tag in ``AION_LANGUAGE`` where set, else in ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``."""
        names = ("AION_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
        return next((value for name in names if (value := unquoted(os.environ.get(name, "")))), None)

    def console_options(self, *, stderr: bool) -> Mapping[str, Any]:
        """Return the options of a console on a standard stream."""
        return {"stderr": stderr}

    async def find(self, paths: Sequence[Path], max_bytes: int, selection: FileSelection) -> FoundDocuments:
        """Return the files found on this machine, to be read when they are needed."""
        from core.knowledge.prepare import find_documents
        from core.offload import offload

        return await offload(find_documents, paths, max_bytes, selection)

    async def size(self, path: Path) -> int:
        """Return how large a file is, bytes. Raises ``OSError``, also for what is no file."""
        from core.offload import offload

        return await offload(_size, path)

    async def read(self, path: Path) -> bytes:
        """Return a file's bytes. Raises ``OSError``."""
        from core.offload import offload

        return await offload(path.read_bytes)

    async def write(self, path: Path, data: bytes) -> Path:
        """Write a file and return its absolute path. Raises ``OSError``."""
        from core.offload import offload

        await offload(path.write_bytes, data)
        return await offload(path.absolute)


def _size(path: Path) -> int:
    if not path.is_file():
        raise FileNotFoundError(path)
    return path.stat().st_size


LOCAL: Caller = LocalCaller()

_CALLER: ContextVar[Caller | None] = ContextVar("aion_caller", default=None)


def caller() -> Caller:
    """Return who called the command at hand."""
    return _CALLER.get() or LOCAL


@contextmanager
def called_by(one: Caller) -> Iterator[None]:
    """Let what the block does be called by ``one``; tasks that it starts, too."""
    token = _CALLER.set(one)
    try:
        yield
    finally:
        _CALLER.reset(token)
