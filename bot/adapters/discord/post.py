"""Where a reply or a notice appears on Discord: as messages in a channel."""

from __future__ import annotations

import hashlib
import io
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import discord

from bot.adapters.discord.buttons import buttons_under, can_open_thread
from bot.adapters.discord.errors import failures
from bot.adapters.discord.rate_limits import DiscordRateLimits, Kind
from bot.delivery.markup import discord_markdown
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from core.types import Reply

CAPABILITIES = Capabilities(max_units=2000, measure=utf16_units, edit_interval_s=1.0, typing_interval_s=8.0)
"""Discord's own limits; UTF-16 units are its strictest reading of "characters". Its typing sign lasts ten seconds."""

NONCE_S = 120.0
"""Discord recognises a nonce for "a few minutes" (https://docs.discord.com/developers/resources/message)."""

Sent = discord.Message | discord.PartialMessage


def view_of(bubble: RenderedMessage, channel: object) -> Any:
    """Return the buttons of a message, or ``None``, which discord.py takes though its signatures do not say so."""
    return buttons_under(bubble, can_thread=can_open_thread(channel))


def attachments_of(bubble: RenderedMessage) -> dict[str, Any]:
    """Return the keyword arguments that attach the file of a message by an edit; none where it has no file."""
    if bubble.file is None:
        return {}
    return {"attachments": [discord.File(io.BytesIO(bubble.file.data), bubble.file.name)]}


def files_of(bubble: RenderedMessage) -> dict[str, Any]:
    """Return the keyword arguments that send the file of a message; none where it has no file."""
    return {"files": files} if (files := attachments_of(bubble).get("attachments")) else {}


def knows_nonces_of(cause: discord.abc.Snowflake) -> bool:
    """Return whether Discord surely still knows the nonces of replies to ``cause``, which is under ``NONCE_S`` old."""
    made_at = discord.utils.snowflake_time(cause.id)
    return (discord.utils.utcnow() - made_at).total_seconds() < NONCE_S


class ChannelPost:
    """Replies to one message. Its first part refers to the message; every part carries a nonce, so none doubles.

    A ``PartialMessage`` is all that is left of the message after a restart, and all this needs.
    """

    capabilities = CAPABILITIES

    def __init__(self, message: discord.Message | discord.PartialMessage, rate_limits: DiscordRateLimits) -> None:
        self._message: discord.Message | discord.PartialMessage | None = message
        self._channel: Any = message.channel
        self._rate_limits = rate_limits
        self._nonce = str(message.id)
        self._mentions: Any = None  # the client's own: nobody

    def render(self, reply: Reply) -> str:
        """Return the reply in Discord's Markdown."""
        return discord_markdown(reply)

    async def typing(self) -> None:
        """Show the typing sign for ten seconds, if the budget can spare it."""
        self._rate_limits.spare(self._channel.id, "typing")
        with failures(repeatable=True):
            await self._channel.typing()

    async def admit(self, bubble: RenderedMessage) -> None:
        """Return when the budgets of the bot and of the channel allow a message."""
        await self._admit("send", bubble)

    def on_its_way(self) -> AbstractAsyncContextManager[object]:
        """Return nothing to wait for: Discord knows a message again by its nonce."""
        return nullcontext()

    async def send(self, bubble: RenderedMessage, index: int) -> discord.Message:
        """Send a part; Discord answers a repeated nonce with the message it already made."""
        reference: Any = self._message.to_reference(fail_if_not_exists=False) if self._message and not index else None
        with failures(repeatable=True):
            sent: discord.Message = await self._channel.send(
                bubble.text,
                nonce=f"{self._nonce}:{index}",
                reference=reference,
                suppress_embeds=True,
                view=(view := view_of(bubble, self._channel)),
                allowed_mentions=self._mentions,
                **files_of(bubble),
            )
        if sent.content != bubble.text or bool(sent.components) != (view is not None):
            await self.edit(sent, bubble)  # an earlier attempt did arrive, as it was at that moment
        return sent

    async def edit(self, handle: Sent, bubble: RenderedMessage) -> None:
        """Change a part, its thumbs included."""
        await self._admit("edit", bubble)
        with failures(repeatable=True):
            await handle.edit(content=bubble.text, view=view_of(bubble, self._channel), **attachments_of(bubble))

    async def delete(self, handle: Sent) -> None:
        """Remove a part."""
        await self._rate_limits.admit(self._channel.id, "delete")
        with failures(repeatable=True):
            await handle.delete()

    def name(self, handle: Sent) -> str:
        """Return a part's id."""
        return str(handle.id)

    def find(self, name: str) -> Sent:
        """Return the part of that id."""
        found: Sent = self._channel.get_partial_message(int(name))
        return found

    def repeats(self, index: int) -> bool:
        """Tell whether Discord surely still knows the nonces of replies to this message."""
        return self._message is not None and knows_nonces_of(self._message)

    async def _admit(self, kind: Kind, bubble: RenderedMessage) -> None:
        if bubble.cosmetic:
            self._rate_limits.spare(self._channel.id, kind)
        else:
            await self._rate_limits.admit(self._channel.id, kind)


class NoticePost(ChannelPost):
    """Says something nobody asked for at this moment; ``key`` names it for ever.

    Where it is the late answer to ``asked``, a message of ``asker_id``, it refers to that and pings them.
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
        self._rate_limits = rate_limits
        self._nonce = hashlib.blake2s(key.encode(), digest_size=8).hexdigest()
        self._asker_id = asker_id
        users = [] if asker_id is None else [discord.Object(asker_id)]
        self._mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=users, replied_user=asked is not None
        )

    def render(self, reply: Reply) -> str:
        """Return the reply in Discord's Markdown; without a message to refer to, it begins by naming the asker."""
        shown = discord_markdown(reply)
        return f"<@{self._asker_id}> {shown}" if self._asker_id is not None and self._message is None else shown

    def repeats(self, index: int) -> bool:
        """Return ``True``: that a notice is lost is worse than that it is shown twice."""
        return True
