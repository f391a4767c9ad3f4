"""Reads watched channels through Discord's API: what was said before, and after each time AION was away.

A channel and each of its threads, archived ones too, is a place with a cursor of its own, stored with every page of
messages; a reading that is cut short goes on from there. Requests are spaced evenly, so that nothing else waits; errors
that pass are waited out, and others end the reading of that channel with one sentence to its moderators.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
import discord

from bot.adapters.discord.audiences import space_in
from bot.adapters.discord.translate import exported_message_of, is_heard, thread_title
from bot.platform_errors import UNREADABLE
from core.errors import UserError
from core.ports.channels import ChannelReadings
from core.types import ChannelPlace, Watch

log = logging.getLogger(__name__)

PAGE = 100
"""Messages, and archived threads, in a request."""

PAUSE_S = 0.25
"""Between two requests; Discord allows 50 in a second."""

SETTLE_EVERY = 50
"""Pages after which what was read so far is looked through for what teaches."""

LOOK_S = 600.0
"""Seconds between two looks for channels that are watched since, or could not be read."""

BACK_OFF_S = (1.0, 5.0, 30.0, 60.0)
"""Seconds to wait after an error that may pass; after the last of them the channel is left until the next look."""

_PASSING = (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError)


class ChannelGone(Exception):
    """A place was deleted, or the bot is no longer a member of its server."""


class ChannelHistory:
    """Reads the watched channels of one client, one after the other."""

    def __init__(self, client: discord.Client, readings: ChannelReadings) -> None:
        self._client = client
        self._readings = readings
        self._round = 0
        self._read: dict[int, int] = {}  # the round in which each channel was read, by its watch
        self._n_pages = 0

    def begin_again(self) -> None:
        """Read what was said since in every channel, at the next look: there may be a gap."""
        self._round += 1
        self._readings.news("discord").set()

    async def run(self) -> None:
        """Read what is watched, now and as more is, until cancelled."""
        news = self._readings.news("discord")
        while True:
            news.clear()
            for watch in await self._readings.watching("discord"):
                if self._read.get(watch.id) != self._round:
                    await self._read_channel(watch)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await news.wait()

    async def keep(self, message: discord.Message) -> None:
        """Keep a message that was said just now, where its channel is watched and was read to its end."""
        here = {str(message.channel.id), str(getattr(message.channel, "parent_id", ""))}
        for watch in await self._readings.watching("discord"):
            if watch.target in here and watch.id in self._read:
                place = replace(_place(message.channel), cursor=str(message.id), is_read=True)
                await self._readings.keep(watch, [place], [exported_message_of(message)])

    async def read_again(self, thread: discord.Thread) -> None:
        """Read a thread of a watched channel from its beginning, since it was marked as solved."""
        for watch in await self._readings.watching("discord"):
            if watch.target in (str(thread.id), str(thread.parent_id)):
                await self._readings.keep(watch, [_place(thread)])
                self.begin_again()

    # --- one channel ------------------------------------------------------------------------------

    async def _read_channel(self, watch: Watch) -> None:
        """Read a channel to its end, waiting errors out that may pass."""
        begun = self._round
        for pause_s in (*BACK_OFF_S, None):
            try:
                await self._read_places(watch)
                self._read[watch.id] = begun
                return await self._settle(watch)
            except discord.Forbidden:
                self._read[watch.id] = begun
                return await self._readings.fail(watch, "channels.forbidden")
            except (discord.NotFound, ChannelGone):
                self._read[watch.id] = begun
                return await self._readings.fail(watch, "channels.gone")
            except (*_PASSING, discord.DiscordException, *UNREADABLE) as error:
                log.warning("Discord: channel %s could not be read now: %r", watch.target, error)
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    async def _read_places(self, watch: Watch) -> None:
        channel = await self._channel(int(watch.target))
        known = dict(await self._readings.places(watch))
        if isinstance(channel, discord.Thread):
            return await self._read_place(watch, channel, known)
        if not isinstance(channel, discord.ForumChannel):
            await self._read_place(watch, channel, known)
        async for threads in self._threads(channel):
            new = [each for each in threads if str(each.id) not in known]
            await self._readings.keep(watch, [_place(each) for each in new])
            unread = [each for each in threads if _has_more(each, known.get(str(each.id)))]
            for thread in unread:
                with suppress(discord.NotFound):  # deleted since it was listed
                    await self._read_place(watch, thread, known)
            if threads and not unread and len(threads) == PAGE:
                return  # older ones were read before

    async def _channel(self, number: int) -> Any:
        """Return a channel. Raises ``ChannelGone`` where the bot is no member of its server any more."""
        channel = self._client.get_channel(number)
        if channel is None:
            await asyncio.sleep(PAUSE_S)
            channel = await self._client.fetch_channel(number)
        guild = getattr(channel, "guild", None)
        if guild is None or self._client.get_guild(guild.id) is None:
            raise ChannelGone
        return channel

    async def _threads(self, channel: Any) -> AsyncIterator[list[discord.Thread]]:
        """Yield the threads of a channel in pages: those that are open, then archived ones, the latest first."""
        yield list(channel.threads)
        before: Any = None
        while True:
            await asyncio.sleep(PAUSE_S)
            page = [thread async for thread in channel.archived_threads(limit=PAGE, before=before)]
            yield page
            if len(page) < PAGE:
                return
            before = page[-1].archive_timestamp

    async def _read_place(self, watch: Watch, channel: Any, known: Mapping[str, ChannelPlace]) -> None:
        """Read a channel or thread on from its cursor, page by page."""
        number = str(channel.id)
        cursor = known[number].cursor if number in known else ""
        while True:
            await asyncio.sleep(PAUSE_S)
            after = discord.Object(int(cursor)) if cursor else None
            page = [message async for message in channel.history(limit=PAGE, after=after, oldest_first=True)]
            cursor = str(page[-1].id) if page else cursor
            place = replace(_place(channel), cursor=cursor, is_read=len(page) < PAGE)
            await self._readings.keep(watch, [place], _said(page))
            self._n_pages += 1
            if self._n_pages % SETTLE_EVERY == 0:
                await self._settle(watch)
            if place.is_read:
                return

    async def _settle(self, watch: Watch) -> None:
        try:
            await self._readings.settle(watch)
        except UserError as error:
            log.warning("what channel %s teaches was not found: %s", watch.target, error)


def _place(channel: Any) -> ChannelPlace:
    """Return a channel or thread as a place of which nothing was read, in the space of those who can read it."""
    space = space_in(channel.guild, channel.guild.id, channel, 0)
    return ChannelPlace(str(channel.id), space, thread_title(channel))


def _said(page: Iterable[discord.Message]) -> list[Any]:
    """Return what people said to each other on a page."""
    return [exported_message_of(message) for message in page if is_heard(message)]


def _has_more(thread: discord.Thread, place: ChannelPlace | None) -> bool:
    """Return whether anything may have been said in a thread since it was read, or it was marked as solved since."""
    if place is None or not place.is_read or place.title != thread_title(thread):
        return True
    return thread.last_message_id is not None and thread.last_message_id > int(place.cursor or 0)
