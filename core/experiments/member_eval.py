"""What a member gets from a community's own documents: ``aion eval --answers`` on folders with required strings.

Every collection of a set is a community of its own: its documents are indexed as the files they are, and every question
is a conversation of its own, answered the whole way. Providers and workers are the community's business.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.evaluation.outcomes import MemberAnswer, gold_rank
from core.types import Answer, SearchResult


class Community(Protocol):
    """A community that was taught nothing yet."""

    async def teach(self, document: LabelledDocument) -> None:
        """Index a document as the file it is, named by its title; one that cannot be read is left out."""
        ...

    async def ask(self, question: LabelledQuestion) -> tuple[Answer, SearchResult]:
        """Answer a question, and return what the search found for it."""
        ...


async def member_answers(
    data: LabelledSet,
    open_community: Callable[[], AbstractAsyncContextManager[Community]],
    limit: int,
    asked: Callable[[], object] = lambda: None,
) -> list[MemberAnswer]:
    """Ask up to ``limit`` questions of ``data``, evenly spaced, each of its own collection alone.

    ``asked`` is called after each question.
    """
    step = max(1, -(-len(data.questions) // limit))
    chosen = {question.id for question in data.questions[::step]}
    answers = []
    for collection in data.collections():
        questions = [question for question in collection.questions if question.id in chosen]
        if not questions:
            continue
        async with open_community() as community:
            for document in collection.documents:
                await community.teach(document)
            for question in questions:
                answers.append(await _answer(community, question))
                asked()
    return answers


async def _answer(community: Community, question: LabelledQuestion) -> MemberAnswer:
    answer, found = await community.ask(question)
    return MemberAnswer(
        question=question,
        text=answer.text,
        used=answer.used,
        confidence=answer.confidence.value,
        gold_rank=gold_rank([hit.passage.text for hit in found.hits[:8]], question.quotes),
        latency_ms=answer.latency_ms["total"],
    )
