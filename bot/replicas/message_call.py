"""One message being processed for a gateway: its reply leaves as events, and what the core needs of it is fetched."""

from __future__ import annotations

import asyncio
import itertools
import logging
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from bot.control.values import error_from_json
from bot.replicas.wire import PING, PING_S, event, message_from_wire, posts_from_wire
from core.errors import Unavailable
from core.markdown import Markdown
from core.message_processor import logged_alone
from core.ports import MessageProcessor
from core.storage.delivery.message_json import reply_to_json
from core.types import PostedMessage, Reply
from core.types.messages import Nearby

log = logging.getLogger(__name__)

_PASSING = ("progress", "partial")


class MessageCall:
    """The outlet of a message (``core.ports.Outlet``) and the fetcher of what belongs to it, both at a gateway."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        """Read a message as a gateway sent it. Raises ``KeyError``, ``TypeError``, ``ValueError`` for anything else."""
        self._message = message_from_wire(sent, self)
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._needs: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._numbers = itertools.count()

    async def progress(self, text: Markdown) -> None:
        """Send a passing status line."""
        self._events.put_nowait(("progress", text))

    async def partial(self, text: Markdown) -> None:
        """Send the answer as written so far."""
        self._events.put_nowait(("partial", text))

    async def send(self, reply: Reply) -> None:
        """Send the final reply, which the gateway stores and delivers."""
        self._events.put_nowait(("reply", reply_to_json(reply)))

    async def attachment(self, n: int) -> bytes:
        """Fetch the bytes of the ``n``-th file. Raises the ``UserError`` that the gateway had with it."""
        return b64decode(str((await self._need({"attachment": n}))["data"]))

    async def nearby(self, kind: Nearby) -> tuple[PostedMessage, ...]:
        """Fetch other messages of the channel. Raises the ``UserError`` that the gateway had with them."""
        return posts_from_wire((await self._need({"nearby": kind}))["posts"])

    async def _need(self, what: Mapping[str, Any]) -> Mapping[str, Any]:
        number = next(self._numbers)
        brought: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._needs[number] = brought
        self._events.put_nowait(("need", {"number": number, **what}))
        try:
            found = await brought
        finally:
            del self._needs[number]
        if "error" in found:
            raise error_from_json(found["error"])
        return found

    def bring(self, number: int, found: Mapping[str, Any]) -> bool:
        """Give the core what it needed under a number; ``False`` when it needs nothing under it."""
        brought = self._needs.get(number)
        if brought is None or brought.done():
            return False
        brought.set_result(found)
        return True

    async def process(self, processor: MessageProcessor) -> AsyncGenerator[bytes, None]:
        """Process the message; yield the events of its reply, the last of which is ``done``."""
        work = asyncio.create_task(self._work(processor), name=f"message {self._message.key}")
        try:
            while not (work.done() and self._events.empty()):
                yield await self._next(work)
            yield event("done")
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _work(self, processor: MessageProcessor) -> None:
        message = self._message
        with logged_alone("silent about %s after a fault", message.key):
            if message.addressed:
                await processor.process(message, self)
            else:
                await processor.process_unaddressed(message, self)

    async def _next(self, work: asyncio.Task[None]) -> bytes:
        """Return the next event; a passing text only if no later event has come. A ping when there is none in time."""
        waiting = asyncio.create_task(self._events.get())
        try:
            await asyncio.wait({waiting, work}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
        if waiting.cancelled():
            return PING
        kind, value = waiting.result()
        while kind in _PASSING and not self._events.empty():
            kind, value = self._events.get_nowait()
        return event(kind, value)


class OpenCalls:
    """The messages in process in a core. ``n_at_once`` are taken on at a time; the next goes to another core."""

    def __init__(self, n_at_once: int) -> None:
        self._n_at_once = n_at_once
        self._calls: dict[str, MessageCall] = {}
        self._ended = asyncio.Event()
        self.is_draining = False

    @property
    def n_open(self) -> int:
        """Return how many messages are in process."""
        return len(self._calls)

    def open(self, name: str, sent: Mapping[str, Any]) -> MessageCall:
        """Return a call under a name. Raises ``Unavailable`` while the core drains or is full, as well as its own."""
        if self.is_draining or len(self._calls) >= self._n_at_once or name in self._calls:
            raise Unavailable("core.draining" if self.is_draining else "core.full")
        self._calls[name] = call = MessageCall(sent)
        return call

    def get(self, name: str) -> MessageCall | None:
        """Return an open call."""
        return self._calls.get(name)

    def close(self, name: str) -> None:
        """Forget a call that has ended."""
        self._calls.pop(name, None)
        self._ended.set()

    async def drain(self, within_s: float) -> int:
        """Take on nothing more, and wait until what is in process has ended; return how much has not in time."""
        self.is_draining = True
        try:
            async with asyncio.timeout(within_s):
                while self._calls:
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            log.warning("%d messages are still in process; their gateways give them to other cores", len(self._calls))
        return len(self._calls)
