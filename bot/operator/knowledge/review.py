"""``aion review``: lists, approves and rejects a space's pending proposals. Works while AION runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from bot.terminal.changes import note_change
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_markdown, print_sentence
from core.assembly.data_folder import DataFolder
from core.assembly.person_key import open_pseudonyms
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.fetch import Fetcher
from core.curation.watch import OPERATOR
from core.errors import BadInput
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.sandboxed_parser import SandboxedParser, open_pool
from core.knowledge.proposal_card import card
from core.knowledge.review import ReviewService, SpaceReview
from core.retrieval.embed import open_embedder
from core.services import Verdict
from core.settings import read_settings
from core.storage.curation.proposals import Proposals
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.storage.spaces import Spaces
from core.storage.unreadable import UnreadableSources
from core.types import Person, Scope, SpaceId


@asynccontextmanager
async def open_reviews(folder: DataFolder) -> AsyncIterator[ReviewService]:
    """Open the review of an open data folder; models load when something is approved."""
    settings = read_settings()
    async with aclosing(open_pool()) as sandboxes:
        database = folder.database
        documents, spaces = Documents(database), Spaces(database)
        embedder = open_embedder(settings.embedder, settings.models_dir, lambda key: None)
        embedders = SoleEmbedder(embedder, Passages(database))
        parser = SandboxedParser(sandboxes, UnreadableSources(database))
        ingest = Ingest(documents, embedders, Fetcher(), parser, max_file_bytes=settings.max_file_bytes)
        notices = Notices(Inbox(database), Channels(spaces), spaces, settings.language)
        pseudonyms = await open_pseudonyms(settings)
        yield ReviewService(Proposals(database), documents, ingest, notices, pseudonyms)


@dataclass(frozen=True, slots=True)
class TerminalReview:
    """The review of one space, for the operator at a terminal."""

    proposals: SpaceReview
    space: str
    database: Database

    async def tell(self, verdicts: Sequence[Verdict]) -> None:
        """Record and print decisions; those that were made before are printed alone."""
        for verdict in verdicts:
            if verdict.is_new:
                action = "approve" if verdict.proposal.status == "approved" else "reject"
                proposal = verdict.proposal
                await note_change(self.database, self.space, action, proposal.title, proposal.reason)
        _print(verdicts)


@asynccontextmanager
async def _open_review(space: str) -> AsyncIterator[TerminalReview]:
    async with open_data_folder() as folder, open_reviews(folder) as reviews:
        proposals = reviews.at(Scope(SpaceId(space)), Person(OPERATOR, OPERATOR, is_moderator=True))
        yield TerminalReview(proposals, space, folder.database)


async def print_pending(space: str) -> None:
    """Print the pending proposals of ``space``, each with its highest-scored sentences."""
    async with _open_review(space) as review:
        proposals = await review.proposals.pending()
    for proposal in proposals:
        print_markdown(card(proposal, (), terminal_language()).text)
        print_line("")
    if not proposals:
        print_sentence("review.none")


async def approve_proposals(which: Sequence[str], space: str) -> None:
    """Approve proposals of ``space`` by number, or all from a site by its host name. Raises ``BadInput`` for none."""
    async with _open_review(space) as review:
        for what in which:
            number = what.lstrip("#")
            waiting = review.proposals
            verdicts = (await waiting.approve(int(number)),) if number.isdecimal() else await waiting.approve_site(what)
            if not verdicts:
                raise BadInput("review.nothing_from", site=what)
            await review.tell(verdicts)


async def reject_proposal(number: int, reason: str, space: str) -> None:
    """Reject the proposal ``number`` of ``space``. Raises ``BadInput`` when there is none."""
    async with _open_review(space) as review:
        await review.tell([await review.proposals.reject(number, reason)])


def _print(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        proposal = verdict.proposal
        outcome = proposal.status if verdict.is_new else f"already_{proposal.status}"
        n_passages = verdict.indexed.n_passages if verdict.indexed else 0
        values = {"number": proposal.id, "title": proposal.title, "person": OPERATOR, "n_passages": n_passages}
        print_sentence(f"verdict.{outcome}", **values)
