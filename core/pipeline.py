"""The story of one question: remember, search, judge, write, record.

Everything AION is can be read here from top to bottom. How each step works is behind its port; what a platform
shows of it is the business of ``core.dispatch`` and ``bot``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.chat.conversation import CondensedQuestion, ConversationPlace, Conversations
from core.generation.answer_cache import CACHE, AnswerCache
from core.generation.continuation import asks_to_go_on, is_broken_off
from core.generation.draft import Draft, Show
from core.generation.writer import Writers
from core.offload import offload
from core.ports import Gate, Searcher
from core.stopwatch import Stopwatch
from core.storage.answers import Answers, NewAnswer
from core.types import Answer, Decision, Language, Person, SearchResult, SpaceId

SILENT = Draft("", "silent")
"""What is recorded of a question AION heard and did not answer, since nobody had asked it and it was not sure."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know, and where it was asked. ``fresh``: an answer given before will not do."""

    space: SpaceId
    conversation: str
    person: Person
    text: str
    language: Language
    branched_from: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions from what a space was taught."""

    conversations: Conversations
    searcher: Searcher
    gate: Gate
    writers: Writers
    reuse: AnswerCache
    answers: Answers

    async def answer(self, question: Question, show: Show, writing: Callable[[], None] = lambda: None) -> Answer:
        """Answer a question; ``show`` is given the text as far as it is written and stands up to its passages.

        ``writing`` is called when all is known that the answer needs, and only writing it may still take long.
        """
        clock = Stopwatch()

        # 1. Remember what was asked, and join a follow-up with the question it follows.
        with clock.step("remember"):
            question, asked, so_far = await self._going_on(question, await self._condense(question))

        # 2. Search what this space may read: dense and lexical, fused, diversified. (Noting the turn takes no longer.)
        found, _ = await asyncio.gather(
            self.searcher.search(question.space, asked.search_text, question.language),
            self.conversations.remember(asked),
        )

        # 3. Judge how likely it is that the answer is in there, and so who may answer.
        with clock.step("judge"):
            decision = await offload(self.gate.decide, found)

        # 4. Write: what was said to this before, from the passages, from elsewhere and saying so, or "I don't know".
        with clock.step("recall"):
            draft = await self._recall(question, found, decision)
        writing()
        draft = draft or await self._write(found, decision, show, so_far)

        # 5. Record everything that a rating of this answer will need.
        answer = await self._record(question, asked, found, decision, draft, clock)
        if decision.band == "local" and draft.sources and draft.used != CACHE:
            await self.reuse.keep(question.space, answer.id, found)
        return answer

    async def answer_unaddressed(self, question: Question) -> Answer | None:
        """Answer a question that was said to nobody, where that is sure to help; ``None``: keep silent.

        What AION was not sure of is recorded too: it is a gap in what the community taught. Only what it answers
        becomes part of the person's conversation with it.
        """
        clock = Stopwatch()
        asked = await self._condense(question)
        found = await self.searcher.search(question.space, asked.search_text, question.language)
        decision = await offload(self.gate.decide, found)
        draft = SILENT
        if decision.band == "local":
            written = await self.writers.grounded(found, _unseen)
            draft = written if written.sources else SILENT
        answer = await self._record(question, asked, found, decision, draft, clock)
        if draft is SILENT:
            return None
        await self.conversations.remember(asked)
        return answer

    async def _condense(self, question: Question) -> CondensedQuestion:
        here = ConversationPlace(question.space, question.conversation, question.branched_from)
        return await self.conversations.condense(here, question.person, question.text)

    async def _going_on(self, question: Question, asked: CondensedQuestion) -> tuple[Question, CondensedQuestion, str]:
        """Return what to answer, and the start of the answer where "continue" was said to one that broke off."""
        if asks_to_go_on(question.text) and await self.conversations.is_open(asked):
            last = await self.answers.last(question.space, question.conversation, asked.session.person)
            if last and last.generation and is_broken_off(last.text, last.language):
                again = replace(question, text=last.question, language=last.language)
                return again, asked.again(last.searched or last.question), last.generation.text
        return question, asked, ""

    async def _recall(self, question: Question, found: SearchResult, decision: Decision) -> Draft | None:
        """Return the answer that was given before to a question like this, if AION was sure of it and still is."""
        if question.fresh or decision.band != "local":
            return None
        return await self.reuse.find(question.space, found)

    async def _write(self, found: SearchResult, decision: Decision, show: Show, so_far: str) -> Draft:
        match decision.band:
            case "local":
                return await self.writers.grounded(found, show)
            case "provider":
                return await self.writers.provided(found, show, so_far)
            case "abstain":
                return await self.writers.ungrounded(found.question, show, so_far)

    async def _record(
        self,
        question: Question,
        asked: CondensedQuestion,
        found: SearchResult,
        decision: Decision,
        draft: Draft,
        clock: Stopwatch,
    ) -> Answer:
        for step, ms in {**found.latency_ms, **draft.latency_ms}.items():
            clock.add(step, ms)
        with clock.step("record"):
            new = _new_answer(question, asked, found, decision, draft, clock.read())
            answer_id = await self.answers.record(new)
        return Answer(
            id=answer_id,
            text=draft.text,
            used=draft.used,
            model=draft.model,
            language=question.language,
            confidence=decision.confidence,
            sources=draft.sources,
            latency_ms=clock.read(),
        )


async def _unseen(text: str) -> None:
    """Show nothing of an answer that nobody is waiting for until it is whole."""


def _new_answer(
    question: Question,
    asked: CondensedQuestion,
    found: SearchResult,
    decision: Decision,
    draft: Draft,
    latency_ms: Mapping[str, float],
) -> NewAnswer:
    return NewAnswer(
        space=question.space,
        asker=asked.session.person,
        conversation=question.conversation,
        question=question.text,
        language=question.language,
        passages=found.context,
        decision=decision,
        text=draft.text,
        used=draft.used,
        sources=draft.sources,
        generation=draft.generation,
        latency_ms=latency_ms,
        searched=asked.search_text if asked.search_text != question.text else None,
    )
