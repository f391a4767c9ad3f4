"""Where a reply or a notice appears on Discord: as messages in a channel."""

from __future__ import annotations

import hashlib
import io
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import discord

from bot.adapters.discord.components.buttons import buttons_under, can_open_thread
from bot.adapters.discord.components.cards import card_of, fits_card
from bot.adapters.discord.errors import failures
from bot.adapters.discord.markdown import discord_markdown
from bot.adapters.discord.rate_limits import DiscordRateLimits, Kind
from bot.delivery.errors import MessageGone
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from core.markdown import Markdown

CAPABILITIES = Capabilities(max_units=2000, measure=utf16_units, edit_interval_s=1.0, typing_interval_s=8.0)
"""Discord's own limits; UTF-16 units are its strictest reading of "characters". Its typing sign lasts ten seconds."""

NONCE_S = 120.0
"""Discord recognises a nonce for "a few minutes" (https://docs.discord.com/developers/resources/message)."""

Sent = discord.Message | discord.PartialMessage


def view_of(rendered: RenderedMessage, channel: object) -> Any:
    """Return the components of a message, or ``None``, which discord.py takes though its signatures do not say so."""
    if rendered.is_card:
        return card_of(rendered)
    return buttons_under(rendered, can_thread=can_open_thread(channel))


def content_of(rendered: RenderedMessage) -> Any:
    """Return the content of a message; ``None`` for a card, whose text is in its components."""
    return None if rendered.is_card else rendered.text


def attachments_of(rendered: RenderedMessage) -> dict[str, Any]:
    """Return the keyword arguments that attach the file of a message by an edit; none where it has no file."""
    if rendered.file is None:
        return {}
    return {"attachments": [discord.File(io.BytesIO(rendered.file.data), rendered.file.name)]}


def files_of(rendered: RenderedMessage) -> dict[str, Any]:
    """Return the keyword arguments that send the file of a message; none where it has no file."""
    return {"files": files} if (files := attachments_of(rendered).get("attachments")) else {}


def nonce_of(key: str) -> str:
    """Return what the nonces of a notice begin with: 16 hexadecimal digits (nonces have at most 25 characters)."""
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


def knows_nonces_of(cause: discord.abc.Snowflake) -> bool:
    """Return whether Discord surely still knows the nonces of replies to ``cause``, which is under ``NONCE_S`` old."""
    made_at = discord.utils.snowflake_time(cause.id)
    return (discord.utils.utcnow() - made_at).total_seconds() < NONCE_S


