"""What needs a person today: texts to approve, questions to moderators, failing sources, gaps."""

from __future__ import annotations

from dataclasses import dataclass

from core.storage.curation.gaps import Gaps
from core.storage.curation.proposals import Proposals, ProposalSummary
from core.storage.curation.watches import Watches
from core.storage.delivery.handoffs import Handoffs, OpenHandoff
from core.types import Gap, SpaceId, Watch

N_PROPOSALS, N_HANDOFFS, N_GAPS = 10, 10, 5
"""How many of each are shown at once."""


@dataclass(frozen=True, slots=True)
class TodayList:
    """The oldest of what waits in a space; ``n_proposals`` is the number of all proposals."""

    n_proposals: int
    proposals: tuple[ProposalSummary, ...]
    handoffs: tuple[OpenHandoff, ...]
    failing: tuple[Watch, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing waits."""
        return not (self.proposals or self.handoffs or self.failing or self.gaps)


@dataclass(frozen=True, slots=True)
class TodayReader:
    """Reads what waits in any space."""

    proposals: Proposals
    handoffs: Handoffs
    watches: Watches
    gaps: Gaps

    async def read(self, space: SpaceId) -> TodayList:
        """Return what waits in a space."""
        return TodayList(
            n_proposals=await self.proposals.count_pending(space),
            proposals=await self.proposals.page(space, 0, N_PROPOSALS),
            handoffs=await self.handoffs.unanswered(space, N_HANDOFFS),
            failing=tuple(watch for watch in await self.watches.of(space) if watch.error),
            gaps=await self.gaps.open(space, N_GAPS),
        )
