"""discord.py's client with AION's ears and hands: what happens on a message, a command and a press of a button."""

from __future__ import annotations

import asyncio
import logging
import textwrap
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.delivery.stream import StreamedReply
from bot.discord_buttons import ThreadButton, ThumbButton
from bot.discord_commands import SyncMemory, Translator, fill, sync_when_changed
from bot.discord_events import (
    attachment_of,
    call_of,
    caller_of,
    is_for,
    is_unreadable,
    message_of,
    replies_to,
    space_of,
    spoken_as_file,
)
from bot.discord_post import ChannelPost, InteractionPost
from core.commands import Command
from core.ports import Front
from core.texts import language_of_locale, say
from core.types import Attachment, Reply, Thumb

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""How long answers under way may take to finish when AION is told to stop."""

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
)
"""What the invite link asks a server for."""

_ALREADY_ACKNOWLEDGED, _THREAD_EXISTS = 40060, 160004
_N_PRESSES_REMEMBERED = 1_000
_MAX_THREAD_NAME_CHARS = 100

Interaction = discord.Interaction[Any]


class Client(discord.Client):
    """discord.py's client, with AION's ears and hands."""

    def __init__(self, front: Front, intents: discord.Intents, moderator_role: str | None, memory: SyncMemory) -> None:
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none())
        self._front = front
        self._moderator_role = moderator_role
        self._memory = memory
        self._tree = Tree(self)
        self._under_way: set[asyncio.Task[None]] = set()
        self._pressed: OrderedDict[int, None] = OrderedDict()

    async def setup_hook(self) -> None:
        """Prepare buttons and commands, once, before the first event."""
        self.add_dynamic_items(ThumbButton, ThreadButton)
        _survive_malformed_events(self)
        await self._tree.set_translator(Translator())
        fill(self._tree, self._front.registry, self, hide=self._moderator_role is None)
        try:
            changed = await sync_when_changed(self._tree, self._memory)
            log.info("Discord: commands %s", "sent" if changed else "unchanged")
        except (discord.HTTPException, app_commands.CommandSyncFailure) as error:
            log.error("Discord refused the commands, which stay as they were: %s", error)
        invite = discord.utils.oauth_url(
            self.application_id or 0, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        )
        log.info("Discord: logged in as %s. Invite link: %s", self.user, invite)

    # --- messages ---------------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that is for AION, beside whatever else is being answered."""
        if self.user is not None and is_for(self.user, message):
            self._own(self._answer(self.user, message))

    async def _answer(self, me: discord.ClientUser, message: discord.Message) -> None:
        if is_unreadable(message) and not self.intents.message_content:
            if replies_to(me, message):
                await self._say_unreadable(message)
            return
        async with StreamedReply(ChannelPost(message)) as outlet:
            await self._front.handle(message_of(me, message, self._moderator_role), outlet)

    async def _say_unreadable(self, message: discord.Message) -> None:
        language = language_of_locale(str(message.guild.preferred_locale) if message.guild else None, "en")
        async with StreamedReply(ChannelPost(message)) as outlet:
            await outlet.send(Reply(say(language, "discord.unreadable"), language))

    # --- commands ---------------------------------------------------------------------------------

    async def call(
        self, interaction: Interaction, command: Command, arguments: dict[str, str], files: list[discord.Attachment]
    ) -> None:
        """Carry out a command from the menu."""
        await self._call(interaction, command, arguments, tuple(map(attachment_of, files)))

    async def teach(self, interaction: Interaction, message: discord.Message) -> None:
        """Index what a message says, as the command for files does."""
        if command := self._front.registry.get("index"):
            await self._call(interaction, command, {}, spoken_as_file(message))

    async def _call(
        self, interaction: Interaction, command: Command, arguments: dict[str, str], files: tuple[Attachment, ...]
    ) -> None:
        message = call_of(interaction, command.name, self._moderator_role, arguments, files)
        refused = command.permission == "moderator" and not message.person.is_moderator
        ephemeral = command.private or refused
        if not await _acknowledge(interaction, ephemeral=ephemeral):
            return

        async def carry_out() -> None:
            async with StreamedReply(InteractionPost(interaction, ephemeral=ephemeral)) as outlet:
                await self._front.handle(message, outlet)

        self._own(carry_out())

    # --- buttons ----------------------------------------------------------------------------------

    async def press_thumb(self, interaction: Interaction, thumb: Thumb, answer_id: int) -> None:
        """Record a thumb once, however often Discord delivers the press, and thank whoever pressed it."""
        if self._is_new(interaction) and await _acknowledge(interaction, ephemeral=True):
            self._own(self._rate(interaction, thumb, answer_id))

    async def _rate(self, interaction: Interaction, thumb: Thumb, answer_id: int) -> None:
        space = space_of(interaction.guild_id, interaction.user.id)
        person = caller_of(interaction, self._moderator_role)
        thanks = await self._front.rate(space, answer_id, person, thumb, str(interaction.locale))
        await _show(interaction, thanks)

    async def press_thread(self, interaction: Interaction) -> None:
        """Open a thread on an answer and say where it is."""
        if self._is_new(interaction) and await _acknowledge(interaction, ephemeral=True):
            self._own(self._open_thread(interaction))

    async def _open_thread(self, interaction: Interaction) -> None:
        language = language_of_locale(str(interaction.locale), "en")
        await _show(
            interaction, say(language, await open_thread(interaction.message), place=_place(interaction.message))
        )

    def _is_new(self, interaction: Interaction) -> bool:
        if interaction.id in self._pressed:
            return False
        self._pressed[interaction.id] = None
        if len(self._pressed) > _N_PRESSES_REMEMBERED:
            self._pressed.popitem(last=False)
        return True

    # --- tasks ------------------------------------------------------------------------------------

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._disown)

    def _disown(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Discord: a message was not handled", exc_info=error)

    async def finish(self) -> None:
        """Let answers under way finish for a few seconds, then stop them."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=GRACE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class Tree(app_commands.CommandTree[Client]):
    """The commands, with a sentence for a call that no longer fits them."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Say that the menu is out of date; log anything else."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.warning("Discord: a call of an outdated command: %s", error)
            if await _acknowledge(interaction, ephemeral=True):
                await _show(interaction, say(language_of_locale(str(interaction.locale), "en"), "discord.outdated"))
        else:
            log.error("Discord: a command failed", exc_info=error)


async def _acknowledge(interaction: Interaction, *, ephemeral: bool) -> bool:
    """Answer within Discord's three seconds that work has begun; return whether there is still somebody to answer."""
    for is_last in (False, True):
        try:
            await interaction.response.defer(ephemeral=ephemeral, thinking=True)
        except discord.HTTPException as error:
            if error.code == _ALREADY_ACKNOWLEDGED:
                return True  # by a first attempt whose answer was lost; a redelivery is recognised by its key
            log.warning("Discord: interaction %s could not be acknowledged: %s", interaction.id, error)
            return False
        except (aiohttp.ClientError, OSError) as error:
            log.warning("Discord: interaction %s: %r", interaction.id, error)
            if is_last:
                return False
        else:
            return True
    return False


async def _show(interaction: Interaction, text: str) -> None:
    async with StreamedReply(InteractionPost(interaction, ephemeral=True)) as outlet:
        await outlet.send(Reply(text, "en", private=True))


async def open_thread(answer: discord.Message | None) -> str:
    """Open a thread on ``answer``, named after its question; return the key of the sentence that says how it went."""
    if answer is None:
        return "discord.no_thread"
    question = answer.reference.resolved if answer.reference else None
    named_after = question.clean_content if isinstance(question, discord.Message) else answer.clean_content
    name = textwrap.shorten(named_after.lstrip("@"), _MAX_THREAD_NAME_CHARS, placeholder="…") or "AION"
    try:
        await answer.create_thread(name=name)
    except discord.HTTPException as error:
        if error.code != _THREAD_EXISTS:
            log.warning("Discord: no thread on message %s: %s", answer.id, error)
            return "discord.no_thread"
    return "discord.thread"


def _place(answer: discord.Message | None) -> str:
    """Return a link to the thread on a message, whose id is the message's own."""
    return f"<#{answer.id}>" if answer else ""


_VITAL = ("READY", "RESUMED")
"""Events without which there is no session: one of these malformed must end it, loudly."""


def _survive_malformed_events(client: discord.Client) -> None:
    """Let an event that discord.py cannot read be logged and skipped: by default it ends the client."""
    parsers = client._connection.parsers
    for name, parse in parsers.items():
        if name not in _VITAL:
            parsers[name] = _guarded(name, parse)


def _guarded(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def guarded(data: Any) -> Any:
        try:
            return parse(data)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            log.error("Discord: a malformed %s event was skipped: %r", name, error)
            return None

    return guarded
