"""Messages that one member of a group sees, shown in reply to a press of theirs: Telegram's ephemeral messages.

Bot API 10.3, which python-telegram-bot does not know yet, by raw calls
(https://core.telegram.org/bots/api#ephemeral-messages-and-commands). A bot may send one within 15 seconds of a press.
They may disappear by themselves and need not arrive, so only what can be asked for again is shown in one.
"""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Bot, InlineKeyboardMarkup, MessageEntity

from bot.adapters.telegram.sent_message import SentMessage


class EphemeralMessages:
    """The ephemeral messages that answer one press, of the account ``user_id`` in a group."""

    def __init__(self, bot: Bot, chat_id: int, topic_id: int | None, press_id: str, user_id: int) -> None:
        self._bot = bot
        self._chat_id = chat_id
        self._topic_id = topic_id
        self._press_id = press_id
        self._user_id = user_id

    async def send(
        self, text: str, entities: Sequence[MessageEntity], buttons: InlineKeyboardMarkup | None
    ) -> SentMessage | None:
        """Send a message to whoever pressed; ``None`` where the server knows no such messages and all would see it.

        Raises ``TelegramError``, ``BadRequest`` where the press is too long ago.
        """
        shown_to = {"receiver_user_id": self._user_id, "callback_query_id": self._press_id}
        message = await self._bot.send_message(
            self._chat_id,
            text,
            entities=entities,
            message_thread_id=self._topic_id,
            reply_markup=buttons,
            api_kwargs={"ephemeral_message_parameters": shown_to},
        )
        ephemeral_id = message.api_kwargs.get("ephemeral_message_id")
        if ephemeral_id is None:  # a server older than 10.3 ignores the parameter
            await self._bot.delete_message(self._chat_id, message.message_id)
            return None
        return SentMessage(self._chat_id, int(ephemeral_id), self._user_id)


async def edit_ephemeral(
    bot: Bot, sent: SentMessage, text: str, entities: Sequence[MessageEntity], buttons: InlineKeyboardMarkup | None
) -> None:
    """Change an ephemeral message. Raises ``TelegramError``."""
    changed = {"text": text, "entities": list(entities), **({"reply_markup": buttons} if buttons else {})}
    await bot.do_api_request("editEphemeralMessageText", api_kwargs={**_named(sent), **changed})


async def delete_ephemeral(bot: Bot, sent: SentMessage) -> None:
    """Remove an ephemeral message. Raises ``TelegramError``."""
    await bot.do_api_request("deleteEphemeralMessage", api_kwargs=_named(sent))


def _named(sent: SentMessage) -> dict[str, object]:
    return {
        "chat_id": sent.chat_id,
        "receiver_user_id": sent.seen_by,
        "ephemeral_message_id": sent.message_id,
    }
