"""Shows one reply while it is being written, on any platform.

``StreamedReply`` is the ``Outlet`` on top of a ``bot.delivery.post``: it shows at once that something is happening,
edits no faster than the platform likes, rolls over into further messages, drops what is only cosmetic when the
platform is busy, and always delivers the final text. With a journal it goes on where an earlier one to the same place
stopped, even in another process.
Does not cover budgets shared between chats; a ``ReplyPost`` may wait for one.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from bot.delivery.clock import StreamClock, SystemClock
from bot.delivery.errors import DeliveryFailed, MessageGone, NotDelivered, PossiblyDelivered
from bot.delivery.post import PreviewPost, RenderedMessage, ReplyPost
from bot.delivery.split import split
from core.errors import DeliveryPostponed
from core.ports import Journal
from core.texts import say
from core.types import Reply
from core.types.delivery import DeliveredPart

log = logging.getLogger(__name__)

H = TypeVar("H")


BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses between attempts at a final text, where the platform names none."""

LONGEST_WAIT_S = 60.0
"""A ban up to this long is waited out; a longer one postpones the reply, and so does a platform that keeps failing."""

_NOTHING = "…"
"""Shown for a reply without any text, since silence looks like a fault."""


@dataclass(frozen=True, slots=True)
class _Shown(Generic[H]):
    """A message on the platform; ``mark`` is the fingerprint of what it shows, where that is known."""

    handle: H
    index: int
    mark: str | None


