"""Parses what comes from outside in sandboxes (``core.knowledge.parsing.document_parser``).

What ended its sandbox is remembered by its hash, and refused without another try until the way of reading changes
(``core.knowledge.extract.VERSION``) or ``core.storage.unreadable.KEPT`` has passed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from core.errors import BadInput, Unavailable
from core.knowledge.extract import VERSION
from core.knowledge.parsing.frames import decode_chunks, decode_date, decode_document, decode_language, decode_text
from core.knowledge.parsing.parse import ParsedDocument, TextChunks
from core.knowledge.parsing.sitemaps import Sitemap
from core.offload import offload_large
from core.sandbox.frames import Frame, MalformedFrame
from core.sandbox.limits import Budget
from core.sandbox.pool import SandboxPool
from core.sandbox.process import KillReason, SandboxKilled
from core.storage.unreadable import UnreadableSources
from core.types import Language, Page

log = logging.getLogger(__name__)

T = TypeVar("T")

MODULE = "core.knowledge.parsing.process"
N_PROCESSES = 3

_CPU_S, _CPU_S_PER_MB = 10.0, 3.0
"""Processor time for any request, and for each megabyte of it: five times what a PDF of 3,000 pages takes."""

_MEMORY_BYTES, _MEMORY_PER_BYTE = 500_000_000, 24
"""Memory for any request, and for each byte of it: twice what a text of 25 MB takes."""

_LASTING: tuple[KillReason, ...] = ("time", "memory", "crash")
"""Reasons that depend on the bytes alone; a busy machine may be why a process was stopped."""


def open_pool() -> SandboxPool:
    """Return a pool of sandboxes that parse documents; the first process starts with the first document."""
    return SandboxPool(MODULE, N_PROCESSES)


class SandboxedParser:
    """Parses documents and pages in a pool of sandboxes."""

    def __init__(self, pool: SandboxPool, unreadable: UnreadableSources) -> None:
        self._pool = pool
        self._unreadable = unreadable

    async def parse(self, data: bytes, name: str, content_type: str, hint: Language) -> ParsedDocument:
        """Return a document's text in chunks; ``hint`` is its language where it is too short for detection."""
        return await self._ask("parse", data, name, decode_document, content_type=content_type, hint=hint)

    async def cut(self, text: str, name: str, kind: str, language: Language) -> TextChunks:
        """Return the chunks of a text that was parsed before, or is to be stored as it is."""

        def decode(reply: Frame) -> TextChunks:
            return decode_chunks(reply, text)

        return await self._ask("cut", text.encode("utf-8", "replace"), name, decode, kind=kind, language=language)

    async def published_date(self, page: Page) -> datetime | None:
        """Return when a web page was changed or published last; ``None`` where it does not say."""

        def decode(reply: Frame) -> datetime | None:
            return decode_date(reply.header.get("date"))

        return await self._ask("date", page.data, page.url, decode)

    async def feed_entries(self, page: Page) -> tuple[str, ...] | None:
        """Return the addresses of a feed's first entries; ``None`` when the page is no feed."""

        def decode(reply: Frame) -> tuple[str, ...] | None:
            entries = reply.header.get("entries")
            return None if entries is None else tuple(map(decode_text, entries))

        about = {"url": page.url, "final_url": page.final_url, "content_type": page.content_type}
        return await self._ask("feed", page.data, page.url, decode, **about)

    async def sitemap(self, page: Page) -> Sitemap | None:
        """Return the pages that a sitemap lists; ``None`` when the page is no sitemap."""

        def decode(reply: Frame) -> Sitemap | None:
            found = reply.header.get("sitemap")
            if found is None:
                return None
            pages, sitemaps = found
            dated = {decode_text(address): decode_text(at) for address, at in pages}
            return Sitemap(dated, tuple(map(decode_text, sitemaps)))

        about = {"url": page.url, "final_url": page.final_url, "content_type": page.content_type}
        return await self._ask("sitemap", page.data, page.url, decode, **about)

    async def language_of(self, text: str, hint: Language) -> Language:
        """Return the language of a text; ``hint`` where it is too short to tell."""

        def decode(reply: Frame) -> Language:
            return decode_language(reply.header.get("language"))

        return await self._ask("language", text.encode("utf-8", "replace"), "", decode, hint=hint)

    async def _ask(self, operation: str, body: bytes, name: str, decode: Callable[[Frame], T], **header: str) -> T:
        """Return what a sandbox reads of ``body``, decoded.

        Raises ``BadInput`` when it refuses, or is killed, now or the last time; ``Unavailable`` when none can start.
        """
        source = await offload_large(len(body), _hash, operation, body)
        if await self._unreadable.has(source):
            raise BadInput("knowledge.killed", name=name)
        request = Frame({"operation": operation, "name": name, **header}, body)
        try:
            reply = await self._pool.ask(request, _budget(len(body)))
            return await offload_large(len(reply.body), _decoded, reply, name, decode)
        except (SandboxKilled, MalformedFrame) as error:
            reason = error.reason if isinstance(error, SandboxKilled) else "crash"
            log.warning("a sandbox was killed (%s) by %d bytes: %s", reason, len(body), error)
        except OSError as error:
            log.error("no sandbox can be started: %s", error)
            raise Unavailable("knowledge.no_sandbox") from error
        if reason in _LASTING:
            await self._unreadable.add(source, reason)
        raise BadInput("knowledge.killed", name=name)


def _budget(n_bytes: int) -> Budget:
    return Budget(_CPU_S + _CPU_S_PER_MB * n_bytes / 1e6, _MEMORY_BYTES + _MEMORY_PER_BYTE * n_bytes)


def _hash(operation: str, body: bytes) -> str:
    """Return the hash of a request's bytes and of the way they are read: BLAKE2b, 32 hex digits."""
    return hashlib.blake2b(body, digest_size=16, salt=f"{VERSION}{operation}".encode()[:16]).hexdigest()


def _decoded(reply: Frame, name: str, decode: Callable[[Frame], T]) -> T:
    """Return a reply decoded. Raises ``BadInput`` where it is a refusal, and ``MalformedFrame`` where it is neither."""
    if "error" in reply.header:
        raise _bad_input(reply.header, name)
    try:
        return decode(reply)
    except (TypeError, ValueError) as error:
        raise MalformedFrame(str(error)) from None


def _bad_input(header: Any, name: str) -> BadInput:
    """Return a sandbox's refusal; it may name sentences about documents alone, with numbers of its own."""
    key, values = decode_text(header["error"]), header.get("values")
    if not key.startswith("knowledge.") or not isinstance(values, dict):
        raise MalformedFrame(f"a refusal with {key!r}")
    numbers = {decode_text(each): value for each, value in values.items() if isinstance(value, int | float)}
    return BadInput(key, **{**numbers, "name": name})
