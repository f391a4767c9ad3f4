"""Streams one reply to a platform while it is being written.

``StreamedReply`` is the ``Outlet`` on top of a ``bot.delivery.post.ReplyPost``: it shows the typing sign at once,
edits at most once per ``Capabilities.edit_interval_s``, splits long text into several messages, drops partial text
where the platform is busy, and retries the final text. With a journal it continues a reply that another one, even in
another process, began.
Does not cover limits shared between chats (``bot.delivery.rate_limit``); a ``ReplyPost`` waits for those.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from bot.delivery.clock import StreamClock, SystemClock
from bot.delivery.errors import DeliveryFailed, MessageGone, NoPrivatePlace, NotDelivered, PossiblyDelivered
from bot.delivery.parts import parts_of
from bot.delivery.post import PreviewPost, RenderedMessage, ReplyPost, react
from bot.delivery.split import split
from core.errors import DeliveryPostponed
from core.markdown import Markdown
from core.ports import Journal
from core.texts import say_markdown
from core.types import Reply
from core.types.delivery import DeliveredPart

log = logging.getLogger(__name__)

H = TypeVar("H")

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts at a final text, where the platform names none."""

LONGEST_WAIT_S = 60.0
"""The longest ban, in seconds, that is waited out; a longer one postpones the reply, as do failures in all attempts."""


@dataclass(frozen=True, slots=True)
class _Shown(Generic[H]):
    """A sent message: the ``index`` it was sent as, and the ``RenderedMessage.mark`` of its content, where known."""

    handle: H
    index: int
    mark: str | None


