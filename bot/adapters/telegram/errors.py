"""What an error of the Bot API means for delivery (``bot.delivery.errors``)."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.delivery.errors import DeliveryFailed, MessageGone, NotDelivered, Undeliverable

_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message to delete not found")
_CLOSED = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated")
_NEVER_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def unsent(error: TelegramError) -> bool:
    """Return whether a failed call surely had no effect: it was never sent, or Telegram responded that it failed."""
    if isinstance(error.__cause__, httpx.HTTPError):
        return isinstance(error.__cause__, _NEVER_REACHED)
    return isinstance(error, NetworkError) and "gateway timeout" not in error.message.lower()


class ChatClosed(Undeliverable):
    """The bot may not write to this chat: it was never started, or the bot was blocked or removed."""


class Unchanged(DeliveryFailed):
    """The message already shows exactly that."""


def meaning(refusal: BadRequest) -> DeliveryFailed:
    """Return a refused request as a delivery error, read from the words of its description."""
    reason = refusal.message.lower()
    if "message is not modified" in reason:
        return Unchanged(refusal.message)
    if any(gone in reason for gone in _GONE):
        return MessageGone(refusal.message)
    return (ChatClosed if any(closed in reason for closed in _CLOSED) else Undeliverable)(refusal.message)


def delivery_error(error: TelegramError, unsure: Callable[[str], DeliveryFailed]) -> DeliveryFailed:
    """Return a failed call as a delivery error; ``unsure`` makes that of one which may have had its effect."""
    match error:
        case BadRequest():
            return meaning(error)
        case Forbidden():
            return ChatClosed(error.message)
        case InvalidToken():
            return Undeliverable(error.message)
        case _:
            return (NotDelivered if unsent(error) else unsure)(error.message)
