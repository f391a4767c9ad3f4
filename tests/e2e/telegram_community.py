"""A hand-written core behind the Telegram adapter, and how to run the two against the small Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.timing import PollTiming, Timing
from core.commands import Command, Context, Parameter, Registry
from core.errors import UserError
from core.ports import Outlet
from core.texts import explain, language_of_locale
from core.types import Button, File, Message, Person, Platform, Reply, Source, SpaceId, Thumb, is_private
from core.types.delivery import UnfinishedMessage
from tests.e2e.telegram_server import TelegramServer
from tests.e2e.telegram_world import Shown
from tests.fakes import MemoryInbox, Unlimited

TIMING = Timing(PollTiming(2, 0.05, 0.2), private_edit_s=0.05, group_edit_s=0.05, album_s=0.1, toast_s=0.3, grace_s=1)


def commands() -> Registry:
    async def unused(context: Context) -> None:
        raise AssertionError("the test's core carries out its commands itself")

    registry = Registry()
    registry.add(Command("help", {"en": "What I can do", "pt": "O que eu sei fazer"}, unused, quiet=True))
    registry.add(
        Command("ask", {"en": "Ask", "pt": "Pergunte"}, unused, (Parameter("question", {"en": "Q", "pt": "P"}),))
    )
    file = Parameter("file", {"en": "File", "pt": "Arquivo"}, kind="attachment")
    teach = {"en": "Teach me a file", "pt": "Ensine-me um arquivo"}
    registry.add(Command("index", teach, unused, (file,), permission="teacher"))
    return registry


@dataclass
class Community(Unlimited):
    """A core that answers from a table, streams word by word, and remembers what it was told and rated."""

    answers: dict[str, str] = field(default_factory=lambda: {"When do you open?": "At **nine**. [1]"})
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    registry: Registry = field(default_factory=commands)
    heard: list[Message] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    thumbs: dict[tuple[str, int, str], Thumb] = field(default_factory=dict)
    free: set[str] = field(default_factory=set)
    moves: list[tuple[SpaceId, SpaceId]] = field(default_factory=list)
    n_ratings: int = 0
    pause_s: float = 0.0
    slow: asyncio.Event | None = None
    pictures: tuple[File, ...] = ()
    rating_pause_s: float = 0.0

    async def handle(self, message: Message, outlet: Outlet) -> None:
        if message.key in {earlier.key for earlier in self.heard}:
            return
        self.heard.append(message)
        language = language_of_locale(message.locale, "en")
        if message.command is None and "slow" in message.text and self.slow is not None:
            await self.slow.wait()
        try:
            text = await self._command(message) if message.command else self.answers.get(message.text, "I don't know.")
        except UserError as error:
            await outlet.send(Reply(explain(language, error), language, quiet=True))
            return
        if message.command is None:
            await self._stream(text, outlet)
            sources = (Source(1, "Handbook", "Hours", "at nine", 1),) if "[1]" in text else ()
            await outlet.send(Reply(text, language, answer_id=len(self.heard), sources=sources, files=self.pictures))
        else:
            refused = text.startswith("Only moderators")
            await outlet.send(Reply(text, language, quiet=refused or message.command == "help"))

    async def _command(self, message: Message) -> str:
        if message.command == "index":
            if not (message.person.is_moderator or is_private(message.space)):
                return "Only moderators may teach me."
            self.files |= {a.name: await a.read() for a in message.attachments}
            return f"Learned {', '.join(a.name for a in message.attachments)}."
        return f"/{message.command} {dict(message.arguments)}"

    async def _stream(self, text: str, outlet: Outlet) -> None:
        words = text.split(" ") if self.pause_s else []
        for n in range(1, len(words)):
            await outlet.partial(" ".join(words[:n]))
            await asyncio.sleep(self.pause_s)

    async def recent_conversations(self, platform: Platform) -> list[tuple[SpaceId, str]]:
        return []

    async def is_free_channel(self, space: SpaceId, conversation: str) -> bool:
        return conversation in self.free

    async def move_space(self, space: SpaceId, new: SpaceId) -> None:
        self.moves.append((space, new))

    async def resume(self, unfinished: UnfinishedMessage, outlet: Outlet) -> None:
        if unfinished.reply is not None:
            await outlet.send(unfinished.reply)
        else:
            await self.handle(unfinished.message, outlet)
        await self.inbox.close(unfinished.message)

    async def answer_at(self, space: SpaceId, message_ref: str) -> int | None:
        return None

    async def rate(
        self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, locale: str | None, key: str
    ) -> Reply:
        await asyncio.sleep(self.rating_pause_s)
        if not await self.inbox.claim(space, key):
            return Reply("Thanks", "en", private=True)
        self.n_ratings += 1
        if self.thumbs.get((space, answer_id, person.id)) == thumb:
            del self.thumbs[space, answer_id, person.id]
            return Reply("Withdrawn", "en", private=True)
        self.thumbs[space, answer_id, person.id] = thumb
        buttons = (Button("Human", "help", str(answer_id)),) if thumb == "down" else ()
        thanks = "Obrigado" if locale and locale.startswith("pt") else "Thanks"
        return Reply(thanks, "en", private=True, buttons=buttons)


@asynccontextmanager
async def running(server: TelegramServer, community: Community, token: str | None = None) -> AsyncIterator[None]:
    """Run the adapter around a block; a fault of its own fails the test."""
    task = asyncio.create_task(TelegramAdapter(community, token or server.token, server.url, TIMING).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def says(*needles: str) -> Callable[[Shown], bool]:
    return lambda message: all(needle in message.text for needle in needles)


def bold(message: Shown) -> list[str]:
    units = message.text.encode("utf-16-le")
    return [
        units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in message.entities
        if e["type"] == "bold"
    ]
