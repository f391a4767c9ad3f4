"""A core for the Discord adapter to talk to: it remembers what it is given and answers by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from discord_server import DiscordServer

from bot.adapters.discord.adapter import DiscordAdapter
from core.commands import Registry, require_permission
from core.errors import UserError
from core.ports import ArgumentCompletion, Outlet
from core.texts import explain
from core.types import Button, Message, Person, Platform, Reply, SpaceId, Thumb
from core.types.delivery import UnfinishedMessage
from plugins import load_plugins
from tests.fakes import MemoryInbox, Unlimited

Script = Callable[[Message, Outlet], Awaitable[None]]


async def echo(message: Message, outlet: Outlet) -> None:
    said = message.text if message.command is None else f"/{message.command} {dict(message.arguments)}"
    await outlet.send(Reply(f"You said: {said}", "en", answer_id=7))


@dataclass
class ScriptedFront(Unlimited):
    """Handles every key once and refuses as the real one does; everything else is up to ``script``."""

    script: Script = echo
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    registry: Registry = field(default_factory=load_plugins)
    handled: list[Message] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    free: set[tuple[SpaceId, str]] = field(default_factory=set)
    n_starts: int = 0
    moves: list[tuple[SpaceId, SpaceId]] = field(default_factory=list)
    rated: list[tuple[SpaceId, int, str, Thumb, str | None]] = field(default_factory=list)

    async def handle(self, message: Message, outlet: Outlet) -> None:
        self.delivered.append(message.key)
        if self.delivered.count(message.key) > 1:
            return
        self.handled.append(message)
        try:
            if message.command is not None and (command := self.registry.get(message.command)):
                require_permission(message.person, command)
            await self.script(message, outlet)
        except UserError as error:
            await outlet.send(Reply(explain("en", error), "en", quiet=True))

    async def complete(
        self, space: SpaceId, conversation: str, person: Person, names: str, typed: str
    ) -> list[ArgumentCompletion]:
        return [ArgumentCompletion(f"{names} {typed} {n} " + "long " * 30, str(n)) for n in range(40)]

    async def recent_conversations(self, platform: Platform) -> list[tuple[SpaceId, str]]:
        self.n_starts += 1
        return [(message.space, message.conversation) for message in self.handled if message.platform == platform]

    async def is_free_channel(self, space: SpaceId, conversation: str) -> bool:
        return (space, conversation) in self.free

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
        if not await self.inbox.claim(space, key):
            return Reply(f"Noted: {thumb}", "en", private=True)
        self.rated.append((space, answer_id, person.id, thumb, locale))
        buttons = (Button("Human", "human", str(answer_id)),) if thumb == "down" else ()
        return Reply(f"Noted: {thumb}", "en", private=True, buttons=buttons)


def adapter(front: ScriptedFront, server: DiscordServer, state_dir: Path, **options: Any) -> DiscordAdapter:
    """Return an adapter that talks to ``server``."""
    token = options.pop("token", None) or server.token
    return DiscordAdapter(
        front, token, api_base=server.api_base, gateway_url=server.gateway_url, state_dir=state_dir, **options
    )


@asynccontextmanager
async def running(
    front: ScriptedFront, server: DiscordServer, state_dir: Path, **options: Any
) -> AsyncIterator[asyncio.Task[None]]:
    """Run an adapter while the block lasts; what ended it early is raised."""
    n_before = server.n_identified
    task = asyncio.create_task(adapter(front, server, state_dir, **options).run())
    try:
        await server.wait_for_bot(n_before + 1)
        yield task
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
