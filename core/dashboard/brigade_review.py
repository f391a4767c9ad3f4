"""Vote brigades before a space's moderators: which wait for a decision, and what each decision does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.storage.curation.recent_votes import RecentVotes
from core.storage.training_ratings import RatedAnswers
from core.training.vote_brigades import Brigade, brigades
from core.types import SpaceId

WITHIN = timedelta(days=14)
"""How old the answers are at most whose votes are looked at."""


@dataclass(frozen=True, slots=True)
class BrigadeReview:
    """Finds the vote brigades of any space and carries out what is decided of them."""

    votes: RecentVotes
    rated: RatedAnswers

    async def waiting(self, space: SpaceId) -> Sequence[Brigade]:
        """Return the brigades of which nothing was decided, oldest first."""
        votes = await self.votes.of(space, datetime.now(UTC) - WITHIN)
        # Whoever voted together is found first, as if all were new: only of them is the age looked up.
        together = brigades(votes, {vote.person: vote.at for vote in votes})
        suspects = {person for brigade in together for person in brigade.people}
        if not suspects:
            return ()
        genuine = await self.rated.genuine_brigades(space)
        theirs = [vote for vote in votes if vote.person in suspects]
        found = brigades(theirs, await self.votes.first_seen(suspects))
        return [brigade for brigade in found if brigade.key not in genuine]

    async def withdraw(self, space: SpaceId, key: str) -> Brigade | None:
        """Delete the votes of a brigade and return it; ``None`` where none of that key waits."""
        if (brigade := await self._waiting(space, key)) is not None:
            await self.votes.withdraw(space, brigade.people, brigade.thumb, (brigade.start, brigade.end))
        return brigade

    async def mark_genuine(self, space: SpaceId, key: str) -> Brigade | None:
        """Have the votes of a brigade count as those of anybody, and return it; ``None`` as ``withdraw`` does."""
        if (brigade := await self._waiting(space, key)) is not None:
            await self.votes.mark_genuine(space, key)
        return brigade

    async def _waiting(self, space: SpaceId, key: str) -> Brigade | None:
        return next((each for each in await self.waiting(space) if each.key == key), None)
