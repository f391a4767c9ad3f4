"""Review: what was found or suggested waits for a moderator, and becomes a document to the letter when approved.

A proposal is announced by a card in the moderators' channel, with the buttons that decide; ``/pending`` lists what
waits wherever there is none. A text that was rejected is not proposed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.chat.notices import Notices
from core.errors import BadInput
from core.knowledge.ingest import Ingest
from core.knowledge.proposal_card import card, difference
from core.privacy.pseudonyms import Pseudonyms
from core.services import Verdict
from core.storage.curation.proposals import NewProposal, Proposals
from core.storage.documents import Documents
from core.types import IndexedDocument, Language, Message, Person, Proposal, Reply, SpaceId


@dataclass(frozen=True, slots=True)
class ReviewService:
    """Every space's review."""

    proposals: Proposals
    documents: Documents
    ingest: Ingest
    notices: Notices
    pseudonyms: Pseudonyms

    async def propose(self, space: SpaceId, new: NewProposal) -> Proposal | IndexedDocument | None:
        """Let a text wait for the space's moderators, and tell them.

        Returns what the space holds already instead of proposing it again, and ``None`` for a text that waits or that
        moderators rejected.
        """
        if (held := await self.documents.find(space, new.new)) is not None:
            return held
        proposal = await self.proposals.add(space, new)
        if proposal is not None:
            await self.announce(proposal)
        return proposal

    async def texts(self, space: SpaceId) -> Mapping[str, tuple[str, str]]:
        """Return the name and text of all that a space holds or that waits there, by content hash."""
        return {**await self.documents.texts(space), **await self.proposals.texts(space)}

    async def announce(self, proposal: Proposal) -> bool:
        """Show a proposal's card to the moderators, once; ``False`` where they have no channel."""
        lines = await self._difference(proposal)

        def compose(language: Language) -> Reply:
            return card(proposal, lines, language)

        return await self.notices.tell_moderators(proposal.space, f"proposal:{proposal.id}", compose)

    def of(self, message: Message) -> SpaceReview:
        """Return the review of a message's space, for its sender."""
        return self.at(message.space, message.person)

    def at(self, space: SpaceId, person: Person) -> SpaceReview:
        """Return the review of a space, for one who decides there."""
        return SpaceReview(self, space, person)

    async def _difference(self, proposal: Proposal) -> tuple[str, ...]:
        if proposal.replaces is None:
            return ()
        held = await self.documents.text(proposal.space, proposal.replaces)
        return difference(held or "", proposal.text)


@dataclass(frozen=True, slots=True)
class SpaceReview:
    """One space's review, for one moderator (``core.services.ReviewPort``)."""

    _reviews: ReviewService
    _space: SpaceId
    _person: Person

    async def pending(self) -> tuple[Proposal, ...]:
        """List what waits, oldest first."""
        return await self._reviews.proposals.pending(self._space)

    async def approve(self, number: int) -> Verdict:
        """Make a proposal a document, once."""
        proposal = await self._get(number)
        new = await self._reviews.proposals.document(self._space, number)
        if proposal.status != "pending" or new is None:
            return Verdict(proposal, is_new=False)
        embedded = await self._reviews.ingest.embedded(self._space, new)
        indexed = await self._reviews.proposals.approve(self._space, number, self._pseudonym, new, embedded)
        return Verdict(await self._get(number), indexed is not None, indexed)

    async def approve_site(self, site: str) -> tuple[Verdict, ...]:
        """Approve everything that waits from one site."""
        waiting = [proposal for proposal in await self.pending() if proposal.site == site.strip().lower()]
        return tuple([await self.approve(proposal.id) for proposal in waiting])

    async def reject(self, number: int, reason: str) -> Verdict:
        """Decline a proposal, once."""
        await self._get(number)
        is_new = await self._reviews.proposals.reject(self._space, number, self._pseudonym, reason)
        return Verdict(await self._get(number), is_new)

    async def _get(self, number: int) -> Proposal:
        proposal = await self._reviews.proposals.get(self._space, number)
        if proposal is None:
            raise BadInput("review.unknown", number=number)
        return proposal

    @property
    def _pseudonym(self) -> str:
        return self._reviews.pseudonyms.of(self._person.id)
