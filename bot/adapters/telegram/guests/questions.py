"""Guest mode: questions from chats that the bot is no member of, each of which takes one message of it as the answer.

Telegram brings them where the owner switched Guest Mode on at @BotFather
(https://core.telegram.org/bots/api#answerguestquery). Such a chat is a space of its own, named apart from the bot's
chats since Telegram may give it the number of another. What is answered there is in ``core.question_answering``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from telegram import Bot
from telegram import Message as TelegramMessage

from bot.adapters.telegram.guests.post import GuestPost
from bot.adapters.telegram.loop_guard import LoopGuard
from bot.adapters.telegram.rate_limits import TelegramRateLimits
from bot.adapters.telegram.timing import Timing
from bot.adapters.telegram.translate import addressed_message, author_of, locale_of
from bot.delivery.answering import MessageHandler
from core.commands import Registry
from core.types import Message, SpaceId

_QUERY = "guest_query"


class GuestQuestions:
    """Carries the questions put to the bot as a guest to the core."""

    def __init__(
        self, bot: Bot, registry: Registry, messages: MessageHandler, rate_limits: TelegramRateLimits, timing: Timing
    ) -> None:
        self._bot = bot
        self._registry = registry
        self._messages = messages
        self._rate_limits = rate_limits
        self._timing = timing
        self._loops = LoopGuard()

    async def asked(self, message: TelegramMessage, accepted: Callable[[], None]) -> None:
        """Answer a question once; ``accepted`` is called once a crash would not lose it.

        Another bot's is left alone, and so are those of chats, which may be bots, beyond ``LoopGuard``.
        """
        question = self._question(message)
        if question is None or (message.sender_chat is not None and not self._loops.admits(question.space)):
            return accepted()
        await self._messages.answer(question, self.post_at(question.address), accepted=accepted)

    def is_asked_at(self, address: Mapping[str, str]) -> bool:
        """Return whether a stored message with this address was a question to a guest."""
        return _QUERY in address

    def post_at(self, address: Mapping[str, str]) -> GuestPost:
        """Return where the answer to a question with this address goes."""
        return GuestPost(self._bot, self._rate_limits, int(address["chat"]), address[_QUERY], self._timing.group_edit_s)

    def _question(self, message: TelegramMessage) -> Message | None:
        person, addressed = author_of(message), addressed_message(message, self._bot.bot, self._registry)
        if person is None or addressed is None or message.guest_query_id is None:
            return None
        space = SpaceId(f"telegram:guest:{message.chat_id}")
        return Message(
            key=f"telegram:guest:{message.guest_query_id}",
            platform="telegram",
            space=space,
            conversation=space,
            person=person,
            text=addressed.text,
            locale=locale_of(message),
            command=addressed.line.name if addressed.line is not None else None,
            address={_QUERY: message.guest_query_id, "chat": str(message.chat_id)},
        )
