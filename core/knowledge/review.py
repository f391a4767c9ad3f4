"""Review: proposed texts wait for a moderator, and become documents unchanged when approved.

A proposal is announced in the moderators' channel by a card with buttons; ``/pending`` lists the pending ones. A
rejected text is not proposed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.chat.notices import Notices
from core.errors import BadInput
from core.knowledge.ingest import Ingest
from core.knowledge.proposal_card import card, changed_lines
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.services import Verdict
from core.storage.curation.proposals import NewProposal, Proposals
from core.storage.documents import Documents
from core.types import IndexedDocument, Language, Message, Person, Proposal, Reply, Scope, SpaceId


@dataclass(frozen=True, slots=True)
class ReviewService:
    """Proposes texts to the moderators of any space."""

    proposals: Proposals
    documents: Documents
    ingest: Ingest
    notices: Notices
    pseudonyms: Pseudonyms

    async def propose(self, space: SpaceId, new: NewProposal) -> Proposal | IndexedDocument | None:
        """Store a proposal and announce it to the space's moderators; returns and raises as ``add`` does."""
        outcome = await self.add(space, new)
        if isinstance(outcome, Proposal):
            await self.announce(outcome)
        return outcome

    async def add(self, space: SpaceId, new: NewProposal) -> Proposal | IndexedDocument | None:
        """Store a proposal, of many that are announced together.

        Returns an ``IndexedDocument`` when the space has the text already, and ``None`` when it is pending or rejected.
        Raises ``BadInput`` when the space has no room for it beside what waits.
        """
        if (held := await self.documents.find(space, new.new)) is not None:
            return held
        waiting = await self.proposals.pending_sizes(space)
        await self.ingest.require_room(space, {**waiting, new.new.name: len(new.new.text)})
        return await self.proposals.add(space, new)

    async def texts(self, space: SpaceId) -> Mapping[str, tuple[str, str]]:
        """Return the name and text of a space's documents and pending proposals, by content hash."""
        return {**await self.documents.texts(space), **await self.proposals.texts(space)}

    async def announce(self, proposal: Proposal) -> bool:
        """Send a proposal's card to the moderators, once; ``False`` where they have no channel."""
        lines = await self._changed_lines(proposal)

        def compose(language: Language) -> Reply:
            return card(proposal, lines, language)

        return await self.notices.tell_moderators(proposal.space, f"proposal:{proposal.id}", compose)

    def of(self, message: Message) -> SpaceReview:
        """Return the review of what may be read where a message is, for its sender."""
        return self.at(message.scope, message.person)

    def at(self, scope: Scope, person: Person) -> SpaceReview:
        """Return the review of a scope, for the moderator ``person``."""
        return SpaceReview(self, scope, person)

    async def _changed_lines(self, proposal: Proposal) -> tuple[str, ...]:
        if proposal.replaces is None:
            return ()
        held = await self.documents.text(proposal.space, proposal.replaces)
        return await offload(changed_lines, held or "", proposal.text)


@dataclass(frozen=True, slots=True)
class SpaceReview:
    """One scope's review, for one moderator (``core.services.ReviewPort``)."""

    _reviews: ReviewService
    _scope: Scope
    _person: Person

    async def pending(self) -> tuple[Proposal, ...]:
        """Return the pending proposals, oldest first."""
        waiting = [each for space in self._scope.community for each in await self._reviews.proposals.pending(space)]
        return tuple(sorted(waiting, key=lambda each: each.id))

    async def approve(self, number: int) -> Verdict:
        """Approve a pending proposal, for whom it was meant. Raises ``BadInput`` when there is none of that number."""
        proposal = await self._get(number)
        space = proposal.space
        new = await self._reviews.proposals.document(space, number)
        if proposal.status != "pending" or new is None:
            return Verdict(proposal, is_new=False)
        embedded = await self._reviews.ingest.embed(space, new)
        indexed = await self._reviews.proposals.approve(space, number, self._pseudonym, new, embedded)
        return Verdict(await self._get(number), indexed is not None, indexed)

    async def approve_site(self, site: str) -> tuple[Verdict, ...]:
        """Approve every pending proposal from one host."""
        waiting = [proposal for proposal in await self.pending() if proposal.site == site.strip().lower()]
        return tuple([await self.approve(proposal.id) for proposal in waiting])

    async def reject(self, number: int, reason: str) -> Verdict:
        """Reject a pending proposal. Raises ``BadInput`` when there is none of that number."""
        proposal = await self._get(number)
        is_new = await self._reviews.proposals.reject(proposal.space, number, self._pseudonym, reason)
        return Verdict(await self._get(number), is_new)

    async def _get(self, number: int) -> Proposal:
        for space in self._scope.community:
            if (proposal := await self._reviews.proposals.get(space, number)) is not None:
                return proposal
        raise BadInput("review.unknown", number=number)

    @property
    def _pseudonym(self) -> str:
        return self._reviews.pseudonyms.of(self._person.id)
