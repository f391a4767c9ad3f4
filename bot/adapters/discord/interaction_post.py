"""Where the reply to a slash command or a button press appears: in place of "thinking…", and as follow-ups."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import discord

from bot.adapters.discord.components.cards import fits_card
from bot.adapters.discord.direct_post import DirectPost
from bot.adapters.discord.errors import failures
from bot.adapters.discord.markdown import discord_markdown
from bot.adapters.discord.post import CAPABILITIES, attachments_of, content_of, files_of, knows_nonces_of, view_of
from bot.adapters.discord.rate_limits import DiscordRateLimits
from bot.delivery.errors import MessageGone, NoPrivatePlace, Undeliverable
from bot.delivery.post import RenderedMessage
from core.markdown import Markdown

_ORIGINAL = "@original"
"""Discord's name for the first message of an interaction's reply."""


@dataclass(frozen=True, slots=True)
class RestoredMessage:
    """A part of an interaction's reply that an earlier process sent, by its ``id`` or ``@original``."""

    interaction: discord.Interaction[Any]
    id: str
    flags: discord.MessageFlags

    async def edit(self, *, content: Any, view: Any, **attachments: Any) -> None:
        """Edit it, as ``discord.Message.edit`` does."""
        if self.id == _ORIGINAL:
            await self.interaction.edit_original_response(content=content, view=view, **attachments)
        else:
            await self.interaction.followup.edit_message(int(self.id), content=content, view=view, **attachments)

    async def delete(self) -> None:
        """Delete it."""
        if self.id == _ORIGINAL:
            await self.interaction.delete_original_response()
        else:
            await self.interaction.followup.delete_message(int(self.id))


HookMessage = discord.Message | RestoredMessage
Handle = HookMessage | discord.PartialMessage
"""A part of a reply; only one in direct messages is known in part alone."""


