"""What happens when a button under one of the bot's messages is pressed: a thumb is counted, a command is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import Bot, CallbackQuery, InlineKeyboardMarkup
from telegram import Message as TelegramMessage
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from bot.adapters.telegram.keyboard import pressed_command, pressed_thumb, with_more
from bot.adapters.telegram.polling import PollTiming, persist
from bot.adapters.telegram.post import Asker, TelegramPost, address_of, place_and_asker
from bot.adapters.telegram.translate import TelegramPlace, person_of, place_of, space_of
from bot.delivery.backlog import Backlog
from bot.delivery.button_press import PressOutlet
from bot.delivery.stream import StreamedReply
from core.commands import Command, CommandLine
from core.ports import AdapterApi
from core.texts import language_of_locale, say
from core.types import Language, Message, SpaceId, Thumb

log = logging.getLogger(__name__)

MAX_TOAST_CHARS = 200
N_ATTEMPTS = 3
_REFUSALS = (BadRequest, Forbidden, InvalidToken)
_DEFAULT_LANGUAGE: Language = "en"


class CallbackHandler:
    """Carries presses of buttons to the core.

    ``post_at`` makes the way back to a place, ``moderates`` asks who moderates there at this moment; a press is
    acknowledged within ``toast_s``, since until then its button spins.
    """

    def __init__(
        self,
        front: AdapterApi,
        bot: Bot,
        backlog: Backlog,
        patience: PollTiming,
        toast_s: float,
        post_at: Callable[[TelegramPlace, Asker], TelegramPost],
        moderates: Callable[[TelegramPlace, int], Awaitable[bool]],
    ) -> None:
        self._front = front
        self._bot = bot
        self._backlog = backlog
        self._patience = patience
        self._toast_s = toast_s
        self._post_at = post_at
        self._moderates = moderates

    async def pressed(self, query: CallbackQuery, taken: Callable[[], None]) -> None:
        """Do what a press asks, to the end; ``taken`` is called once a crash would not lose it."""
        under, data = query.message, query.data or ""
        line, thumb = pressed_command(data), pressed_thumb(data)
        if isinstance(under, TelegramMessage) and line is not None and (command := self._front.registry.get(line.name)):
            return await self._called(query, under, line, command, taken)
        space = space_of(under.chat.id if under else query.from_user.id)
        is_new = await self._front.inbox.claim(space, _press_key(query))
        taken()
        if not is_new:
            return
        if thumb is None or under is None:
            language = language_of_locale(query.from_user.language_code, _DEFAULT_LANGUAGE)
            return await self._toast(query, say(language, "button.stale"))
        await self._rated(query, space, *thumb)

    async def _rated(self, query: CallbackQuery, space: SpaceId, thumb: Thumb, answer_id: int) -> None:
        person, locale = person_of(query.from_user), query.from_user.language_code
        async with asyncio.TaskGroup() as group:
            rating = group.create_task(self._front.rate(space, answer_id, person, thumb, locale))
            await asyncio.wait({rating}, timeout=self._toast_s)
            await self._toast(query, rating.result().text if rating.done() else None)  # it must not spin for ever
        if isinstance(query.message, TelegramMessage) and (buttons := rating.result().buttons):
            await self._change_buttons(query.message, with_more(query.message.reply_markup, buttons))

    async def _called(
        self,
        query: CallbackQuery,
        under: TelegramMessage,
        line: CommandLine,
        command: Command,
        taken: Callable[[], None],
    ) -> None:
        """Carry out the command a button calls, as if whoever pressed it had typed it there."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._toast(query, None))
            message = await self._press(query, under, line, command)
            async with self._backlog.accepted(message) as is_new:
                taken()
                if not is_new:
                    return
                post = self._post_at(*place_and_asker(message.address))
                async with StreamedReply(post, journal=self._front.inbox.journal(message)) as outlet:
                    pressed = PressOutlet(outlet)
                    await self._front.handle(message, pressed)
            if pressed.is_settled:
                await self._change_buttons(under, None)

    async def _press(
        self, query: CallbackQuery, under: TelegramMessage, line: CommandLine, command: Command
    ) -> Message:
        place, user = place_of(under), query.from_user
        may_moderate = command.permission == "moderator" and await self._moderates(place, user.id)
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
            await self._bot.edit_message_reply_markup(under.chat.id, under.message_id, reply_markup=buttons)
        except TelegramError as error:
            log.info("the buttons under a message stay as they are: %s", error.message)

    async def _toast(self, query: CallbackQuery, text: str | None) -> None:
        text = text[:MAX_TOAST_CHARS] if text else None
        try:
            await persist(
                lambda: self._bot.answer_callback_query(query.id, text),
                self._patience,
                "answerCallbackQuery",
                _REFUSALS,
                N_ATTEMPTS,
            )
        except TelegramError as error:
            log.info("a press was not acknowledged: %s", error.message)


def _press_key(query: CallbackQuery) -> str:
    return f"telegram:press:{query.id}"
