"""discord.py's client with AION's handlers: the session, messages, edits, and messages missed between sessions."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import discord
from discord import app_commands

from bot.adapters.discord.acknowledge import Interaction, acknowledge, tell
from bot.adapters.discord.address import DIRECT, channel_at, interaction_at, message_at, space_of
from bot.adapters.discord.audiences import ChannelAudiences
from bot.adapters.discord.command_sync import CommandHashFile, keep_synced
from bot.adapters.discord.commands import Translator, add_commands
from bot.adapters.discord.components.buttons import BUTTONS, calls_under, is_known
from bot.adapters.discord.direct_post import DirectPost
from bot.adapters.discord.history.channel_history import ChannelHistory
from bot.adapters.discord.history.missed_messages import MissedMessages, asked_before_start
from bot.adapters.discord.interaction_post import InteractionPost
from bot.adapters.discord.interactions import InteractionHandler
from bot.adapters.discord.library_patches import forbid_followup_retries, forget_readiness, skip_malformed_events
from bot.adapters.discord.post import ChannelPost, NoticePost, nonce_of
from bot.adapters.discord.rate_limits import DiscordRateLimits
from bot.adapters.discord.translate import (
    heard_message_of,
    is_addressed,
    is_heard,
    is_in_thread_of,
    is_unaddressed,
    is_unreadable,
    message_of,
    person_of,
    replies_to,
    thread_title,
    unread_kind,
)
from bot.delivery.answering import MessageHandler
from bot.delivery.edited_questions import EDIT_WINDOW
from bot.delivery.reply_commands import as_command, declined_answer, reply_command
from bot.delivery.stream import LONGEST_WAIT_S
from bot.delivery.tasks import TaskSet
from core.importing.speech_acts import is_solved_name
from core.ports import AdapterApi
from core.texts import language_of_locale, say_markdown
from core.types import Message, Reply, is_private
from core.types.delivery import NOTICE
from core.voice_messages import recording_of

log = logging.getLogger(__name__)

GRACE_S = 5.0
"""How long answers under way may take to finish when AION is told to stop."""

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    add_reactions=True,
)
"""What the invite link asks a server for."""


class Client(discord.Client):
    """Carries the events of one bot to the core; each message is handled in a task of its own.

    ``moderator_role`` is the name or id of a role whose members moderate; ``command_hashes`` tells which commands
    Discord has.
    """

    def __init__(
        self, api: AdapterApi, intents: discord.Intents, moderator_role: str | None, command_hashes: CommandHashFile
    ) -> None:
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_WAIT_S,
            max_messages=None,  # whatever is needed of a message comes with its event
            http_trace=forbid_followup_retries(),
            enable_debug_events=True,  # for ``on_socket_raw_receive``: the other events leave heartbeats out
        )
        self.rate_limits = DiscordRateLimits()
        self._api = api
        self._moderator_role = moderator_role
        self._command_hashes = command_hashes
        self._tree = AionCommandTree(self)
        self._tasks = TaskSet("Discord")
        self._messages = MessageHandler(api, "discord", self._tasks, self._post_at)
        self.interactions = InteractionHandler(api, self._messages, self._tasks, moderator_role)
        self._missed = MissedMessages()
        self._history = ChannelHistory(self, api.watched_channels)
        self._heard_at_s: float | None = None
        api.judge_audiences("discord", ChannelAudiences(self))
        self._was_ready = False
        self._syncing: asyncio.Task[None] | None = None

    # --- the session ------------------------------------------------------------------------------

    async def setup_hook(self) -> None:
        """Prepare buttons and commands, once, before the first event."""
        self.add_dynamic_items(*BUTTONS)
        skip_malformed_events(self)
        await self._tree.set_translator(Translator())
        self._offer_commands()
        self._api.registry.follow(self._offer_commands)
        invite = discord.utils.oauth_url(
            self.application_id or 0, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        )
        log.info("Discord: logged in as %s. Invite link: %s", self.user, invite)

    def _offer_commands(self) -> None:
        """Send the registry's commands to Discord, in the background, in place of those before."""
        if self._syncing is not None:
            self._syncing.cancel()
        self._tree.clear_commands(guild=None)
        add_commands(self._tree, self._api.registry, self.interactions, hide=self._moderator_role is None)
        self._syncing = self._tasks.start_loop(keep_synced(self._tree, self._command_hashes))

    async def on_ready(self) -> None:
        """At the first session resume unfinished messages; at every one handle those sent while there was none."""
        if self._was_ready:
            self._history.begin_again()
            self._tasks.start(self._catch_up(self._missed.messages()))
        else:
            self._was_ready = True
            self._tasks.start_loop(self._history.run())
            self._messages.start_backlog()
            self._tasks.start(self._catch_up_at_start())

    async def _catch_up_at_start(self) -> None:
        await self._catch_up(asked_before_start(self, await self._api.recent_conversations("discord")))

    async def _catch_up(self, messages: AsyncIterator[discord.Message]) -> None:
        async for message in messages:
            await self.on_message(message)

    async def on_socket_raw_receive(self, _: str) -> None:
        """Note when the gateway last sent anything."""
        self._heard_at_s = time.monotonic()

    @property
    def heard_at_s(self) -> float | None:
        """Return when Discord last sent anything, if it ever did, on ``time.monotonic``'s clock."""
        return self._heard_at_s

    async def finish(self) -> None:
        """Let answers under way finish for ``GRACE_S``, then cancel them; those are resumed at the next start."""
        forget_readiness(self)
        self._api.registry.unfollow(self._offer_commands)
        await self._tasks.finish(GRACE_S)

    # --- messages ---------------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message addressed to AION; pass an unaddressed one on in a free channel."""
        if self.user is None:
            return
        self._missed.note(message)
        if is_addressed(self.user, message):
            self._missed.watch(message)
            self._tasks.start(self._answer(self.user, message))
        elif is_heard(message):
            self._tasks.start(self._hear(self.user, message))

    async def _answer(self, me: discord.ClientUser, message: discord.Message) -> None:
        if is_unreadable(message) and not self.intents.message_content:
            if replies_to(me, message):
                await self._say(message, "discord.unreadable")
            return
        question = message_of(me, message, self._moderator_role)
        if line := reply_command(calls_under(me, message), question.text, self._api.registry):
            question = as_command(question, line, self._api.registry)
        elif question.text:
            question = replace(question, declined=declined_answer(calls_under(me, message)))
            if question.declined is None and is_in_thread_of(me, message):
                question = await self._api.hear(heard_message_of(me, message, self._moderator_role)) or question
        elif not recording_of(question) and (kind := unread_kind(me, message)):
            return await self._say(message, f"wordless.{kind}")
        if message.guild is None:
            await self._api.open_private_chat("discord", question.space)
        await self._messages.answer(question, self._post_under(message))

    async def _say(self, message: discord.Message, key: str) -> None:
        language = language_of_locale(str(message.guild.preferred_locale) if message.guild else None, "en")
        await self._messages.reply_once(
            space_of(message.guild.id if message.guild else None, message.author.id),
            person_of(message.author, self._moderator_role),
            f"discord:event:{message.id}",
            self._post_under(message),
            Reply(say_markdown(language, key), language),
        )

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer a question anew that was edited within ``EDIT_WINDOW``; what was learned of a message follows it."""
        message = payload.message
        if self.user is not None and is_heard(message):
            self._tasks.start(self._api.hear_edit(heard_message_of(self.user, message, self._moderator_role)))
        is_late = message.edited_at is None or message.edited_at - message.created_at > EDIT_WINDOW
        if self.user is None or is_late or not is_addressed(self.user, message) or is_unreadable(message):
            return
        edited = message_of(self.user, message, self._moderator_role)
        self._tasks.start(self._messages.answer_edited(edited, self._post_under(message)))

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Forget what was learned of a message."""
        if payload.guild_id is not None:
            self._tasks.start(self._forget(payload.guild_id, {payload.message_id}))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget what was learned of several messages."""
        if payload.guild_id is not None:
            self._tasks.start(self._forget(payload.guild_id, payload.message_ids))

    async def _forget(self, guild_id: int, message_ids: set[int]) -> None:
        for message_id in message_ids:
            await self._api.hear_deletion(space_of(guild_id, 0), f"discord:{message_id}")

    async def _hear(self, me: discord.ClientUser, message: discord.Message) -> None:
        """Learn a trusted reply; in a free channel, answer a question that is to nobody in particular."""
        call = await self._api.hear(heard_message_of(me, message, self._moderator_role))
        if call is not None:
            await self._messages.answer(call, self._post_under(message))
            return
        await self._history.keep(message)
        if is_unaddressed(message):
            await self._overhear(me, message)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        """Read a thread of a watched channel that was marked as solved."""
        if thread_title(before) != thread_title(after) and is_solved_name(thread_title(after)):
            await self._history.read_again(after)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Tell the moderators where a watched channel is gone."""
        self._history.begin_again()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the watched channels of a server cannot be read any more."""
        self._history.begin_again()

    async def _overhear(self, me: discord.ClientUser, message: discord.Message) -> None:
        said = replace(message_of(me, message, self._moderator_role), addressed=False)
        if await self._api.is_free_channel(said.space, said.conversation):
            self._missed.watch(message)
            await self._messages.overhear(said, self._post_under(message))

    def _post_under(self, message: discord.Message) -> ChannelPost:
        if message.guild is None:
            return ChannelPost(message, self.rate_limits)
        direct = DirectPost(self, message.author.id, self.rate_limits, f"{message.id}")
        return ChannelPost(message, self.rate_limits, direct)

    def _post_at(self, message: Message) -> ChannelPost | InteractionPost:
        """Return where the reply to a stored message, or a stored notice, goes."""
        address = message.address
        if NOTICE in address:
            return self._notice_post(message)
        if "token" in address:
            direct = DirectPost(self, int(address["asker"]), self.rate_limits, address["interaction"])
            interaction = interaction_at(self, address)
            return InteractionPost(interaction, self.rate_limits, direct, ephemeral=bool(address["ephemeral"]))
        if is_private(message.space):
            return ChannelPost(message_at(self, address), self.rate_limits)
        direct = DirectPost(self, int(address["asker"]), self.rate_limits, address["message"])
        return ChannelPost(message_at(self, address), self.rate_limits, direct)

    def _notice_post(self, notice: Message) -> ChannelPost:
        address = notice.address
        if notice.conversation.startswith(DIRECT):
            user_id = int(notice.conversation.removeprefix(DIRECT))
            return DirectPost(self, user_id, self.rate_limits, nonce_of(notice.key))
        channel = channel_at(self, {"channel": notice.conversation})
        asked = channel.get_partial_message(int(address["asked"])) if address.get("asked") else None
        asker_id = int(address["asker"]) if address.get("asker") else None
        return NoticePost(channel, notice.key, self.rate_limits, asked, asker_id)

    # --- interactions -----------------------------------------------------------------------------

    async def on_interaction(self, interaction: Interaction) -> None:
        """Reply to a press of a button of an earlier version, which no class of button matches."""
        if interaction.type is discord.InteractionType.component and not is_known(interaction):
            await self.interactions.press_unknown(interaction)


class AionCommandTree(app_commands.CommandTree[Client]):
    """The slash commands, with a sentence for a call that no longer fits them."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Tell the caller that the menu is out of date; log anything else."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.warning("Discord: a call of an outdated command: %s", error)
            if await acknowledge(interaction, ephemeral=True):
                await tell(interaction, "discord.outdated")
        else:
            log.error("Discord: a command failed", exc_info=error)
