"""Edited questions: within ``EDIT_WINDOW`` the answer to the new wording replaces the answer to the old one.

The question keeps its row in the inbox, which one write changes to the new wording with the messages already shown; so
not even a crash leaves two answers. Answers are remembered by this process alone: after a restart an edit changes
nothing.
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

EDIT_WINDOW = timedelta(minutes=1)
"""How long after it was sent an edit of a question is answered."""

REMEMBER_S = 2 * EDIT_WINDOW.total_seconds()
"""Seconds an answer is remembered: an edit may arrive later than it was made."""

MAX_REMEMBERED = 1_000
"""Answers remembered; of more than this within ``REMEMBER_S``, edits of the oldest change nothing."""


@dataclass(frozen=True, slots=True)
class _LatestAnswer:
    """The answer to a question, finished or being written by ``task``, with the wording it answers."""

    text: str
    outlet: StreamedReply[Any]
    journal: Journal
    task: asyncio.Task[Any] | None
    at_s: float


class EditedQuestions:
    """The latest answers of a platform, by question; ``now_s`` is a monotonic clock."""

    def __init__(self, inbox: InboxPort, backlog: Backlog, now_s: Callable[[], float] = time.monotonic) -> None:
        self._inbox = inbox
        self._backlog = backlog
        self._now_s = now_s
        self._answers: OrderedDict[tuple[SpaceId, str], _LatestAnswer] = OrderedDict()
        self._stopping = asyncio.Lock()

    def note(self, message: Message, outlet: StreamedReply[Any], journal: Journal) -> None:
        """Remember that the current task answers ``message`` through ``outlet``; commands are not remembered."""
        if message.command is None:
            self._answers[message.space, message.key] = _LatestAnswer(
                message.text, outlet, journal, asyncio.current_task(), now_s := self._now_s()
            )
            self._answers.move_to_end((message.space, message.key))
            self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        while len(self._answers) > MAX_REMEMBERED or next(iter(self._answers.values())).at_s < now_s - REMEMBER_S:
            self._answers.popitem(last=False)

    @asynccontextmanager
    async def replacing(self, edited: Message) -> AsyncIterator[Journal | None]:
        """Stop the answer to the earlier wording and hold ``edited`` while the block lasts; yield the journal to use.

        Yields ``None`` where no answer to the question is remembered, or the wording is the same.
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


async def _stop(answer: _LatestAnswer) -> None:
    """Cancel an answer's task while no request of it is in flight."""
    await answer.outlet.halt()
    if answer.task is not None and not answer.task.done():
        answer.task.cancel()
        await asyncio.wait({answer.task})
