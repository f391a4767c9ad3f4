"""Edited questions: within a minute, the answer to the new wording takes the place of the answer to the old one.

The question keeps its row in the inbox, which says from one moment to the next that the new wording is to be answered
over what is shown; so not even a crash leaves two answers. Answers are remembered by this process alone: after a
restart an edit changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.delivery.backlog import Backlog
from bot.delivery.stream import StreamedReply
from core.ports import InboxPort, Journal
from core.types import Message, SpaceId

WINDOW = timedelta(minutes=1)
"""How long after it was sent a question may be edited to be answered anew."""

REMEMBERED_S = 2 * WINDOW.total_seconds()
"""How long an answer is remembered: an edit may be heard later than it was made."""

MAX_REMEMBERED = 1_000
"""Answers remembered; more than this in that time and the oldest edit is not noticed."""


@dataclass(frozen=True, slots=True)
class _Answering:
    """An answer given or being given to a question."""

    text: str
    outlet: StreamedReply[Any]
    journal: Journal
    task: asyncio.Task[Any] | None
    at_s: float


class EditedQuestions:
    """What a platform's latest questions were answered."""

    def __init__(self, inbox: InboxPort, backlog: Backlog, now_s: Callable[[], float] = time.monotonic) -> None:
        self._inbox = inbox
        self._backlog = backlog
        self._now_s = now_s
        self._answers: OrderedDict[tuple[SpaceId, str], _Answering] = OrderedDict()
        self._stopping = asyncio.Lock()

    def note(self, message: Message, outlet: StreamedReply[Any], journal: Journal) -> None:
        """Remember that the current task answers a question through ``outlet``; commands are never revised."""
        if message.command is None:
            self._answers[message.space, message.key] = _Answering(
                message.text, outlet, journal, asyncio.current_task(), now_s := self._now_s()
            )
            self._answers.move_to_end((message.space, message.key))
            self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        while len(self._answers) > MAX_REMEMBERED or next(iter(self._answers.values())).at_s < now_s - REMEMBERED_S:
            self._answers.popitem(last=False)

    @asynccontextmanager
    async def revised(self, edited: Message) -> AsyncIterator[Journal | None]:
        """Stop the answer to the earlier wording; give the journal of the one that replaces it while the block lasts.

        ``None`` inside it where AION answered nothing lately, or the words are the same.
        """
        async with self._stopping:
            earlier = self._answers.get((edited.space, edited.key))
            if earlier is not None and earlier.text != edited.text and edited.command is None:
                await _stop(earlier)
                parts = earlier.journal.parts
                self._backlog.hold(edited)
                await self._inbox.revise(edited, parts)
            else:
                earlier = None
        if earlier is None:
            yield None
            return
        try:
            yield self._inbox.journal(edited, parts)
        finally:
            self._backlog.release(edited)


async def _stop(answering: _Answering) -> None:
    """End an answer's task at a moment when nothing of it is on its way to the platform."""
    await answering.outlet.halt()
    if answering.task is not None and not answering.task.done():
        answering.task.cancel()
        await asyncio.wait({answering.task})
