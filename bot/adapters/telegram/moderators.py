"""Who moderates a chat: its owner and administrators."""

from __future__ import annotations

import logging

from telegram import Bot, ChatMember
from telegram import Message as TelegramMessage
from telegram.error import TelegramError

from bot.adapters.telegram.address import TelegramPlace, place_of
from bot.adapters.telegram.retries import retry_briefly
from bot.adapters.telegram.timing import PollTiming
from bot.adapters.telegram.translate import is_anonymous_admin

log = logging.getLogger(__name__)

_MODERATORS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)


class ChatModerators:
    """Asks Telegram for an account's role on every call, so that a revoked role counts at once."""

    def __init__(self, bot: Bot, timing: PollTiming) -> None:
        self._bot = bot
        self._timing = timing

    async def includes_author(self, message: TelegramMessage) -> bool:
        """Return whether the author of ``message`` moderates its chat; the group's anonymous admins do."""
        if is_anonymous_admin(message):
            return True
        user = message.from_user if message.sender_chat is None else None
        return user is not None and await self.includes(place_of(message), user.id)

    async def includes(self, place: TelegramPlace, user_id: int) -> bool:
        """Return whether an account owns or administers a chat; ``False`` where Telegram does not respond.

        Nobody moderates a private chat: what is allowed there is the core's to say.
        """
        if place.is_private:
            return False
        try:
            member = await retry_briefly(
                lambda: self._bot.get_chat_member(place.chat_id, user_id), self._timing, "getChatMember"
            )
        except TelegramError as error:
            log.warning("taken for no moderator, since Telegram did not say: %s", error.message)
            return False
        return member.status in _MODERATORS
