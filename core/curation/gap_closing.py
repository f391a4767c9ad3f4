"""Closing a gap: it is taught a text, its question is asked again, and everybody who asked is told the answer.

A gap is resolved once AION answers its question from what it was taught; a text that did not help leaves it open.
"""

from __future__ import annotations

import textwrap
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.chat.notices import Notices
from core.curation.gaps import GapFinder
from core.generation.draft import CLOSEST, Draft
from core.knowledge.review import ReviewService
from core.markdown import Markdown, escape, sanitise
from core.services import Verdict
from core.storage.curation.gaps import UnansweredQuestion
from core.storage.curation.proposals import NewProposal
from core.storage.document_writes import NewDocument
from core.texts import say_markdown
from core.types import Gap, Person, Reply, Scope, SpaceId

MAX_NAME_CHARS = 200
MAX_QUOTED_CHARS = 700

Reask = Callable[[SpaceId, str], Awaitable[Draft]]
"""Answers a question of a space anew, without a record of it."""


@dataclass(frozen=True, slots=True)
class ReaskedGap:
    """A gap whose question was asked again: the answer in Markdown, and in how many conversations it was told."""

    gap: Gap
    answer: Markdown
    is_resolved: bool
    n_told: int = 0


@dataclass(frozen=True, slots=True)
class GapClosing:
    """Closes the gaps of any space."""

    finder: GapFinder
    reviews: ReviewService
    notices: Notices

    async def teach(self, space: SpaceId, person: Person, gap: Gap, text: str) -> Verdict | None:
        """Make a gap's question and a moderator's text a document; ``None``: they are one, wait, or were rejected."""
        question = " ".join(gap.question.split())
        name = textwrap.shorten(question, MAX_NAME_CHARS, placeholder="…")
        new = NewDocument(name, f"gap:{gap.id}", name, "text", gap.language, f"# {question}\n\n{text}\n")
        if await self.reviews.documents.find(space, new) is not None:
            return None
        pseudonym = self.reviews.pseudonyms.of(person.id)
        proposed = NewProposal(new, site="", origin=name, excerpts=(text,), proposed_by=pseudonym)
        proposal = await self.reviews.proposals.add(space, proposed)
        return await self.reviews.at(Scope(space), person).approve(proposal.id) if proposal is not None else None

    async def ask_again(self, space: SpaceId, gap: Gap, reask: Reask) -> ReaskedGap:
        """Ask a gap's question again; once it is answered, tell who asked, and mark the gap as resolved."""
        draft = await reask(space, gap.question)
        answer = sanitise(draft.text)
        if not draft.sources or draft.used in ("abstained", CLOSEST):
            return ReaskedGap(gap, answer, is_resolved=False)
        asked = await self.finder.questions(space, gap)
        await self.finder.gaps.decide(space, gap.id, "resolved")
        return ReaskedGap(gap, answer, is_resolved=True, n_told=await self._tell(space, gap, asked, answer))

    async def _tell(self, space: SpaceId, gap: Gap, asked: Sequence[UnansweredQuestion], answer: Markdown) -> int:
        """Show the answer once in each conversation where it was asked; return in how many."""
        newest = {each.conversation: each for each in reversed(asked)}
        n_told = 0
        for conversation, each in newest.items():
            question = Markdown(f"> {escape(textwrap.shorten(each.question, MAX_QUOTED_CHARS, placeholder='…'))}")
            words = say_markdown(each.language, "gaps.known_now", question=question, answer=answer)
            key = f"gap:{gap.id}:{conversation}"
            n_told += await self.notices.tell(space, conversation, key, Reply(words, each.language))
        return n_told
