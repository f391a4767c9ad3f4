"""Reads exports in a sandbox, from the disk: they may be larger than memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from core.errors import BadInput, Unavailable
from core.importing.formats.chat_export import find_exports
from core.importing.formats.export_folder import ExportFolder
from core.importing.frames import decode_lessons, decode_survey, encode_messages
from core.importing.lesson import Lesson
from core.importing.survey import ExportSurvey
from core.offload import offload, offload_large
from core.sandbox.frames import Frame, MalformedFrame
from core.sandbox.limits import Budget
from core.sandbox.pool import SandboxPool
from core.sandbox.process import SandboxKilled
from core.types import Language
from core.types.exported_message import ExportedMessage

log = logging.getLogger(__name__)

MODULE = "core.importing.process"

MEMORY_BYTES = 900_000_000
"""Memory for any export; 100,000 messages take about 200 MB."""

_CPU_S, _CPU_S_PER_MB = 30.0, 4.0
"""Processor time for any export, and for each megabyte of it: about eight times what Discord's JSON takes."""


class ExportReader:
    """Reads exports, one at a time."""

    def __init__(self, pool: SandboxPool) -> None:
        self._pool = pool

    async def find(self, path: Path) -> list[Path]:
        """Return the exports at a path. Raises ``BadInput`` when there is none."""
        return await offload(find_exports, path)

    async def survey(
        self, path: Path, since: datetime | None, roles: Sequence[str], language: Language
    ) -> ExportSurvey:
        """Return what an export holds. ``language`` is that of texts too short to tell.

        Raises ``BadInput`` when it is no export, is broken, or takes too long; ``Unavailable`` when no sandbox starts.
        """
        full = await offload(path.resolve)
        header = {"path": str(full), "since": since.isoformat() if since else "", "roles": list(roles)}
        request = Frame({"operation": "survey", "hint": language, **header})
        n_bytes = await offload(_size, path)
        try:
            reply = await self._pool.ask(request, Budget(_CPU_S + _CPU_S_PER_MB * n_bytes / 1e6, MEMORY_BYTES))
            if "error" in reply.header:
                raise _refusal(reply.header["error"], path)
            return await offload_large(len(reply.body), decode_survey, reply)
        except (SandboxKilled, MalformedFrame) as error:
            log.warning("a sandbox was killed by an export of %d bytes: %s", n_bytes, error)
            raise BadInput("importing.killed", name=path.name) from None
        except OSError as error:
            log.error("no sandbox can be started: %s", error)
            raise Unavailable("knowledge.no_sandbox") from error

    async def lessons(
        self, messages: Sequence[ExportedMessage], roles: Sequence[str], language: Language
    ) -> tuple[Lesson, ...]:
        """Return what messages of one place teach, given in the order they were said.

        Raises ``BadInput`` when reading them takes too long, ``Unavailable`` when no sandbox starts.
        """
        body = await offload(encode_messages, messages)
        request = Frame({"operation": "messages", "roles": list(roles), "hint": language}, body)
        try:
            reply = await self._pool.ask(request, Budget(_CPU_S + _CPU_S_PER_MB * len(body) / 1e6, MEMORY_BYTES))
            return await offload_large(len(reply.body), decode_lessons, reply)
        except (SandboxKilled, MalformedFrame) as error:
            log.warning("a sandbox was killed by %d messages: %s", len(messages), error)
            raise BadInput("importing.killed", name=messages[0].channel if messages else "") from None
        except OSError as error:
            raise Unavailable("knowledge.no_sandbox") from error


def open_export_pool() -> SandboxPool:
    """Return the pool of sandboxes that read exports; its process starts with the first export."""
    return SandboxPool(MODULE, 1)


def _refusal(key: object, path: Path) -> BadInput:
    """Return a sandbox's refusal, which is one of a few sentences."""
    known = ("importing.unknown", "importing.broken", "importing.too_large", "file.missing")
    if key not in known:
        raise MalformedFrame(f"a refusal with {key!r}")
    return BadInput(str(key), name=path.name)


def _size(path: Path) -> int:
    """Return the bytes of an export: unpacked, where it is an archive."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    if path.suffix.lower() == ".zip":
        ExportFolder.of_archive(path)
        import zipfile

        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    return path.stat().st_size
