"""Ports of delivery: the core as platform adapters see it, where replies appear, and what is kept until they did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.commands import Registry
from core.types import Message, Person, Platform, Reply, SpaceId, Thumb
from core.types.delivery import DeliveredPart, UnfinishedMessage


class Outlet(Protocol):
    """Where one reply appears: a Discord message, a Telegram message, the terminal."""

    async def progress(self, text: str) -> None:
        """Show a status line in place of the last one; it may be skipped when the platform is busy."""
        ...

    async def partial(self, text: str) -> None:
        """Show the whole answer as written so far; it may be skipped when the platform is busy."""
        ...

    async def send(self, reply: Reply) -> None:
        """Deliver the final reply in place of any progress. Never skipped, never cut short.

        Raises ``DeliveryPostponed`` where only a later outlet to the same address can deliver the rest.
        """
        ...


class Journal(Protocol):
    """What has been shown of one reply, kept so that after a restart nothing is shown twice."""

    @property
    def parts(self) -> Sequence[DeliveredPart]:
        """Return the parts noted so far."""
        ...

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        """Keep the part at ``position``; ``None`` takes an attempt back that surely came to nothing."""
        ...

    async def shown(self, answer_id: int, handle: str) -> None:
        """Keep which message shows an answer."""
        ...


class InboxPort(Protocol):
    """What has been taken on and not been finished; it survives the process."""

    async def accept(self, message: Message) -> bool:
        """Take a message on: once this returns, it is answered whatever happens. ``False``: it was taken on before."""
        ...

    async def revise(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Take a message on once more, as it was edited; ``parts`` are shown of the reply to what it said before."""
        ...

    async def claim(self, space: SpaceId, key: str) -> bool:
        """Return whether this is the first time that ``key`` (a press of a button) is seen; nothing is kept of it."""
        ...

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        """Return what was taken on there and is due, oldest first, whether or not somebody is working on it."""
        ...

    def news(self, platform: Platform) -> asyncio.Event:
        """Return what is set as soon as there is something unfinished there that nobody knows of yet."""
        ...

    async def close(self, message: Message) -> None:
        """Note that there is nothing left to do about a message, and forget what it said."""
        ...

    def journal(self, message: Message, parts: Sequence[DeliveredPart] = ()) -> Journal:
        """Return the journal of the reply to an accepted message, of which ``parts`` were shown before."""
        ...


@dataclass(frozen=True, slots=True)
class ArgumentCompletion:
    """What a half-typed argument may mean: ``label`` is what to show, ``value`` what to fill in."""

    label: str
    value: str


class AdapterApi(Protocol):
    """The core as a platform adapter sees it: one door for messages, one for thumbs, and the commands to show."""

    @property
    def inbox(self) -> InboxPort:
        """Return where messages are accepted before they are handled."""
        ...

    @property
    def registry(self) -> Registry:
        """Return every command there is, for the platform's own menu."""
        ...

    async def is_free_channel(self, space: SpaceId, conversation: str) -> bool:
        """Return whether what is said to nobody there is to be handled too. Called for every message: cheap."""
        ...

    async def recent_conversations(self, platform: Platform) -> Sequence[tuple[SpaceId, str]]:
        """Return the spaces and conversations of a platform in which somebody asked within a day, the latest first."""
        ...

    async def complete(self, space: SpaceId, names: str, typed: str) -> Sequence[ArgumentCompletion]:
        """Return what a half-typed argument may mean; ``names`` is its ``Parameter.names``. Never raises."""
        ...

    async def handle(self, message: Message, outlet: Outlet) -> None:
        """Answer one message or command through ``outlet``, and close it once delivered. Never raises.

        One that ``inbox`` did not accept is answered too, though a crash loses it.
        """
        ...

    async def move_space(self, space: SpaceId, new: SpaceId) -> None:
        """Let everything of a space follow it to another id, which its platform gave it; told twice is harmless."""
        ...

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        """Finish what another outlet, or an earlier process, could not. Never raises."""
        ...

    async def answer_at(self, space: SpaceId, message_ref: str) -> int | None:
        """Return the answer that a message of the platform (``PLATFORM:HANDLE``) shows, if it shows one."""
        ...

    async def rate(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None) -> Reply:
        """Record a thumb, the same one again withdraws it; return the thanks, for the person alone."""
        ...
