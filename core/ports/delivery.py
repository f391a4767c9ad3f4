"""Ports of delivery: the core as platform adapters see it, the outlet of a reply, its journal, and the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.commands import Registry
from core.markdown import Markdown
from core.ports.channels import ChannelReadings
from core.types import HeardMessage, Message, Person, Platform, Reply, SpaceId, Thumb
from core.types.delivery import DeliveredPart, UnfinishedMessage


class Outlet(Protocol):
    """The place where one reply appears: a Discord message, a Telegram message, the terminal."""

    async def progress(self, text: Markdown) -> None:
        """Show a status line in place of the last one; it may be skipped when the platform is busy."""
        ...

    async def partial(self, text: Markdown) -> None:
        """Show the whole answer as written so far; it may be skipped when the platform is busy."""
        ...

    async def send(self, reply: Reply) -> None:
        """Deliver the final reply in place of any progress. Never skipped, never cut short.

        Raises ``DeliveryPostponed`` where only a later outlet to the same address can deliver the rest, and
        ``PrivateChatClosed`` where the reply is private and there is no place for it; nothing of it was shown then.
        """
        ...


class Journal(Protocol):
    """The delivered parts of one reply, stored so that after a restart nothing is shown twice."""

    @property
    def parts(self) -> Sequence[DeliveredPart]:
        """Return the parts stored so far."""
        ...

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        """Store the part at ``position``; ``None`` removes an attempt that certainly failed."""
        ...

    async def shown(self, answer_id: int, handle: str) -> None:
        """Store which platform message (``handle``) shows an answer."""
        ...


class InboxPort(Protocol):
    """The durable inbox: messages that were accepted and are not closed."""

    async def accept(self, message: Message) -> bool:
        """Store a message; once this returns, it is answered even after a crash. ``False``: it was accepted before."""
        ...

    async def revise(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Accept an edited message again; ``parts`` are those shown of the reply to its earlier text."""
        ...

    async def claim(self, space: SpaceId, key: str) -> bool:
        """Return whether ``key`` (of a button press, say) is seen for the first time; nothing but the key is stored."""
        ...

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        """Return the platform's accepted messages that are due, oldest first, also those being worked on."""
        ...

    def news(self, platform: Platform) -> asyncio.Event:
        """Return an event that is set when something unfinished appears that no adapter was given yet."""
        ...

    async def close(self, message: Message) -> None:
        """Mark a message as done, and erase its text."""
        ...

    def journal(self, message: Message, parts: Sequence[DeliveredPart] = ()) -> Journal:
        """Return the journal of the reply to an accepted message, of which ``parts`` were shown before."""
        ...


@dataclass(frozen=True, slots=True)
class ArgumentCompletion:
    """A completion of a half-typed argument: ``label`` is shown, ``value`` is filled in."""

    label: str
    value: str


class AudienceJudge(Protocol):
    """A platform's knowledge of who can read what, as it is at this moment."""

    def readable(self, conversation: str, audiences: Sequence[SpaceId]) -> tuple[SpaceId, ...]:
        """Return those of a community's audiences that everybody who can read a conversation belongs to.

        Leaves out whatever is not certain. Called for every message where a community has audiences: cheap.
        """
        ...


class AdapterApi(Protocol):
    """The core as a platform adapter sees it: messages, ratings, and the commands to show."""

    @property
    def inbox(self) -> InboxPort:
        """Return where messages are accepted before they are handled."""
        ...

    @property
    def registry(self) -> Registry:
        """Return every command there is, for the platform's own menu."""
        ...

    def judge_audiences(self, platform: Platform, judge: AudienceJudge) -> None:
        """Have ``judge`` tell from now on which audiences the platform's conversations may read."""
        ...

    async def is_free_channel(self, space: SpaceId, conversation: str) -> bool:
        """Tell whether unaddressed messages there are handled too. Called for every message: cheap."""
        ...

    async def open_private_chat(self, platform: Platform, space: SpaceId) -> bool:
        """Deliver what is kept for the person of the private chat ``space``, who wrote there; return if there was any.

        Called for every message in a private chat: cheap.
        """
        ...

    async def recent_conversations(self, platform: Platform) -> Sequence[tuple[SpaceId, str]]:
        """Return the spaces and conversations of a platform in which somebody asked within a day, the latest first."""
        ...

    async def complete(
        self, space: SpaceId, conversation: str, person: Person, names: str, typed: str
    ) -> Sequence[ArgumentCompletion]:
        """Return what a half-typed argument may mean there; ``names`` is its ``Parameter.names``. Never raises."""
        ...

    def is_silenced(self, space: SpaceId, person: Person) -> bool:
        """Return whether to leave alone whatever a person sends: they are over a limit and were told so. Cheap."""
        ...

    def admit_press(self, space: SpaceId, person: Person) -> bool:
        """Count a press that calls no command against the limits; return whether to act on it. Cheap."""
        ...

    async def handle(self, message: Message, outlet: Outlet) -> None:
        """Answer one message or command through ``outlet``, and close it once delivered. Never raises.

        One that ``inbox`` did not accept is answered too, though a crash loses it.
        """
        ...

    @property
    def watched_channels(self) -> ChannelReadings:
        """Return the watched channels and what was read of them."""
        ...

    async def hear(self, heard: HeardMessage) -> Message | None:
        """Return the call that a message which people wrote to each other amounts to, to be answered; mostly ``None``.

        Called for every message of a server or group that can be read: cheap. Never raises.
        """
        ...

    async def hear_edit(self, heard: HeardMessage) -> None:
        """Take over the new words of an edited message, of which something may have been learned. Never raises."""
        ...

    async def hear_deletion(self, space: SpaceId, key: str) -> None:
        """Forget the words of a deleted message, by its key, of which something may have been learned. Never raises."""
        ...

    async def move_space(self, space: SpaceId, new: SpaceId) -> None:
        """Give a space the id that its platform changed it to, with all its data; idempotent."""
        ...

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        """Finish what another outlet, or an earlier process, could not. Never raises."""
        ...

    async def answer_at(self, space: SpaceId, message_ref: str) -> int | None:
        """Return the answer that a message of the platform (``PLATFORM:HANDLE``) shows, if it shows one."""
        ...

    async def rate(
        self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None, key: str
    ) -> Reply:
        """Store a rating, or withdraw it on the same thumb again; return the private thanks.

        A press whose ``key`` was delivered before changes nothing. Never raises.
        """
        ...
