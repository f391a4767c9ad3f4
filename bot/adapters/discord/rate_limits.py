"""Discord's limits: 50 requests a second overall, and about five sends, edits or typing signs in five in a channel.

The first is published (https://docs.discord.com/developers/topics/rate-limits), the second is what the response
headers say; discord.py reads those and waits by itself where they are stricter. Interactions are answered through
webhooks, which count towards neither.
"""

from __future__ import annotations

from typing import Literal

from bot.delivery.clock import StreamClock
from bot.delivery.rate_limit import RateBudgets, WriteLimit

OVERALL = WriteLimit(5, 0.12, 2)
"""At most 45 in any second, evenly spaced, since the second in which requests arrive is not known."""

CHANNEL = WriteLimit(5, 5.25, 1)

Kind = Literal["send", "edit", "delete", "typing", "react"]


class DiscordRateLimits:
    """The budgets of one bot: sends, edits, deletions and typing signs of a channel are counted separately."""

    def __init__(self, clock: StreamClock | None = None) -> None:
        self._budgets = RateBudgets(OVERALL, clock)

    async def admit(self, channel_id: int, kind: Kind) -> None:
        """Wait until one request of this kind is within the limits."""
        await self._budgets.admit((channel_id, kind), CHANNEL)

    def admit_cosmetic(self, channel_id: int, kind: Kind) -> None:
        """Count a cosmetic request now. Raises ``NotDelivered`` where the budget is kept for final texts."""
        self._budgets.admit_cosmetic((channel_id, kind), CHANNEL)
