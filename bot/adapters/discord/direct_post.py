"""Where a private reply appears on Discord that cannot be ephemeral: in the direct messages of its person."""

from __future__ import annotations

import discord

from bot.adapters.discord.address import space_of
from bot.adapters.discord.errors import failures
from bot.adapters.discord.post import ChannelPost, Sent
from bot.adapters.discord.rate_limits import DiscordRateLimits
from bot.delivery.errors import NoPrivatePlace, Undeliverable
from bot.delivery.post import RenderedMessage
from core.errors import PrivateChatClosed


class DirectPost(ChannelPost):
    """Sends to the direct messages of the account ``user_id``, which are opened when first written to.

    Raises ``NoPrivatePlace`` where the account lets the bot send none. ``nonce`` begins the nonces of its messages.
    """

    def __init__(self, client: discord.Client, user_id: int, rate_limits: DiscordRateLimits, nonce: str) -> None:
        self._client = client
        self._user_id = user_id
        self._rate_limits = rate_limits
        self._nonce = nonce
        self._message = None
        self._mentions = None
        self._direct = None
        self._channel = None

    async def typing(self) -> None:
        """Do nothing: the reply is written already."""

    async def admit(self, rendered: RenderedMessage) -> None:
        """Open the direct messages, and wait until the budgets allow a message."""
        await self._open()
        await super().admit(rendered)

    async def send(self, rendered: RenderedMessage, index: int) -> discord.Message:
        """Send a part; Discord answers a repeated nonce with the message it already made."""
        await self._open()
        try:
            return await super().send(rendered, index)
        except Undeliverable as error:
            raise self._closed() from error

    async def edit(self, handle: Sent, rendered: RenderedMessage) -> None:
        """Edit a part."""
        await self._open()
        await super().edit(handle, rendered)

    def serialize(self, handle: Sent) -> str:
        """Return a part as ``CHANNEL_ID:MESSAGE_ID``."""
        return f"{handle.channel.id}:{handle.id}"

    def restore(self, name: str) -> Sent:
        """Return the part that ``serialize`` wrote."""
        channel_id, message_id = name.split(":")
        return self._client.get_partial_messageable(int(channel_id)).get_partial_message(int(message_id))

    def can_resend(self, index: int) -> bool:
        """Return ``True``: a lost private reply is worse than a duplicate."""
        return True

    async def _open(self) -> None:
        if self._channel is None:
            try:
                with failures(repeatable=True):
                    self._channel = await self._client.create_dm(discord.Object(self._user_id))
            except Undeliverable as error:
                raise self._closed() from error

    def _closed(self) -> NoPrivatePlace:
        return NoPrivatePlace(PrivateChatClosed(space_of(None, self._user_id), "private.open_discord"))
