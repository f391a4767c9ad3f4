"""Callback queries, which is what Telegram calls presses of buttons: a thumb is recorded, a command is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from telegram import Bot, CallbackQuery, InlineKeyboardMarkup
from telegram import Message as TelegramMessage
from telegram.error import TelegramError

from bot.adapters.telegram.address import Asker, TelegramPlace, address_of, place_and_asker, place_of, space_of
from bot.adapters.telegram.buttons import pressed_command, pressed_thumb, settled, with_more
from bot.adapters.telegram.moderators import ChatModerators
from bot.adapters.telegram.post import TelegramPost
from bot.adapters.telegram.retries import reply_of, retry_briefly
from bot.adapters.telegram.timing import Timing
from bot.adapters.telegram.translate import person_of
from bot.delivery.answering import MessageHandler
from core.commands import Command, CommandLine
from core.ports import AdapterApi
from core.texts import language_of_locale, say
from core.types import Language, Message, SpaceId, Thumb

log = logging.getLogger(__name__)

MAX_TOAST_CHARS = 200
_DEFAULT_LANGUAGE: Language = "en"


class CallbackHandler:
    """Carries presses of buttons to the core; ``post_to`` returns where the reply to a press goes.

    A press is acknowledged within ``timing.toast_s``, since until then its button spins.
    """

    def __init__(
        self,
        api: AdapterApi,
        bot: Bot,
        messages: MessageHandler,
        timing: Timing,
        moderators: ChatModerators,
        post_to: Callable[[TelegramPlace, Asker], TelegramPost],
    ) -> None:
        self._api = api
        self._bot = bot
        self._messages = messages
        self._timing = timing
        self._moderators = moderators
        self._post_to = post_to

    async def pressed(self, query: CallbackQuery, accepted: Callable[[], None]) -> None:
        """Handle a press to the end; ``accepted`` is called once a crash would not lose it."""
        under, data = query.message, query.data or ""
        line, thumb = pressed_command(data), pressed_thumb(data)
        space, person = space_of(under.chat.id if under else query.from_user.id), person_of(query.from_user)
        if self._api.is_silenced(space, person):
            return accepted()
        if isinstance(under, TelegramMessage) and line is not None and (command := self._api.registry.get(line.name)):
            return await self._called(query, under, line, command, accepted)
        if not self._api.admit_press(space, person):
            return accepted()
        if thumb is not None and under is not None:
            return await self._rated(query, space, *thumb, accepted)
        accepted()
        language = language_of_locale(query.from_user.language_code, _DEFAULT_LANGUAGE)
        await self._toast(query, say(language, "button.stale"))

    async def _rated(
        self, query: CallbackQuery, space: SpaceId, thumb: Thumb, answer_id: int, accepted: Callable[[], None]
    ) -> None:
        """Store a thumb; only then Telegram is told that the press was taken, or a crash would lose it."""
        person, locale = person_of(query.from_user), query.from_user.language_code
        async with asyncio.TaskGroup() as group:
            pressing = self._api.rate(space, answer_id, person, thumb, locale, _press_key(query))
            rating = group.create_task(pressing)
            rating.add_done_callback(lambda _: accepted())
            await asyncio.wait({rating}, timeout=self._timing.toast_s)
            await self._toast(query, rating.result().text if rating.done() else None)  # else its button spins for ever
        if isinstance(query.message, TelegramMessage) and (buttons := rating.result().buttons):
            await self._change_buttons(query.message, with_more(query.message.reply_markup, buttons))

    async def _called(
        self,
        query: CallbackQuery,
        under: TelegramMessage,
        line: CommandLine,
        command: Command,
        accepted: Callable[[], None],
    ) -> None:
        """Carry out the command a button calls, as if whoever pressed it had typed it there."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._toast(query, None))
            message = await self._press(query, under, line, command)
            place, asker = place_and_asker(message.address)
            post = self._post_to(place, replace(asker, press_id=query.id))
            settles = await self._messages.answer(message, post, accepted=accepted)
        if settles:
            await self._change_buttons(under, settled(under.reply_markup, query.data or ""))

    async def _press(
        self, query: CallbackQuery, under: TelegramMessage, line: CommandLine, command: Command
    ) -> Message:
        place, user = place_of(under), query.from_user
        may_moderate = command.permission != "everyone" and await self._moderators.includes(place, user.id)
        question = under.reply_to_message
        asker = Asker(question.message_id if question else under.message_id, user.id)
        return Message(
            key=_press_key(query),
            platform="telegram",
            space=place.space,
            conversation=place.conversation,
            person=replace(person_of(user), is_moderator=may_moderate),
            text=line.rest,
            locale=user.language_code,
            command=line.name,
            arguments=line.arguments(command),
            address=address_of(place, asker) | {"link": under.link or ""},
        )

    async def _change_buttons(self, under: TelegramMessage, buttons: InlineKeyboardMarkup | None) -> None:
        if buttons == under.reply_markup:
            return
        try:
            await reply_of(
                lambda: self._bot.edit_message_reply_markup(under.chat.id, under.message_id, reply_markup=buttons)
            )
        except TelegramError as error:
            log.info("the buttons under a message stay as they are: %s", error.message)

    async def _toast(self, query: CallbackQuery, text: str | None) -> None:
        text = text[:MAX_TOAST_CHARS] if text else None
        try:
            await retry_briefly(
                lambda: self._bot.answer_callback_query(query.id, text), self._timing.poll, "answerCallbackQuery"
            )
        except TelegramError as error:
            log.info("a press was not acknowledged: %s", error.message)


def _press_key(query: CallbackQuery) -> str:
    return f"telegram:press:{query.id}"
