"""👍 and 👎 as reactions to the bot's answers, which rate them as its buttons do.

Telegram sends reactions only where the bot is an admin, and without the message they are on; the answers shown last
are remembered by this process, and earlier ones are looked up in the database.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from telegram import MessageReactionUpdated, ReactionType, ReactionTypeEmoji

from bot.adapters.telegram.address import space_of
from bot.adapters.telegram.translate import person_of
from core.ports import AdapterApi
from core.types import SpaceId, Thumb

MAX_ANSWERS = 1_000
"""Answers remembered; older ones are looked up."""

_THUMBS: dict[str, Thumb] = {"👍": "up", "👎": "down"}


class ShownAnswers:
    """The answers that the bot's last ``MAX_ANSWERS`` messages show."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[int, int], int] = OrderedDict()

    def note(self, chat_id: int, message_id: int, answer_id: int) -> None:
        """Remember which answer a message shows."""
        self._answers[chat_id, message_id] = answer_id
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)

    def at(self, chat_id: int, message_id: int) -> int | None:
        """Return the answer that a message shows, if it is remembered."""
        return self._answers.get((chat_id, message_id))


class ReactionHandler:
    """Carries 👍 and 👎 reactions to the core."""

    def __init__(self, api: AdapterApi, shown: ShownAnswers) -> None:
        self._api = api
        self._shown = shown

    async def changed(self, change: MessageReactionUpdated, update_id: int, accepted: Callable[[], None]) -> None:
        """Rate an answer by a reaction that was added, and withdraw one that was removed.

        ``accepted`` is called once a crash would not lose the change.
        """
        space = space_of(change.chat.id)
        if change.user is None or not self._api.admit_press(space, person_of(change.user)):
            return accepted()
        answer_id = await self._answer_at(space, change)
        before, now = _thumb(change.old_reaction), _thumb(change.new_reaction)
        thumb = now or before  # the same thumb again withdraws it
        if answer_id is not None and thumb is not None and before != now:
            person, key = person_of(change.user), f"telegram:reaction:{update_id}"
            await self._api.rate(space, answer_id, person, thumb, change.user.language_code, key)
        accepted()

    async def _answer_at(self, space: SpaceId, change: MessageReactionUpdated) -> int | None:
        chat_id, message_id = change.chat.id, change.message_id
        remembered = self._shown.at(chat_id, message_id)
        return remembered or await self._api.answer_at(space, f"telegram:{chat_id}:{message_id}")


def _thumb(reactions: Sequence[ReactionType]) -> Thumb | None:
    """Return the last thumb among several reactions."""
    emoji = [reaction.emoji for reaction in reactions if isinstance(reaction, ReactionTypeEmoji)]
    return next((_THUMBS[each] for each in reversed(emoji) if each in _THUMBS), None)