class StreamedReply(Generic[H]):
    """An ``Outlet`` on a ``ReplyPost``; use it as an async context manager around the work that fills it.

    After a final text has been sent, anything further becomes a new message.
    """

    def __init__(self, post: ReplyPost[H], clock: StreamClock | None = None, *, journal: Journal | None = None) -> None:
        self._post = post
        self._clock = clock or SystemClock()
        self._journal = journal
        self._shown: list[_Shown[H] | None] = []  # None stands for a final text that was possibly delivered
        self._n_sent = 0
        self._is_unsure = False
        self._wanted: str | None = None
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._next_write_s = 0.0
        self._cosmetic = True
        self._settles = False
        self._tasks: list[asyncio.Task[None]] = []
        for part in journal.parts if journal else ():
            self._recall(part)

    def _recall(self, part: DeliveredPart) -> None:
        """Take up a message of an earlier process. One in doubt that may be repeated is simply not there yet."""
        self._n_sent = part.index + 1
        if part.handle is not None:
            self._shown.append(_Shown(self._post.find(part.handle), part.index, part.mark))
        elif self._post.repeats(part.index):
            self._n_sent = part.index
        else:
            self._shown.append(None)
            self._is_unsure = True

    async def __aenter__(self) -> Self:
        """Show that an answer is on its way."""
        self._tasks = [
            asyncio.create_task(self._keep_typing(), name="typing"),
            asyncio.create_task(self._keep_showing(), name="showing partial text"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop typing and drop what was only cosmetic."""
        for task in self._tasks:
            task.cancel()
        for fault in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(fault, Exception):
                log.error("showing partial text failed", exc_info=fault)

    @property
    def settles(self) -> bool:
        """Return whether the final reply leaves the buttons, one of which called it, without use."""
        return self._settles

    async def progress(self, text: str) -> None:
        """Show a status line in place of the last one, when its turn comes; returns at once."""
        await self.partial(text)

    async def partial(self, text: str) -> None:
        """Show the text so far, when its turn comes, unless newer text overtakes it; returns at once."""
        self._wanted = text
        self._changed.set()

    async def halt(self) -> None:
        """Show nothing more of what is being written; once this returns, nothing of it is on its way."""
        self._stop_typing()
        async with self._writing:
            self._wanted, self._cosmetic = None, False

    async def send(self, reply: Reply) -> None:
        """Deliver the final reply over what was shown, trying again where that is safe.

        Raises ``DeliveryPostponed`` where a journal lets another outlet go on later, and nothing else: where it
        cannot be delivered nobody is left to tell, and the log says why.
        """
        self._stop_typing()
        self._settles = reply.settles
        async with self._writing:
            self._wanted = None
            try:
                await self._deliver(self._bubbles(reply))
                if self._is_unsure:
                    await self._say_unsure(reply)
            except NotDelivered as error:
                if self._journal is not None:
                    raise DeliveryPostponed(str(error), max(error.retry_after_s or 0.0, LONGEST_WAIT_S)) from error
                log.error("a final reply was not delivered: %r", error)
            except DeliveryFailed as error:
                log.error("a final reply was not delivered: %r", error)
            self._shown, self._journal, self._is_unsure = [], None, False

    async def _say_unsure(self, reply: Reply) -> None:
        """Say that a part may be missing, until that surely arrived: said twice, it does no harm."""
        note = RenderedMessage(say(reply.language, "error.possibly_sent"), private=reply.private)
        for _ in BACK_OFF_S:
            await self._surely(len(self._shown), note)
            if self._shown[-1] is not None:
                return

    # --- cosmetic: coalesced, paced, dropped on failure -------------------------------------------

    async def _keep_typing(self) -> None:
        while True:
            try:
                await self._post.typing()
            except DeliveryFailed as error:
                log.debug("typing sign not shown: %r", error)
            await self._clock.sleep(self._post.capabilities.typing_interval_s)

    def _stop_typing(self) -> None:
        if self._tasks:
            self._tasks[0].cancel()

    async def _keep_showing(self) -> None:
        while True:
            await self._changed.wait()
            await self._until_next_write()
            async with self._writing:
                self._changed.clear()
                if self._wanted is not None and self._cosmetic:
                    await self._show(self._wanted)

    async def _show(self, text: str) -> None:
        """Bring the messages up to ``text``; on failure leave the rest to a later text or the final one."""
        capabilities = self._post.capabilities
        try:
            parts = split(text, capabilities.max_units, capabilities.measure)
            if not self._shown and isinstance(self._post, PreviewPost) and await self._post.preview(parts[-1]):
                self._next_write_s = self._clock.now_s() + capabilities.edit_interval_s
                return
            for n, part in enumerate(parts):
                await self._put(n, RenderedMessage(part, cosmetic=True))
        except NotDelivered as error:
            pause_s = max(error.retry_after_s or 0.0, capabilities.edit_interval_s)
            self._next_write_s = self._clock.now_s() + pause_s
        except DeliveryFailed as error:
            log.debug("no more partial text: %r", error)
            self._cosmetic = False

    # --- final: paced, repeated until delivered ---------------------------------------------------

    def _bubbles(self, reply: Reply) -> list[RenderedMessage]:
        capabilities = self._post.capabilities
        parts = split(self._post.render(reply), capabilities.max_units, capabilities.measure) or [_NOTHING]
        rest = [RenderedMessage(part, private=reply.private) for part in parts[:-1]]
        last = RenderedMessage(parts[-1], reply.answer_id, reply.private, reply.buttons)
        return [*rest, last, *(RenderedMessage("", private=reply.private, file=file) for file in reply.files)]

    async def _deliver(self, bubbles: list[RenderedMessage]) -> None:
        if self._shown:
            await self._until_next_write()
        surplus = self._shown[len(bubbles) :]
        for n, bubble in enumerate(bubbles):
            try:
                await self._surely(n, bubble)
            except MessageGone:
                surplus = self._shown[n + 1 :]
                self._shown = self._shown[:n]
                await self._surely(n, bubble)
        for shown in filter(None, surplus):
            with suppress(DeliveryFailed):
                await self._post.delete(shown.handle)

    async def _surely(self, n: int, bubble: RenderedMessage) -> None:
        """Put ``bubble`` in its place, trying again while that is safe. Raises ``DeliveryFailed`` when it never was."""
        for pause_s in (*BACK_OFF_S, None):
            try:
                return await self._put(n, bubble)
            except NotDelivered as error:
                if pause_s is None or (error.retry_after_s or 0.0) > LONGEST_WAIT_S:
                    raise
                log.info("will try again: %r", error)
                await self._clock.sleep(pause_s if error.retry_after_s is None else error.retry_after_s)
            except PossiblyDelivered as error:
                self._shown.append(None)
                self._is_unsure = True
                log.warning("part %d of a reply was possibly delivered, and is not sent twice: %r", n + 1, error)
                return

    # --- both -------------------------------------------------------------------------------------

    async def _put(self, n: int, bubble: RenderedMessage) -> None:
        """Make ``bubble`` the ``n``-th message; nothing is written when it already is."""
        if n >= len(self._shown):
            self._shown.append(await self._send(n, bubble))
        elif (shown := self._shown[n]) is not None and shown.mark != bubble.mark:
            await self._post.edit(shown.handle, bubble)
            self._shown[n] = changed = _Shown(shown.handle, shown.index, bubble.mark)
            if not bubble.cosmetic:
                await self._note_shown(n, changed, bubble)
        else:
            return
        self._next_write_s = self._clock.now_s() + self._post.capabilities.edit_interval_s

    async def _send(self, n: int, bubble: RenderedMessage) -> _Shown[H]:
        """Send a new message and note it. A final text is noted before, too: of a crash meanwhile, that is all left."""
        index = self._n_sent
        await self._post.admit(bubble)
        async with self._post.on_its_way():
            return await self._send_noted(n, index, bubble)

    async def _send_noted(self, n: int, index: int, bubble: RenderedMessage) -> _Shown[H]:
        if not bubble.cosmetic:
            await self._note(n, DeliveredPart(index, None))
        try:
            handle = await self._post.send(bubble, index)
        except PossiblyDelivered:
            self._n_sent += 1
            raise
        except DeliveryFailed:
            if not bubble.cosmetic:
                await self._note(n, None)
            raise
        self._n_sent += 1
        sent = _Shown(handle, index, bubble.mark)
        await self._note_shown(n, sent, bubble)
        return sent

    async def _note_shown(self, n: int, shown: _Shown[H], bubble: RenderedMessage) -> None:
        if self._journal is None:
            return
        handle = self._post.name(shown.handle)
        notes = [self._journal.note(n, DeliveredPart(shown.index, handle, None if bubble.cosmetic else bubble.mark))]
        if bubble.answer_id is not None:
            notes.append(self._journal.shown(bubble.answer_id, handle))
        await asyncio.gather(*notes)

    async def _note(self, n: int, part: DeliveredPart | None) -> None:
        if self._journal is not None:
            await self._journal.note(n, part)

    async def _until_next_write(self) -> None:
        if (wait_s := self._next_write_s - self._clock.now_s()) > 0:
            await self._clock.sleep(wait_s)
