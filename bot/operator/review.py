"""Review in the terminal: what waits in a space, and deciding on it; also while AION runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from rich.console import Console

from bot.logs import log_to_file
from bot.terminal.language import speaking
from core.assembly.data_folder import open_holdings
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.fetch import Fetcher
from core.curation.watch import OPERATOR
from core.errors import BadInput
from core.knowledge.ingest import Ingest
from core.knowledge.proposal_card import card
from core.knowledge.review import ReviewService, SpaceReview
from core.knowledge.sole_embedder import SoleEmbedder
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.retrieval.embed import open_embedder
from core.services import Verdict
from core.settings import read_settings
from core.storage.curation.proposals import Proposals
from core.storage.documents import Documents
from core.storage.inbox import Inbox
from core.storage.passages import Passages
from core.storage.spaces import Spaces
from core.texts import say
from core.types import Language, Person, SpaceId


@asynccontextmanager
async def _review(space: str) -> AsyncIterator[SpaceReview]:
    """Open a space's review, whether or not another process has the data folder open."""
    settings = read_settings()
    log_to_file(settings)
    async with open_holdings(settings) as holdings:
        database = holdings.database
        documents, spaces = Documents(database), Spaces(database)
        embedder = open_embedder(settings.embedder, settings.models_dir, lambda key: None)
        embedders = SoleEmbedder(embedder, Passages(database))
        ingest = Ingest(documents, embedders, Fetcher(), max_file_bytes=settings.max_file_bytes)
        notices = Notices(Inbox(database), Channels(spaces), spaces, settings.language)
        pseudonyms = await offload(Pseudonyms.open, settings.data_dir)
        reviews = ReviewService(Proposals(database), documents, ingest, notices, pseudonyms)
        yield reviews.at(SpaceId(space), Person(OPERATOR, OPERATOR, is_moderator=True))


async def show(space: str) -> None:
    """Print what waits, each with its most telling sentences."""
    async with _review(space) as review:
        waiting = await review.pending()
    console = Console(highlight=False, soft_wrap=True)
    for proposal in waiting:
        console.print(f"{card(proposal, (), _speaking()).text}\n", markup=False)
    if not waiting:
        console.print(say(_speaking(), "review.none"))


async def approve(which: Sequence[str], space: str) -> None:
    """Approve proposals by number, or all that waits from a site."""
    async with _review(space) as review:
        for what in which:
            number = what.lstrip("#")
            verdicts = (await review.approve(int(number)),) if number.isdecimal() else await review.approve_site(what)
            if not verdicts:
                raise BadInput("review.nothing_from", site=what)
            _print(verdicts)


async def reject(number: int, reason: str, space: str) -> None:
    """Decline a proposal."""
    async with _review(space) as review:
        _print([await review.reject(number, reason)])


def _print(verdicts: Sequence[Verdict]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for verdict in verdicts:
        proposal = verdict.proposal
        outcome = proposal.status if verdict.is_new else f"already_{proposal.status}"
        n_passages = verdict.indexed.n_passages if verdict.indexed else 0
        values = {"number": proposal.id, "title": proposal.title, "person": OPERATOR, "n_passages": n_passages}
        console.print(say(_speaking(), f"verdict.{outcome}", **values), markup=False)


def _speaking() -> Language:
    return speaking()
