"""How showing something on a platform can fail, by what may be done next.

DeliveryFailed
├── NotDelivered       it did not happen, or doing it again cannot double it: try again, later
├── PossiblyDelivered  it may have happened, and doing it again could double it: leave it
├── MessageGone        the message to change is no longer there: send a new one
└── Undeliverable      it never will (no such channel, not allowed, refused as malformed): give up
"""

from __future__ import annotations

from core.errors import InternalError


class DeliveryFailed(InternalError):
    """A platform did not show what it was asked to show."""


class NotDelivered(DeliveryFailed):
    """Trying again is safe, ``retry_after_s`` seconds from now where the platform said so."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class PossiblyDelivered(DeliveryFailed):
    """Nobody knows whether it was shown."""


class MessageGone(DeliveryFailed):
    """The message to change was deleted."""


class Undeliverable(DeliveryFailed):
    """It cannot be shown there at all."""