class ChannelPost:
    """Replies to one message; the first part refers to it, and a nonce on every part prevents duplicates.

    A ``PartialMessage``, which is all that is left of the message after a restart, suffices. Private parts go to
    ``direct``; without it the channel is private itself.
    """

    capabilities = CAPABILITIES

    def __init__(
        self,
        message: discord.Message | discord.PartialMessage,
        rate_limits: DiscordRateLimits,
        direct: ChannelPost | None = None,
    ) -> None:
        self._message: discord.Message | discord.PartialMessage | None = message
        self._channel: Any = message.channel
        self._rate_limits = rate_limits
        self._nonce = str(message.id)
        self._direct = direct
        self._mentions: Any = None  # the client's own: nobody

    def render(self, markdown: Markdown) -> str:
        """Return Markdown in Discord's form."""
        return discord_markdown(markdown)

    def fits_card(self, rendered: RenderedMessage) -> bool:
        """Return whether a card with these items is within Discord's limits."""
        return fits_card(rendered)

    async def typing(self) -> None:
        """Show the typing sign for ten seconds. Raises ``NotDelivered`` where the budget is kept for final texts."""
        self._rate_limits.admit_cosmetic(self._channel.id, "typing")
        with failures(repeatable=True):
            await self._channel.typing()

    async def admit(self, rendered: RenderedMessage) -> None:
        """Wait until the budgets of the bot and of the channel allow a message."""
        if rendered.private and self._direct is not None:
            return await self._direct.admit(rendered)
        await self._admit("send", rendered)

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        """Return a context that waits for nothing: a repeated send is recognised by its nonce."""
        return nullcontext()

    async def send(self, rendered: RenderedMessage, index: int) -> discord.Message:
        """Send a part; Discord answers a repeated nonce with the message it already made."""
        if rendered.private and self._direct is not None:
            return await self._direct.send(rendered, index)
        asked = self._message if not index or rendered.refers else None
        reference: Any = asked.to_reference(fail_if_not_exists=False) if asked else None
        with failures(repeatable=True):
            sent: discord.Message = await self._channel.send(
                content_of(rendered),
                nonce=f"{self._nonce}:{index}",
                reference=reference,
                suppress_embeds=True,
                view=(view := view_of(rendered, self._channel)),
                allowed_mentions=self._mentions,
                **files_of(rendered),
            )
        if sent.content != (content_of(rendered) or "") or bool(sent.components) != (view is not None):
            await self.edit(sent, rendered)  # an earlier attempt did arrive, with its text of then
        return sent

    async def react(self, emoji: str) -> None:
        """Put an emoji on the message that is replied to."""
        if self._message is not None:
            await self._rate_limits.admit(self._channel.id, "react")
            with failures(repeatable=True):
                await self._message.add_reaction(emoji)

    async def edit(self, handle: Sent, rendered: RenderedMessage) -> None:
        """Edit a part, its buttons included. Raises ``MessageGone`` after deleting one that must become private."""
        if rendered.private and self._direct is not None and handle.channel.id == self._channel.id:
            await self.delete(handle)
            raise MessageGone("what was public is now private")
        await self._admit("edit", rendered)
        with failures(repeatable=True):
            await handle.edit(
                content=content_of(rendered), view=view_of(rendered, self._channel), **attachments_of(rendered)
            )

    async def delete(self, handle: Sent) -> None:
        """Delete a part."""
        await self._rate_limits.admit(self._channel.id, "delete")
        with failures(repeatable=True):
            await handle.delete()

    def serialize(self, handle: Sent) -> str:
        """Return the id of a part; of one sent elsewhere, after its channel's."""
        if self._direct is not None and handle.channel.id != self._channel.id:
            return self._direct.serialize(handle)
        return str(handle.id)

    def restore(self, name: str) -> Sent:
        """Return the part with that id."""
        if ":" in name and self._direct is not None:
            return self._direct.restore(name)
        found: Sent = self._channel.get_partial_message(int(name))
        return found

    def can_resend(self, index: int) -> bool:
        """Return whether Discord surely still knows the nonces of replies to this message."""
        return self._message is not None and knows_nonces_of(self._message)

    async def _admit(self, kind: Kind, rendered: RenderedMessage) -> None:
        if rendered.cosmetic:
            self._rate_limits.admit_cosmetic(self._channel.id, kind)
        else:
            await self._rate_limits.admit(self._channel.id, kind)


class NoticePost(ChannelPost):
    """Sends a notice, that is a message that replies to no event; its nonces are derived from its ``key``.

    The late answer to ``asked``, a message of the account ``asker_id``, refers to that message and pings the account.
    """

    def __init__(
        self,
        channel: Any,
        key: str,
        rate_limits: DiscordRateLimits,
        asked: discord.PartialMessage | None = None,
        asker_id: int | None = None,
    ) -> None:
        self._message = asked
        self._channel = channel
        self._direct = None
        self._rate_limits = rate_limits
        self._nonce = nonce_of(key)
        self._asker_id = asker_id
        users = [] if asker_id is None else [discord.Object(asker_id)]
        self._mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=users, replied_user=asked is not None
        )

    def render(self, markdown: Markdown) -> str:
        """Return Markdown in Discord's form; without a message to refer to, it begins with a mention of the asker."""
        shown = discord_markdown(markdown)
        return f"<@{self._asker_id}> {shown}" if self._asker_id is not None and self._message is None else shown

    def can_resend(self, index: int) -> bool:
        """Return ``True``: a lost notice is worse than a duplicate."""
        return True
