"""What needs a person today: texts to approve, questions to moderators, contradictions, brigades, sources, gaps."""

from __future__ import annotations

from dataclasses import dataclass

from core.dashboard.brigade_review import BrigadeReview
from core.storage.curation.conflicts import Conflicts
from core.storage.curation.gaps import Gaps
from core.storage.curation.proposals import Proposals, ProposalSummary
from core.storage.curation.watches import Watches
from core.storage.delivery.handoffs import Handoffs, OpenHandoff
from core.training.vote_brigades import Brigade
from core.types import Conflict, Gap, Scope, SpaceId, Watch

N_PROPOSALS, N_HANDOFFS, N_CONFLICTS, N_BRIGADES, N_GAPS = 10, 10, 5, 5, 5
"""How many of each are shown at once."""


@dataclass(frozen=True, slots=True)
class TodayList:
    """The oldest of what waits in a space; ``n_proposals`` and ``n_conflicts`` count all of them."""

    n_proposals: int
    proposals: tuple[ProposalSummary, ...]
    handoffs: tuple[OpenHandoff, ...]
    n_conflicts: int
    conflicts: tuple[Conflict, ...]
    brigades: tuple[Brigade, ...]
    failing: tuple[Watch, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing waits."""
        return not (self.proposals or self.handoffs or self.conflicts or self.brigades or self.failing or self.gaps)


@dataclass(frozen=True, slots=True)
class TodayReader:
    """Reads what waits in any space."""

    proposals: Proposals
    handoffs: Handoffs
    watches: Watches
    gaps: Gaps
    conflicts: Conflicts
    brigades: BrigadeReview

    async def read(self, space: SpaceId) -> TodayList:
        """Return what waits in a space."""
        scope = Scope(space)
        shown = await self.conflicts.list(scope, 0, N_CONFLICTS)  # open ones come first
        return TodayList(
            n_proposals=await self.proposals.count_pending(space),
            proposals=await self.proposals.page(space, 0, N_PROPOSALS),
            handoffs=await self.handoffs.unanswered(space, N_HANDOFFS),
            n_conflicts=await self.conflicts.count_open(scope),
            conflicts=tuple(conflict for conflict in shown if conflict.status == "open"),
            brigades=tuple(await self.brigades.waiting(space))[:N_BRIGADES],
            failing=tuple(watch for watch in await self.watches.of(space) if watch.error),
            gaps=await self.gaps.open(space, N_GAPS),
        )
