"""discord.py's client with AION's ears and hands: what happens on a message, a command and a press of a button."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord.acknowledge import acknowledge, show, tell
from bot.adapters.discord.buttons import BUTTONS, calls_under, is_known
from bot.adapters.discord.commands import SyncMemory, Translator, fill, sync_when_changed
from bot.adapters.discord.library_patches import no_blind_repeats, survive_malformed_events
from bot.adapters.discord.missed_messages import MissedMessages, asked_before_start
from bot.adapters.discord.post import ChannelPost, InteractionPost, NoticePost, failures
from bot.adapters.discord.rate_limits import DiscordRateLimits
from bot.adapters.discord.teachable_posts import nearby, post_of
from bot.adapters.discord.threads import open_thread, thread_link
from bot.adapters.discord.translate import (
    attachment_of,
    call_of,
    caller_of,
    channel_at,
    interaction_at,
    is_for,
    is_for_anyone,
    is_unreadable,
    message_at,
    message_of,
    replies_to,
    space_of,
)
from bot.delivery.backlog import Backlog
from bot.delivery.button_press import PressOutlet, as_command, completed
from bot.delivery.edited_questions import WINDOW, EditedQuestions
from bot.delivery.errors import DeliveryFailed
from bot.delivery.stream import LONGEST_WAIT_S, StreamedReply
from core.chat.notices import KEY
from core.commands import Command, CommandLine, Parameter
from core.ports import AdapterApi, ArgumentCompletion, Journal
from core.texts import language_of_locale, say
from core.types import Attachment, Message, PostedMessage, Reply, Thumb
from core.types.delivery import UnfinishedMessage

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


Interaction = discord.Interaction[Any]


class Client(discord.Client):
    """discord.py's client, with AION's ears and hands."""

    def __init__(
        self, front: AdapterApi, intents: discord.Intents, moderator_role: str | None, memory: SyncMemory
    ) -> None:
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_WAIT_S,
            max_messages=None,  # whatever is needed of a message comes with its event
            http_trace=no_blind_repeats(),
            enable_debug_events=True,  # of all that is heard; the library's own events leave out the heartbeat
        )
        self.traffic = DiscordRateLimits()
        self._front = front
        self._moderator_role = moderator_role
        self._memory = memory
        self._tree = AionCommandTree(self)
        self._under_way: set[asyncio.Task[None]] = set()
        self._backlog = Backlog(front, "discord", self._resume, self._own)
        self._revisions = EditedQuestions(front.inbox, self._backlog)
        self._heard_at_s: float | None = None
        self._taking_up: asyncio.Task[None] | None = None
        self._gap = MissedMessages()

    async def setup_hook(self) -> None:
        """Prepare buttons and commands, once, before the first event."""
        self.add_dynamic_items(*BUTTONS)
        survive_malformed_events(self)
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

    async def on_ready(self) -> None:
        """Take up what an earlier process left, once it is known who is there."""
        if self._taking_up is None:
            self._taking_up = asyncio.create_task(self._backlog.run(), name="Discord backlog")
            self._own(self._catch_up_at_start())
        else:
            self._own(self._catch_up())

    async def _catch_up(self) -> None:
        """Hear what was said between a session that was lost and this one."""
        async for message in self._gap.messages():
            await self.on_message(message)

    async def _catch_up_at_start(self) -> None:
        """Hear what AION was asked while it did not run, where somebody had asked before."""
        async for message in asked_before_start(self, await self._front.recent_conversations("discord")):
            await self.on_message(message)

    async def on_socket_raw_receive(self, _: str) -> None:
        """Note that Discord was heard."""
        self._heard_at_s = time.monotonic()

    @property
    def heard_at_s(self) -> float | None:
        """Return when Discord last sent anything, if it ever did, on ``time.monotonic``'s clock."""
        return self._heard_at_s

    # --- messages ---------------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that is for AION, beside whatever else is being answered."""
        if self.user is None:
            return
        self._gap.heard(message)
        if is_for(self.user, message):
            self._gap.matters(message)
            self._own(self._answer(self.user, message))
        elif is_for_anyone(message):
            self._own(self._overhear(self.user, message))

    async def _answer(self, me: discord.ClientUser, message: discord.Message) -> None:
        if is_unreadable(message) and not self.intents.message_content:
            if replies_to(me, message):
                await self._say_unreadable(message)
            return
        heard = message_of(me, message, self._moderator_role)
        if line := completed(calls_under(me, message), heard.text, self._front.registry):
            heard = as_command(heard, line, self._front.registry)
        async with self._backlog.accepted(heard) as is_new:
            if is_new:
                await self._reply(message, heard, self._front.inbox.journal(heard))

    async def _reply(self, message: discord.Message, heard: Message, journal: Journal) -> None:
        async with StreamedReply(ChannelPost(message, self.traffic), journal=journal) as outlet:
            self._revisions.note(heard, outlet, journal)
            await self._front.handle(heard, outlet)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer a question anew that was edited within a minute."""
        message = payload.message
        is_late = message.edited_at is None or message.edited_at - message.created_at > WINDOW
        if self.user is not None and not is_late and is_for(self.user, message) and not is_unreadable(message):
            self._own(self._answer_anew(message, message_of(self.user, message, self._moderator_role)))

    async def _answer_anew(self, message: discord.Message, edited: Message) -> None:
        async with self._revisions.revised(edited) as journal:
            if journal is not None:
                await self._reply(message, edited, journal)

    async def _resume(self, unfinished: UnfinishedMessage) -> None:
        address = unfinished.message.address
        post: ChannelPost | InteractionPost
        if KEY in address:
            post = self._notice_post(unfinished.message)
        elif "token" in address:
            post = InteractionPost(interaction_at(self, address), self.traffic, ephemeral=bool(address["ephemeral"]))
        else:
            post = ChannelPost(message_at(self, address), self.traffic)
        journal = self._front.inbox.journal(unfinished.message, unfinished.parts)
        async with StreamedReply[Any](post, journal=journal) as outlet:
            await self._front.resume(unfinished, outlet)

    def _notice_post(self, notice: Message) -> NoticePost:
        address = notice.address
        channel = channel_at(self, {"channel": notice.conversation})
        asked = channel.get_partial_message(int(address["asked"])) if address.get("asked") else None
        asker_id = int(address["asker"]) if address.get("asker") else None
        return NoticePost(channel, notice.key, self.traffic, asked, asker_id)

    async def _overhear(self, me: discord.ClientUser, message: discord.Message) -> None:
        """Pass on what was said to nobody in a free channel, without a sign of it until there is an answer."""
        said = replace(message_of(me, message, self._moderator_role), addressed=False)
        if await self._front.is_free_channel(said.space, said.conversation):
            self._gap.matters(message)
            await self._front.handle(said, StreamedReply(ChannelPost(message, self.traffic)))

    async def _say_unreadable(self, message: discord.Message) -> None:
        if not await self._is_new(message.guild.id if message.guild else None, message.author.id, message.id):
            return
        language = language_of_locale(str(message.guild.preferred_locale) if message.guild else None, "en")
        async with StreamedReply(ChannelPost(message, self.traffic)) as outlet:
            await outlet.send(Reply(say(language, "discord.unreadable"), language))

    # --- commands ---------------------------------------------------------------------------------

    async def call(
        self, interaction: Interaction, command: Command, arguments: dict[str, str], files: list[discord.Attachment]
    ) -> None:
        """Carry out a command from the menu."""
        await self._call(interaction, command, arguments, tuple(map(attachment_of, files)))

    async def complete(
        self, interaction: Interaction, command: Command, parameter: Parameter, typed: str
    ) -> Sequence[ArgumentCompletion]:
        """Return what a half-typed argument may mean; nothing to those who may not call the command."""
        may = command.permission == "everyone" or caller_of(interaction, self._moderator_role).is_moderator
        if parameter.names is None or not may:
            return ()
        return await self._front.complete(space_of(interaction.guild_id, interaction.user.id), parameter.names, typed)

    async def teach(self, interaction: Interaction, message: discord.Message) -> None:
        """Learn what a message says, and the files it came with."""
        if command := self._front.registry.get("teach"):
            files = tuple(map(attachment_of, message.attachments))
            quoted = (post_of(message),) if message.content else ()
            await self._call(interaction, command, {}, files, quoted)

    async def _call(
        self,
        interaction: Interaction,
        command: Command,
        arguments: dict[str, str],
        files: tuple[Attachment, ...],
        quoted: tuple[PostedMessage, ...] = (),
    ) -> None:
        may = command.permission == "everyone" or caller_of(interaction, self._moderator_role).is_moderator
        ephemeral = command.private or not may
        called = call_of(interaction, command.name, self._moderator_role, arguments, files, ephemeral=ephemeral)
        message = replace(called, quoted=quoted, nearby=nearby(interaction.channel))

        async def carry_out() -> None:
            async with self._backlog.accepted(message) as is_new:
                if not is_new:
                    return
                if not await acknowledge(interaction, ephemeral=ephemeral):
                    return await self._front.inbox.close(message)
                journal = self._front.inbox.journal(message)
                post = InteractionPost(interaction, self.traffic, ephemeral=ephemeral)
                async with StreamedReply(post, journal=journal) as outlet:
                    pressed = PressOutlet(outlet)
                    await self._front.handle(message, pressed)
                if pressed.is_settled and interaction.message is not None:
                    await _take_buttons(interaction.message)

        self._own(carry_out())

    # --- buttons ----------------------------------------------------------------------------------

    async def press_thumb(self, interaction: Interaction, thumb: Thumb, answer_id: int) -> None:
        """Record a thumb once, however often Discord delivers the press, and thank whoever pressed it."""
        if await self._is_new_press(interaction) and await acknowledge(interaction, ephemeral=True):
            self._own(self._rate(interaction, thumb, answer_id))

    async def _rate(self, interaction: Interaction, thumb: Thumb, answer_id: int) -> None:
        space = space_of(interaction.guild_id, interaction.user.id)
        person = caller_of(interaction, self._moderator_role)
        await show(interaction, await self._front.rate(space, answer_id, person, thumb, str(interaction.locale)))

    async def press_command(self, interaction: Interaction, name: str, argument: str) -> None:
        """Carry out the command a button calls, as if whoever pressed it had typed it."""
        command = self._front.registry.get(name)
        if command is not None:
            await self._call(interaction, command, CommandLine(name, argument).arguments(command), ())
        else:
            await self._say_stale(interaction)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Say of a button that no longer is one that it does nothing any more."""
        if interaction.type is discord.InteractionType.component and not is_known(interaction):
            await self._say_stale(interaction)

    async def _say_stale(self, interaction: Interaction) -> None:
        if await self._is_new_press(interaction) and await acknowledge(interaction, ephemeral=True):
            self._own(tell(interaction, "button.stale"))

    async def press_thread(self, interaction: Interaction) -> None:
        """Open a thread on an answer and say where it is."""
        if await self._is_new_press(interaction) and await acknowledge(interaction, ephemeral=True):
            self._own(self._open_thread(interaction))

    async def _open_thread(self, interaction: Interaction) -> None:
        await tell(interaction, await open_thread(interaction.message), place=thread_link(interaction.message))

    async def _is_new_press(self, interaction: Interaction) -> bool:
        return await self._is_new(interaction.guild_id, interaction.user.id, interaction.id)

    async def _is_new(self, guild_id: int | None, user_id: int, event_id: int) -> bool:
        return await self._front.inbox.claim(space_of(guild_id, user_id), f"discord:event:{event_id}")

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
        """Let answers under way finish for a few seconds, then stop them; those are taken up at the next start."""
        if self._taking_up is not None:
            self._taking_up.cancel()
            await asyncio.gather(self._taking_up, return_exceptions=True)
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=GRACE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class AionCommandTree(app_commands.CommandTree[Client]):
    """The commands, with a sentence for a call that no longer fits them."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Say that the menu is out of date; log anything else."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.warning("Discord: a call of an outdated command: %s", error)
            if await acknowledge(interaction, ephemeral=True):
                await tell(interaction, "discord.outdated")
        else:
            log.error("Discord: a command failed", exc_info=error)


async def _take_buttons(pressed: discord.Message) -> None:
    with suppress(DeliveryFailed), failures(repeatable=True):
        await pressed.edit(view=None)
