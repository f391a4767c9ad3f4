"""The one sequence for a message on any platform: accept, journal, stream, handle.

First answers, commands, pressed buttons, edited questions and whatever an earlier process left unfinished all take it.
Does not cover the terminal, which has no messages to resume or edit (``bot.adapters.console``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.delivery.backlog import Backlog
from bot.delivery.edited_questions import EditedQuestions
from bot.delivery.post import ReplyPost
from bot.delivery.stream import StreamedReply
from bot.delivery.tasks import TaskSet
from core.ports import AdapterApi, Journal
from core.types import Message, Person, Platform, Reply, SpaceId
from core.types.delivery import UnfinishedMessage

Post = ReplyPost[Any]
Prepare = Callable[[], Awaitable[Message | None]]


class MessageHandler:
    """Handles the messages of one adapter; ``post_at`` returns where the reply to a stored message goes."""

    def __init__(self, api: AdapterApi, platform: Platform, tasks: TaskSet, post_at: Callable[[Message], Post]) -> None:
        self._api = api
        self._tasks = tasks
        self._post_at = post_at
        self._backlog = Backlog(api.inbox, platform, self._resume, tasks.start)
        self._edits = EditedQuestions(api.inbox, self._backlog)

    def start_backlog(self) -> None:
        """Finish what is due, now and as it becomes due, until the adapter's tasks are finished."""
        self._tasks.start_loop(self._backlog.run())

    async def answer(
        self,
        message: Message,
        post: Post,
        *,
        accepted: Callable[[], None] = lambda: None,
        prepare: Prepare | None = None,
    ) -> bool:
        """Accept ``message`` and answer it once, through ``post``; a message accepted before is left alone.

        So is one of somebody who is over a limit and was told so, before anything is stored or shown of it.
        ``accepted`` is called once a crash would not lose the message. ``prepare`` then completes a new one; where it
        returns ``None`` nobody is left to answer, and the message is closed. Returns whether the reply leaves the
        buttons, one of which called the command, without use (``Reply.settles``).
        """
        if self._api.is_silenced(message.space, message.person):
            accepted()
            return False
        async with self._backlog.accepted(message) as is_new:
            accepted()
            return is_new and await self._handle(message, post, self._api.inbox.journal(message), prepare)

    async def answer_edited(self, message: Message, post: Post, *, accepted: Callable[[], None] = lambda: None) -> None:
        """Replace the answer to an earlier wording of ``message``; without such an answer do nothing.

        ``accepted`` is called once a crash would not lose the new wording.
        """
        if self._api.is_silenced(message.space, message.person):
            return accepted()
        async with self._edits.replacing(message) as journal:
            accepted()
            if journal is not None:
                await self._handle(message, post, journal)

    async def overhear(self, message: Message, post: Post) -> None:
        """Handle an unaddressed message: not accepted, and without typing sign or partial text."""
        await self._api.handle(message, StreamedReply(post))

    async def reply_once(self, space: SpaceId, person: Person, key: str, post: Post, reply: Reply) -> None:
        """Send a fixed reply to the event ``key`` of a person within the limits, however often it is delivered."""
        if self._api.admit_press(space, person) and await self._api.inbox.claim(space, key):
            await StreamedReply(post).send(reply)

    async def _handle(self, message: Message, post: Post, journal: Journal, prepare: Prepare | None = None) -> bool:
        async with StreamedReply(post, journal=journal) as outlet:
            self._edits.note(message, outlet, journal)
            prepared = await prepare() if prepare else message
            if prepared is None:
                await self._api.inbox.close(message)
            else:
                await self._api.handle(prepared, outlet)
        return outlet.settles

    async def _resume(self, unfinished: UnfinishedMessage) -> None:
        message = unfinished.message
        journal = self._api.inbox.journal(message, unfinished.parts)
        async with StreamedReply(self._post_at(message), journal=journal) as outlet:
            await self._api.resume(unfinished, outlet)