class StreamedReply(Generic[H]):
    """An ``Outlet`` on a ``ReplyPost``; as an async context manager it also shows the typing sign and partial text.

    After a final text has been sent, anything further becomes a new message.
    """

    def __init__(self, post: ReplyPost[H], clock: StreamClock | None = None, *, journal: Journal | None = None) -> None:
        self._post = post
        self._clock = clock or SystemClock()
        self._journal = journal
        self._shown: list[_Shown[H] | None] = []  # None: a final text that was possibly delivered
        self._n_sent = 0
        self._is_unsure = False
        self._wanted: Markdown | None = None
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._next_write_s = 0.0
        self._cosmetic = True
        self._settles = False
        self._tasks: list[asyncio.Task[None]] = []
        for part in journal.parts if journal else ():
            self._restore(part)

    def _restore(self, part: DeliveredPart) -> None:
        """Restore a message of an earlier process; one in doubt is sent again where that is safe."""
        self._n_sent = part.index + 1
        if part.handle is not None:
            self._shown.append(_Shown(self._post.restore(part.handle), part.index, part.mark))
        elif self._post.can_resend(part.index):
            self._n_sent = part.index
        else:
            self._shown.append(None)
            self._is_unsure = True

    async def __aenter__(self) -> Self:
        """Start showing the typing sign and partial text."""
        self._tasks = [
            asyncio.create_task(self._keep_typing(), name="typing"),
            asyncio.create_task(self._keep_showing(), name="showing partial text"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing the typing sign and partial text."""
        for task in self._tasks:
            task.cancel()
        for fault in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(fault, Exception):
                log.error("showing partial text failed", exc_info=fault)

    @property
    def settles(self) -> bool:
        """Return ``Reply.settles`` of the last final reply; ``False`` before one."""
        return self._settles

    async def progress(self, text: Markdown) -> None:
        """Show a status line as ``partial`` shows text; returns at once."""
        await self.partial(text)

    async def partial(self, text: Markdown) -> None:
        """Show the text so far at the next edit that is due, unless newer text replaces it; returns at once."""
        self._wanted = text
        self._changed.set()

    async def halt(self) -> None:
        """Show no more partial text; once this returns, no request of it is in flight."""
        self._stop_typing()
        async with self._writing:
            self._wanted, self._cosmetic = None, False

    async def send(self, reply: Reply) -> None:
        """Deliver the final reply in place of the partial text, retrying where that cannot duplicate a message.

        Raises ``DeliveryPostponed`` where a journal lets another outlet continue later, ``PrivateChatClosed`` where the
        reply is private and has no place, and nothing else: one that can never be delivered is logged as an error.
        """
        self._stop_typing()
        self._settles = reply.settles
        async with self._writing:
            self._wanted = None
            await react(self._post, reply.reaction)
            try:
                await self._deliver(parts_of(reply, self._post))
                if self._is_unsure:
                    await self._warn_unsure(reply)
            except NotDelivered as error:
                if self._journal is not None:
                    raise DeliveryPostponed(str(error), max(error.retry_after_s or 0.0, LONGEST_WAIT_S)) from error
                log.error("a final reply was not delivered: %r", error)
            except NoPrivatePlace as error:
                raise error.told from error
            except DeliveryFailed as error:
                log.error("a final reply was not delivered: %r", error)
            self._shown, self._journal, self._is_unsure = [], None, False

    async def _warn_unsure(self, reply: Reply) -> None:
        """Send a note that a part may be missing, until one surely arrived; two of them do no harm."""
        note = RenderedMessage(
            say_markdown(reply.language, "error.possibly_sent"), private=reply.private, quiet=reply.quiet, refers=True
        )
        for _ in BACK_OFF_S:
            await self._put_retrying(len(self._shown), note)
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

    async def _show(self, text: Markdown) -> None:
        """Make the messages show ``text``; what fails is left to later text."""
        capabilities = self._post.capabilities
        try:
            parts = split(self._post.render(text), capabilities.max_units, capabilities.measure)
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

    async def _deliver(self, parts: list[RenderedMessage]) -> None:
        if self._shown:
            await self._until_next_write()
        surplus = self._shown[len(parts) :]
        for n, rendered in enumerate(parts):
            try:
                await self._put_retrying(n, rendered)
            except MessageGone:
                surplus = self._shown[n + 1 :]
                self._shown = self._shown[:n]
                await self._put_retrying(n, rendered)
        for shown in filter(None, surplus):
            with suppress(DeliveryFailed):
                await self._post.delete(shown.handle)

    async def _put_retrying(self, n: int, rendered: RenderedMessage) -> None:
        """Put ``rendered`` as the ``n``-th message, retrying while that is safe. Raises ``DeliveryFailed``."""
        for pause_s in (*BACK_OFF_S, None):
            try:
                return await self._put(n, rendered)
            except NotDelivered as error:
                if pause_s is None or (error.retry_after_s or 0.0) > LONGEST_WAIT_S:
                    raise
                log.info("retrying: %r", error)
                await self._clock.sleep(pause_s if error.retry_after_s is None else error.retry_after_s)
            except PossiblyDelivered as error:
                self._shown.append(None)
                self._is_unsure = True
                log.warning("part %d of a reply was possibly delivered, and is not sent twice: %r", n + 1, error)
                return

    # --- both -------------------------------------------------------------------------------------

    async def _put(self, n: int, rendered: RenderedMessage) -> None:
        """Make ``rendered`` the ``n``-th message; without a request when that shows the same already."""
        if n >= len(self._shown):
            self._shown.append(await self._send(n, rendered))
        elif (shown := self._shown[n]) is not None and shown.mark != rendered.mark:
            await self._post.edit(shown.handle, rendered)
            self._shown[n] = changed = _Shown(shown.handle, shown.index, rendered.mark)
            if not rendered.cosmetic:
                await self._note_shown(n, changed, rendered)
        else:
            return
        self._next_write_s = self._clock.now_s() + self._post.capabilities.edit_interval_s

    async def _send(self, n: int, rendered: RenderedMessage) -> _Shown[H]:
        """Send a new message and journal it; a final text is journalled before, too, against a crash meanwhile."""
        index = self._n_sent
        await self._post.admit(rendered)
        async with self._post.in_flight():
            return await self._send_noted(n, index, rendered)

    async def _send_noted(self, n: int, index: int, rendered: RenderedMessage) -> _Shown[H]:
        is_counted = not rendered.cosmetic or self._post.capabilities.max_messages is not None
        if is_counted:
            await self._note(n, DeliveredPart(index, None))
        try:
            handle = await self._post.send(rendered, index)
        except PossiblyDelivered:
            self._n_sent += 1
            raise
        except DeliveryFailed:
            if is_counted:
                await self._note(n, None)
            raise
        self._n_sent += 1
        sent = _Shown(handle, index, rendered.mark)
        await self._note_shown(n, sent, rendered)
        return sent

    async def _note_shown(self, n: int, shown: _Shown[H], rendered: RenderedMessage) -> None:
        if self._journal is None:
            return
        handle = self._post.serialize(shown.handle)
        notes = [
            self._journal.note(n, DeliveredPart(shown.index, handle, None if rendered.cosmetic else rendered.mark))
        ]
        if rendered.answer_id is not None:
            notes.append(self._journal.shown(rendered.answer_id, handle))
        await asyncio.gather(*notes)

    async def _note(self, n: int, part: DeliveredPart | None) -> None:
        if self._journal is not None:
            await self._journal.note(n, part)

    async def _until_next_write(self) -> None:
        if (wait_s := self._next_write_s - self._clock.now_s()) > 0:
            await self._clock.sleep(wait_s)
