"""Many messages through one ``aion run``, as fast as it answers, and what it holds at rest after each part of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from discord_server import DiscordServer
from process import Running, running

from tests.e2e.chaos import LIGHT
from tests.e2e.quick_vitals import EVERY_S, FILE
from tests.e2e.telegram_server import TelegramServer

N_PEOPLE, N_AT_ONCE = 100, 32
SAYINGS = ("What is the code of cupboard {n}?", "thanks!", "/help", "When does room {n} open on Sundays?", "hello")


@dataclass(frozen=True)
class Vitals:
    """What the process held at rest, once it had answered ``n_messages``."""

    n_messages: int
    tasks: int
    threads: int
    descriptors: int
    mb: float


class LongRun:
    """People who say one thing after another in private chats on both platforms, and wait for each reply."""

    def __init__(self, telegram: TelegramServer, discord: DiscordServer, data_dir: Path) -> None:
        self._telegram, self._discord, self._data_dir = telegram, discord, data_dir
        self._members = [telegram.person(f"T{n}") for n in range(N_PEOPLE)]
        self._chats = [telegram.private(person) for person in self._members]
        self._people = [discord.person(f"D{n}") for n in range(N_PEOPLE)]
        self._numbers = count()

    @property
    def settings(self) -> dict[str, str]:
        telegram, discord = self._telegram, self._discord
        addresses = {"DISCORD_API_BASE": discord.api_base, "DISCORD_GATEWAY_URL": discord.gateway_url}
        tokens = {"TELEGRAM_TOKEN": telegram.token, "DISCORD_TOKEN": discord.token}
        return {**LIGHT, **tokens, **addresses, "TELEGRAM_API_BASE": telegram.url}

    async def say(self, n_messages: int) -> None:
        """Say so many things, ``N_AT_ONCE`` at a time, each until it has its reply."""
        for first in range(0, n_messages, N_AT_ONCE):
            waiting = [self._say_one() for _ in range(min(N_AT_ONCE, n_messages - first))]
            await self._until(lambda waiting=waiting: all(has_reply() for has_reply in waiting))
            self._forget()

    def _say_one(self) -> Callable[[], bool]:
        """Say something and return what tells whether it has a reply."""
        n = next(self._numbers)
        text, who = SAYINGS[n % len(SAYINGS)].format(n=n), n // 2 % N_PEOPLE
        if n % 2:
            chat = self._chats[who]
            self._telegram.say(chat, self._members[who], text)
            return lambda: any(message.chat is chat for message in self._telegram.shown)
        channel = self._discord.dm(self._people[who])
        self._discord.say(channel, self._people[who], text)
        return lambda: any(message.channel is channel for message in self._discord.shown)

    def _forget(self) -> None:
        """Let the platforms forget what was said, or they would become slow."""
        self._telegram.shown.clear()
        self._telegram.calls.clear()
        self._discord.messages.clear()
        self._discord.calls.clear()

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(300):
            while not holds():  # noqa: ASYNC110 (another process does the work)
                await asyncio.sleep(0.005)

    async def at_rest(self, n_messages: int) -> Vitals:
        """Return what the process holds once its number of tasks stays the same."""
        last, n_same = -1, 0
        while n_same < 8:
            await asyncio.sleep(EVERY_S)
            vitals = json.loads((self._data_dir / FILE).read_text())
            n_same = n_same + 1 if vitals["tasks"] == last else 0
            last = vitals["tasks"]
        return Vitals(n_messages, **vitals)


async def long_run(
    data_dir: Path, parts: list[int], tell: Callable[[Vitals], None] = lambda vitals: None
) -> list[Vitals]:
    """Say ``parts`` messages, one part after another, and return what AION held at rest after each."""
    taken: list[Vitals] = []
    async with TelegramServer() as telegram, DiscordServer() as discord:
        people = LongRun(telegram, discord, data_dir)
        async with running(data_dir, module="tests.e2e.quick_vitals", **people.settings) as run:
            await _listening(run, telegram, discord)
            for n_messages in parts:
                await people.say(n_messages)
                taken.append(await people.at_rest(n_messages + (taken[-1].n_messages if taken else 0)))
                tell(taken[-1])
            assert await run.stop() == 0, "".join(run.log)
    return taken


async def _listening(run: Running, telegram: TelegramServer, discord: DiscordServer) -> None:
    await run.until_logged("running: discord, telegram")
    await discord.wait_for_bot()
    while not telegram.is_polled:  # noqa: ASYNC110 (another process does the work)
        await asyncio.sleep(0.02)
