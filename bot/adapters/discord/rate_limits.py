"""Discord's limits: 50 requests a second overall, and about five sends, edits or typing signs in five in a channel.

The first is published (https://docs.discord.com/developers/topics/rate-limits), the second is what the response
headers say; discord.py reads those and waits by itself where they ask for more patience than this. Commands are
answered through webhooks, which neither counts.
"""

from __future__ import annotations

from typing import Literal

from bot.delivery.clock import StreamClock
from bot.delivery.rate_limit import RateBudgets, WriteLimit

OVERALL = WriteLimit(5, 0.12, 2)
"""At most 45 in any second, evenly: whoever sends 50 at once cannot say in which second they arrive."""

CHANNEL = WriteLimit(5, 5.25, 1)

Kind = Literal["send", "edit", "delete", "typing"]


class DiscordRateLimits:
    """The budgets of one bot; Discord counts sends, edits, deletions and typing signs in a channel apart."""

    def __init__(self, clock: StreamClock | None = None) -> None:
        self._budgets = RateBudgets(OVERALL, clock)

    async def admit(self, channel_id: int, kind: Kind) -> None:
        """Return when one such thing may be done in the channel."""
        await self._budgets.admit((channel_id, kind), CHANNEL)

    def spare(self, channel_id: int, kind: Kind) -> None:
        """Let something merely cosmetic pass. Raises ``NotDelivered`` where final texts may need the budget."""
        self._budgets.spare((channel_id, kind), CHANNEL)
