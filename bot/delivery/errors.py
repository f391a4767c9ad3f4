"""Delivery errors, by what may be done next.

DeliveryFailed
├── NotDelivered       it had no effect, or repeating it is idempotent: retry later
├── PossiblyDelivered  it may have had its effect, and repeating it could duplicate that: do not retry
├── MessageGone        the message to edit was deleted: send a new one
├── NoPrivatePlace     what is private has no place here: keep it, and say where to open one
└── Undeliverable      no such channel, not allowed, or refused as malformed: give up
"""

from __future__ import annotations

from core.errors import InternalError, PrivateChatClosed


class DeliveryFailed(InternalError):
    """A request to a platform failed."""


class NotDelivered(DeliveryFailed):
    """Retrying is safe, ``retry_after_s`` seconds from now where the platform named a time."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class PossiblyDelivered(DeliveryFailed):
    """The response was lost: whether the request had its effect is unknown."""


class MessageGone(DeliveryFailed):
    """The message to edit was deleted."""


class NoPrivatePlace(DeliveryFailed):
    """What is private would be read by others here, and its person's private chat is not open; ``told`` says so."""

    def __init__(self, told: PrivateChatClosed) -> None:
        super().__init__(str(told))
        self.told = told


class Undeliverable(DeliveryFailed):
    """The platform will never accept the request."""