class InteractionPost:
    """Replies to a deferred interaction: the first part replaces "thinking…", the others follow up.

    A follow-up has no nonce, so a private one that may have arrived is not sent again; a public one is sent as a
    message in the channel, with a nonce, wherever the bot may write there. A private reply to an interaction deferred
    in public deletes the public placeholder first. After 15 minutes the interaction's token expires, and public parts
    are sent to the channel, the others to ``direct``.
    """

    capabilities = CAPABILITIES

    def __init__(
        self,
        interaction: discord.Interaction,
        rate_limits: DiscordRateLimits,
        direct: DirectPost,
        *,
        ephemeral: bool,
    ) -> None:
        self._interaction = interaction
        self._direct = direct
        self._rate_limits = rate_limits
        self._ephemeral = ephemeral
        self._is_thinking = True

    def render(self, markdown: Markdown) -> str:
        """Return Markdown in Discord's form."""
        return discord_markdown(markdown)

    def fits_card(self, rendered: RenderedMessage) -> bool:
        """Return whether a card with these items is within Discord's limits."""
        return fits_card(rendered)

    async def typing(self) -> None:
        """Do nothing: a deferred interaction shows "thinking…" by itself."""

    async def admit(self, rendered: RenderedMessage) -> None:
        """Return at once: discord.py waits for Discord's budgets by itself."""

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        """Return a context that waits for nothing: discord.py sends to one webhook sequentially."""
        return nullcontext()

    async def send(self, rendered: RenderedMessage, index: int) -> discord.Message:
        """Replace the placeholder, else follow up, else send to the channel."""
        if self._interaction.is_expired():
            return await self._send_elsewhere(rendered, index)
        if self._is_thinking and _is_for_caller(rendered) and not self._ephemeral:
            await self._drop_placeholder()
        try:
            return await (
                self._replace_placeholder(rendered) if self._is_thinking else self._follow_up(rendered, index)
            )
        except MessageGone:  # the placeholder was removed, or the token became void a moment ago
            return await self._send_elsewhere(rendered, index)

    async def _replace_placeholder(self, rendered: RenderedMessage) -> discord.Message:
        with failures(repeatable=True):
            first = await self._interaction.edit_original_response(
                content=content_of(rendered), view=view_of(rendered, self._interaction.channel)
            )
        self._is_thinking = False
        return first

    async def _follow_up(self, rendered: RenderedMessage, index: int) -> discord.Message:
        if not (self._ephemeral or _is_for_caller(rendered)):
            with suppress(Undeliverable):
                return await self._send_to_channel(rendered, index)
        with failures(repeatable=False):
            return await self._interaction.followup.send(
                content_of(rendered),
                ephemeral=_is_for_caller(rendered) or self._ephemeral,
                suppress_embeds=True,
                wait=True,
                view=view_of(rendered, self._interaction.channel) or discord.utils.MISSING,
                **files_of(rendered),
            )

    async def edit(self, handle: Handle, rendered: RenderedMessage) -> None:
        """Edit a part. Raises ``MessageGone`` after deleting a public one that must become private."""
        with failures(repeatable=True):
            if _is_for_caller(rendered) and self._is_public(handle):
                await handle.delete()
                raise MessageGone("what was public is now private")
            view = view_of(rendered, self._interaction.channel)
            await handle.edit(content=content_of(rendered), view=view, **attachments_of(rendered))

    async def delete(self, handle: Handle) -> None:
        """Delete a part."""
        with failures(repeatable=True):
            await handle.delete()

    def serialize(self, handle: Handle) -> str:
        """Return the id of a part; ``@original`` for the one that replaced the placeholder."""
        if isinstance(handle, discord.InteractionMessage):
            return _ORIGINAL
        if isinstance(handle, RestoredMessage) or handle.channel.id == self._interaction.channel_id:
            return str(handle.id)
        return self._direct.serialize(handle)

    def restore(self, name: str) -> Handle:
        """Return the part with that id."""
        self._is_thinking = False
        if ":" in name:
            return self._direct.restore(name)
        return RestoredMessage(self._interaction, name, discord.MessageFlags(ephemeral=self._ephemeral))

    def can_resend(self, index: int) -> bool:
        """Return whether ``index`` fills the placeholder, or is a message whose nonce Discord still knows."""
        return index == 0 or (not self._ephemeral and knows_nonces_of(self._interaction))

    def _is_public(self, handle: Handle) -> bool:
        if isinstance(handle, RestoredMessage):
            return not handle.flags.ephemeral
        is_here = handle.channel.id == self._interaction.channel_id
        return is_here and isinstance(handle, discord.Message) and not handle.flags.ephemeral

    async def _drop_placeholder(self) -> None:
        with suppress(MessageGone), failures(repeatable=True):
            await self._interaction.delete_original_response()
        self._is_thinking = False

    async def _send_elsewhere(self, rendered: RenderedMessage, index: int) -> discord.Message:
        """Send to the person's direct messages what is for them alone, and to the channel what others may read."""
        if _is_for_caller(rendered) or self._ephemeral:
            try:
                await self._direct.admit(rendered)
                return await self._direct.send(rendered, index)
            except NoPrivatePlace:
                if rendered.private:
                    raise
        return await self._send_to_channel(rendered, index)

    async def _send_to_channel(self, rendered: RenderedMessage, index: int) -> discord.Message:
        channel = self._interaction.channel
        if rendered.private or not isinstance(channel, discord.abc.Messageable):
            raise Undeliverable("what is private is not for the channel")
        await self._rate_limits.admit(self._interaction.channel_id or 0, "send")
        with failures(repeatable=True):
            return await channel.send(
                content_of(rendered),
                nonce=f"{self._interaction.id}:{index}",
                suppress_embeds=True,
                view=view_of(rendered, channel),
                **files_of(rendered),
            )


def _is_for_caller(rendered: RenderedMessage) -> bool:
    return rendered.private or rendered.quiet
