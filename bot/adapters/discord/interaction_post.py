"""Where the reply to a slash command or a button press appears: in place of "thinking…", and as follow-ups."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import discord

from bot.adapters.discord.errors import failures
from bot.adapters.discord.post import CAPABILITIES, attachments_of, files_of, knows_nonces_of, view_of
from bot.adapters.discord.rate_limits import DiscordRateLimits
from bot.delivery.errors import MessageGone, Undeliverable
from bot.delivery.markup import discord_markdown
from bot.delivery.post import RenderedMessage
from core.types import Reply

_ORIGINAL = "@original"
"""Discord's name for the first message of an interaction's reply."""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A part of a command's reply that an earlier process sent."""

    interaction: discord.Interaction[Any]
    id: str
    flags: discord.MessageFlags

    async def edit(self, *, content: str, view: Any, **attachments: Any) -> None:
        """Change it, as ``discord.Message.edit`` does."""
        if self.id == _ORIGINAL:
            await self.interaction.edit_original_response(content=content, view=view, **attachments)
        else:
            await self.interaction.followup.edit_message(int(self.id), content=content, view=view, **attachments)

    async def delete(self) -> None:
        """Remove it."""
        if self.id == _ORIGINAL:
            await self.interaction.delete_original_response()
        else:
            await self.interaction.followup.delete_message(int(self.id))


HookMessage = discord.Message | FoundMessage


class InteractionPost:
    """Replies to a deferred command: the first part replaces "thinking…", the others follow up.

    Discord has no nonce for a follow-up, so a private one that may have arrived is not sent again; a public one is a
    message in the channel, with a nonce, wherever the bot may write there. What is private where the command was
    deferred in public takes the public placeholder away first. After a quarter of an hour the command's
    token is void and the channel itself is written to, though never anything private.
    """

    capabilities = CAPABILITIES

    def __init__(self, interaction: discord.Interaction, rate_limits: DiscordRateLimits, *, ephemeral: bool) -> None:
        self._interaction = interaction
        self._rate_limits = rate_limits
        self._ephemeral = ephemeral
        self._is_thinking = True

    def render(self, reply: Reply) -> str:
        """Return the reply in Discord's Markdown."""
        return discord_markdown(reply)

    async def typing(self) -> None:
        """Do nothing: a deferred command shows "thinking…" by itself."""

    async def admit(self, bubble: RenderedMessage) -> None:
        """Return at once: discord.py waits for Discord's budgets by itself."""

    def on_its_way(self) -> AbstractAsyncContextManager[object]:
        """Return nothing to wait for: Discord's library sends to one webhook after the other."""
        return nullcontext()

    async def send(self, bubble: RenderedMessage, index: int) -> discord.Message:
        """Fill the placeholder, else follow up, else write to the channel."""
        if self._interaction.is_expired():
            return await self._send_to_channel(bubble, index)
        if self._is_thinking and bubble.private and not self._ephemeral:
            await self._drop_placeholder()
        try:
            return await (self._fill_placeholder(bubble) if self._is_thinking else self._follow_up(bubble, index))
        except MessageGone:  # the placeholder was removed, or the token became void a moment ago
            return await self._send_to_channel(bubble, index)

    async def _fill_placeholder(self, bubble: RenderedMessage) -> discord.Message:
        with failures(repeatable=True):
            first = await self._interaction.edit_original_response(
                content=bubble.text, view=view_of(bubble, self._interaction.channel)
            )
        self._is_thinking = False
        return first

    async def _follow_up(self, bubble: RenderedMessage, index: int) -> discord.Message:
        with suppress(Undeliverable):
            return await self._send_to_channel(bubble, index)
        with failures(repeatable=False):
            return await self._interaction.followup.send(
                bubble.text,
                ephemeral=bubble.private or self._ephemeral,
                suppress_embeds=True,
                wait=True,
                view=view_of(bubble, self._interaction.channel) or discord.utils.MISSING,
                **files_of(bubble),
            )

    async def edit(self, handle: HookMessage, bubble: RenderedMessage) -> None:
        """Change a part. Raises ``MessageGone`` after removing a public one that must become private."""
        with failures(repeatable=True):
            if bubble.private and not handle.flags.ephemeral:
                await handle.delete()
                raise MessageGone("what was public is now private")
            view = view_of(bubble, self._interaction.channel)
            await handle.edit(content=bubble.text, view=view, **attachments_of(bubble))

    async def delete(self, handle: HookMessage) -> None:
        """Remove a part."""
        with failures(repeatable=True):
            await handle.delete()

    def name(self, handle: HookMessage) -> str:
        """Return a part's name: Discord keeps a word for the first, the others have ids."""
        return _ORIGINAL if isinstance(handle, discord.InteractionMessage) else str(handle.id)

    def find(self, name: str) -> HookMessage:
        """Return the part of that name."""
        self._is_thinking = False
        return FoundMessage(self._interaction, name, discord.MessageFlags(ephemeral=self._ephemeral))

    def repeats(self, index: int) -> bool:
        """Return whether ``index`` fills the placeholder, or is a message whose nonce Discord still knows."""
        return index == 0 or (not self._ephemeral and knows_nonces_of(self._interaction))

    async def _drop_placeholder(self) -> None:
        with suppress(MessageGone), failures(repeatable=True):
            await self._interaction.delete_original_response()
        self._is_thinking = False

    async def _send_to_channel(self, bubble: RenderedMessage, index: int) -> discord.Message:
        channel = self._interaction.channel
        if bubble.private or self._ephemeral or not isinstance(channel, discord.abc.Messageable):
            raise Undeliverable("what is private is not for the channel")
        await self._rate_limits.admit(self._interaction.channel_id or 0, "send")
        with failures(repeatable=True):
            return await channel.send(
                bubble.text,
                nonce=f"{self._interaction.id}:{index}",
                suppress_embeds=True,
                view=view_of(bubble, channel),
                **files_of(bubble),
            )
