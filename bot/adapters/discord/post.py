"""Where a reply appears on Discord: under a message, or in place of a command's "thinking…"."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from bot.adapters.discord.buttons import buttons_under, can_open_thread
from bot.adapters.discord.rate_limits import DiscordRateLimits, Kind
from bot.delivery.errors import MessageGone, NotDelivered, PossiblyDelivered, Undeliverable
from bot.delivery.markup import discord_markdown
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from core.types import Reply

log = logging.getLogger(__name__)

CAPABILITIES = Capabilities(max_units=2000, measure=utf16_units, edit_interval_s=1.0, typing_interval_s=8.0)
"""Discord's own limits; UTF-16 units are its strictest reading of "characters". Its typing sign lasts ten seconds."""

NONCE_S = 120.0
"""Discord recognises a nonce for "a few minutes" (https://docs.discord.com/developers/resources/message)."""

Sent = discord.Message | discord.PartialMessage

_ORIGINAL = "@original"

_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _TOO_MANY_LATE_EDITS, _TOKEN_EXPIRED = 10008, 10015, 30046, 50027
_MESSAGE_IS_LOST = {_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _TOO_MANY_LATE_EDITS, _TOKEN_EXPIRED}


@contextmanager
def failures(*, repeatable: bool) -> Iterator[None]:
    """Turn what discord.py raises into what may be done next; ``repeatable`` work cannot be doubled."""
    unsure = NotDelivered if repeatable else PossiblyDelivered
    try:
        yield
    except discord.RateLimited as error:
        raise NotDelivered(str(error), error.retry_after) from error
    except discord.DiscordServerError as error:
        raise unsure(str(error)) from error
    except discord.HTTPException as error:
        if error.status == 429:
            raise NotDelivered(str(error), _retry_after_s(error)) from error
        raise (MessageGone if error.code in _MESSAGE_IS_LOST else Undeliverable)(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise NotDelivered(repr(error)) from error  # the request never left
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unsure(repr(error)) from error


def _retry_after_s(error: discord.HTTPException) -> float | None:
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _buttons(
    bubble: RenderedMessage, channel: object
) -> Any:  # discord.py takes None here, though its signatures do not say so
    return buttons_under(bubble, can_thread=can_open_thread(channel))


def _attachments(bubble: RenderedMessage) -> dict[str, Any]:
    """Return the file of a message as what is attached to it; nothing where it has none."""
    if bubble.file is None:
        return {}
    return {"attachments": [discord.File(io.BytesIO(bubble.file.data), bubble.file.name)]}


def _file(bubble: RenderedMessage) -> dict[str, Any]:
    """Return the file of a message as what is sent with it."""
    return {"files": files} if (files := _attachments(bubble).get("attachments")) else {}


def _is_recent(cause: discord.abc.Snowflake) -> bool:
    """Tell whether Discord surely still knows the nonces of replies to something that happened then."""
    made_at = discord.utils.snowflake_time(cause.id)
    return (discord.utils.utcnow() - made_at).total_seconds() < NONCE_S


class ChannelPost:
    """Replies to one message. Its first part refers to the message; every part carries a nonce, so none doubles.

    A ``PartialMessage`` is all that is left of the message after a restart, and all this needs.
    """

    capabilities = CAPABILITIES

    def __init__(self, message: discord.Message | discord.PartialMessage, traffic: DiscordRateLimits) -> None:
        self._message: discord.Message | discord.PartialMessage | None = message
        self._channel: Any = message.channel
        self._traffic = traffic
        self._nonce = str(message.id)
        self._mentions: Any = None  # the client's own: nobody

    def render(self, reply: Reply) -> str:
        """Return the reply in Discord's Markdown."""
        return discord_markdown(reply)

    async def typing(self) -> None:
        """Show the typing sign for ten seconds, if the budget can spare it."""
        self._traffic.spare(self._channel.id, "typing")
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
                view=(view := _buttons(bubble, self._channel)),
                allowed_mentions=self._mentions,
                **_file(bubble),
            )
        if sent.content != bubble.text or bool(sent.components) != (view is not None):
            await self.edit(sent, bubble)  # an earlier attempt did arrive, as it was at that moment
        return sent

    async def edit(self, handle: Sent, bubble: RenderedMessage) -> None:
        """Change a part, its thumbs included."""
        await self._admit("edit", bubble)
        with failures(repeatable=True):
            await handle.edit(content=bubble.text, view=_buttons(bubble, self._channel), **_attachments(bubble))

    async def delete(self, handle: Sent) -> None:
        """Remove a part."""
        await self._traffic.admit(self._channel.id, "delete")
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
        return self._message is not None and _is_recent(self._message)

    async def _admit(self, kind: Kind, bubble: RenderedMessage) -> None:
        if bubble.cosmetic:
            self._traffic.spare(self._channel.id, kind)
        else:
            await self._traffic.admit(self._channel.id, kind)


class NoticePost(ChannelPost):
    """Says something nobody asked for at this moment; ``key`` names it for ever.

    Where it is the late answer to ``asked``, a message of ``asker_id``, it refers to that and pings them.
    """

    def __init__(
        self,
        channel: Any,
        key: str,
        traffic: DiscordRateLimits,
        asked: discord.PartialMessage | None = None,
        asker_id: int | None = None,
    ) -> None:
        self._message = asked
        self._channel = channel
        self._traffic = traffic
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

    def __init__(self, interaction: discord.Interaction, traffic: DiscordRateLimits, *, ephemeral: bool) -> None:
        self._interaction = interaction
        self._traffic = traffic
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
                content=bubble.text, view=_buttons(bubble, self._interaction.channel)
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
                view=_buttons(bubble, self._interaction.channel) or discord.utils.MISSING,
                **_file(bubble),
            )

    async def edit(self, handle: HookMessage, bubble: RenderedMessage) -> None:
        """Change a part. Raises ``MessageGone`` after removing a public one that must become private."""
        with failures(repeatable=True):
            if bubble.private and not handle.flags.ephemeral:
                await handle.delete()
                raise MessageGone("what was public is now private")
            view = _buttons(bubble, self._interaction.channel)
            await handle.edit(content=bubble.text, view=view, **_attachments(bubble))

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
        return index == 0 or (not self._ephemeral and _is_recent(self._interaction))

    async def _drop_placeholder(self) -> None:
        with suppress(MessageGone), failures(repeatable=True):
            await self._interaction.delete_original_response()
        self._is_thinking = False

    async def _send_to_channel(self, bubble: RenderedMessage, index: int) -> discord.Message:
        channel = self._interaction.channel
        if bubble.private or self._ephemeral or not isinstance(channel, discord.abc.Messageable):
            raise Undeliverable("what is private is not for the channel")
        await self._traffic.admit(self._interaction.channel_id or 0, "send")
        with failures(repeatable=True):
            return await channel.send(
                bubble.text,
                nonce=f"{self._interaction.id}:{index}",
                suppress_embeds=True,
                view=_buttons(bubble, channel),
                **_file(bubble),
            )
