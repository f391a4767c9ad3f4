"""Slash commands, the message menu and presses of buttons: what Discord calls interactions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import discord

from bot.adapters.discord.acknowledge import Interaction, acknowledge, post_of, show, tell
from bot.adapters.discord.address import space_of
from bot.adapters.discord.attachments import attachment_of
from bot.adapters.discord.components.cards import settled_view
from bot.adapters.discord.errors import failures
from bot.adapters.discord.history.recent_messages import recent_messages
from bot.adapters.discord.teachable_posts import nearby_messages, posted_message_of
from bot.adapters.discord.threads import open_thread, thread_link
from bot.adapters.discord.translate import call_of, caller_of, person_of, space_of_interaction
from bot.delivery.answering import MessageHandler
from bot.delivery.errors import DeliveryFailed
from bot.delivery.tasks import TaskSet
from core.commands import Command, CommandLine, Parameter, may_call
from core.control_characters import without_controls
from core.ports import AdapterApi, ArgumentCompletion
from core.types import Attachment, Message, Person, PostedMessage, SpaceId, Thumb

MAX_ASKED_CHARS = 2_000


class InteractionHandler:
    """Carries interactions to the core; each is acknowledged within three seconds and handled in a task of its own.

    ``moderator_role`` is the name or id of a role whose members moderate.
    """

    def __init__(
        self,
        api: AdapterApi,
        messages: MessageHandler,
        tasks: TaskSet,
        moderator_role: str | None,
    ) -> None:
        self._api = api
        self._messages = messages
        self._tasks = tasks
        self._moderator_role = moderator_role

    # --- commands ---------------------------------------------------------------------------------

    async def call(
        self,
        interaction: Interaction,
        command: Command,
        arguments: dict[str, str],
        files: Sequence[discord.Attachment],
        people: Sequence[discord.User | discord.Member] = (),
    ) -> None:
        """Carry out a slash command; ``people`` are those whom its arguments name."""
        named = tuple(person_of(user, self._moderator_role) for user in people)
        self._start(interaction, command, arguments, tuple(map(attachment_of, files)), named=named)

    async def complete(
        self, interaction: Interaction, command: Command, parameter: Parameter, typed: str
    ) -> Sequence[ArgumentCompletion]:
        """Return what a half-typed argument may mean; nothing to those who may not call the command."""
        if parameter.names is None or not self._may_call(interaction, command):
            return ()
        space, person = space_of_interaction(interaction), caller_of(interaction, self._moderator_role)
        return await self._api.complete(space, str(interaction.channel_id), person, parameter.names, typed)

    async def teach(self, interaction: Interaction, message: discord.Message) -> None:
        """Call ``/teach`` with the text of a message and the files it came with."""
        if command := self._api.registry.get("teach"):
            files = tuple(map(attachment_of, message.attachments))
            quoted = (posted_message_of(message),) if message.content else ()
            self._start(interaction, command, {}, files, quoted)

    async def ask(self, interaction: Interaction, message: discord.Message) -> None:
        """Call ``/ask`` with the words of a message, as those of whoever asks; without any, say that it has none."""
        if command := self._api.registry.get("ask"):
            asked = without_controls(message.content).strip()[:MAX_ASKED_CHARS]
            self._start(interaction, command, {"question": asked} if asked else {})

    def _may_call(self, interaction: Interaction, command: Command) -> bool:
        """Return whether the caller may call a command; in direct messages the core decides, and hides nothing."""
        return interaction.guild_id is None or may_call(caller_of(interaction, self._moderator_role), command)

    def _start(
        self,
        interaction: Interaction,
        command: Command,
        arguments: dict[str, str],
        files: tuple[Attachment, ...] = (),
        quoted: tuple[PostedMessage, ...] = (),
        named: tuple[Person, ...] = (),
    ) -> None:
        """Carry out a command in a task; a refusal is for the caller alone, as a private command's reply is."""
        ephemeral = command.private or command.quiet or not self._may_call(interaction, command)
        called = call_of(interaction, command.name, self._moderator_role, arguments, files, ephemeral=ephemeral)
        may_read = interaction.guild_id is not None and interaction.permissions.read_message_history
        message = replace(
            called,
            quoted=quoted,
            named=named,
            nearby=nearby_messages(interaction.channel),
            history=recent_messages(interaction.channel) if may_read else None,
        )
        self._tasks.start(self._carry_out(interaction, message, ephemeral=ephemeral))

    async def _carry_out(self, interaction: Interaction, message: Message, *, ephemeral: bool) -> None:
        async def prepare() -> Message | None:
            return message if await acknowledge(interaction, ephemeral=ephemeral) else None

        if interaction.guild_id is None:
            await self._api.open_private_chat("discord", message.space)
        post = post_of(interaction, ephemeral=ephemeral)
        settles = await self._messages.answer(message, post, prepare=prepare)
        if settles and interaction.message is not None:
            with suppress(DeliveryFailed), failures(repeatable=True):
                await interaction.message.edit(view=settled_view(interaction.message, _pressed_id(interaction)))

    # --- buttons ----------------------------------------------------------------------------------

    async def press_thumb(self, interaction: Interaction, thumb: Thumb, answer_id: int) -> None:
        """Record a thumb once, however often Discord delivers the press, and thank whoever pressed it."""
        space, person = space_of_interaction(interaction), caller_of(interaction, self._moderator_role)
        if self._api.admit_press(space, person):
            self._tasks.start(self._rate(interaction, space, person, thumb, answer_id))

    async def _rate(
        self, interaction: Interaction, space: SpaceId, person: Person, thumb: Thumb, answer_id: int
    ) -> None:
        """Store a thumb; only then Discord is told that the press was taken, or a crash would lose it."""
        locale, key = str(interaction.locale), _event_key(interaction)
        thanks = await self._api.rate(space, answer_id, person, thumb, locale, key)
        if await acknowledge(interaction, ephemeral=True):
            await show(interaction, thanks)

    async def press_command(self, interaction: Interaction, name: str, argument: str, channel: str = "") -> None:
        """Carry out the command a button or a menu calls, as if whoever pressed it had typed it.

        ``channel`` is one that was chosen in a menu of channels.
        """
        command = self._api.registry.get(name)
        if command is not None:
            chosen = {each.name: channel for each in command.parameters if each.kind == "channel" and channel}
            self._start(interaction, command, CommandLine(name, argument).arguments(command) | chosen)
        else:
            await self.press_unknown(interaction)

    async def press_unknown(self, interaction: Interaction) -> None:
        """Reply that the pressed button, of an earlier version, no longer does anything."""
        if await self._acknowledge_new(interaction):
            self._tasks.start(tell(interaction, "button.stale"))

    async def press_thread(self, interaction: Interaction) -> None:
        """Open a thread on an answer and reply with a link to it."""
        if await self._acknowledge_new(interaction):
            self._tasks.start(self._open_thread(interaction))

    async def _open_thread(self, interaction: Interaction) -> None:
        await tell(interaction, await open_thread(interaction.message), place=thread_link(interaction.message))

    async def _acknowledge_new(self, interaction: Interaction) -> bool:
        """Acknowledge a press, in private; return whether it is within the limits, new, and can be replied to."""
        space = space_of(interaction.guild_id, interaction.user.id)
        if not self._api.admit_press(space, caller_of(interaction, self._moderator_role)):
            return False
        is_new = await self._api.inbox.claim(space, _event_key(interaction))
        return is_new and await acknowledge(interaction, ephemeral=True)


def _pressed_id(interaction: Interaction) -> str:
    data: Any = interaction.data or {}
    return str(data.get("custom_id", ""))


def _event_key(interaction: Interaction) -> str:
    return f"discord:event:{interaction.id}"
