"""The pipeline of one question: remember, search, judge, write, record.

Read ``Pipeline.answer`` from top to bottom for the whole product. How a step works is in the part it calls; what a
platform shows of it is in ``core.dispatch`` and ``bot``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.chat.conversation import CondensedQuestion, ConversationPlace, Conversations
from core.generation.answer_cache import CACHE, AnswerCache
from core.generation.continuation import asks_to_continue, is_broken_off
from core.generation.draft import Draft, Show
from core.generation.writer import Writers
from core.offload import offload
from core.ports import Gate, Searcher
from core.stopwatch import Stopwatch
from core.storage.answers import Answers, NewAnswer
from core.types import Answer, Decision, Language, Person, SearchResult, SpaceId

NO_REPLY = Draft("", "silent")
"""Recorded in place of an answer when an unaddressed question is left without one."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and where, by whom and in which language it was asked. ``fresh``: do not reuse an earlier answer."""

    space: SpaceId
    conversation: str
    person: Person
    text: str
    language: Language
    branched_from: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions from the passages that a space may read."""

    conversations: Conversations
    searcher: Searcher
    gate: Gate
    writers: Writers
    cache: AnswerCache
    answers: Answers

    async def answer(self, question: Question, show: Show, writing: Callable[[], None] = lambda: None) -> Answer:
        """Answer a question and record the answer.

        ``show`` is given the text written so far, each time more of it is supported by the passages. ``writing`` is
        called once the question is searched and judged, before the answer is written.
        """
        clock = Stopwatch()

        # 1. Remember the session, and join a follow-up with the question it follows.
        with clock.step("remember"):
            question, condensed, prefix = await self._resolve_continuation(question, await self._condense(question))

        # 2. Search what this space may read: dense and lexical, fused, diversified. (Noting the turn takes no longer.)
        found, _ = await asyncio.gather(
            self.searcher.search(question.space, condensed.search_text, question.language),
            self.conversations.remember(condensed),
        )

        # 3. Judge the probability that the passages hold the answer, and so who may write it.
        with clock.step("judge"):
            decision = await offload(self.gate.decide, found)

        # 4. Write: from the cache, from the passages, from a provider's own knowledge and marked so, or "I don't know".
        with clock.step("recall"):
            draft = await self._recall(question, found, decision)
        writing()
        draft = draft or await self._write(question, found, decision, show, prefix)

        # 5. Record everything that a rating of this answer will need.
        answer = await self._record(question, condensed, found, decision, draft, clock)
        if decision.band == "local" and draft.sources and draft.used != CACHE:
            await self.cache.keep(question.space, answer.id, found)
        return answer

    async def answer_unaddressed(self, question: Question) -> Answer | None:
        """Answer a question not addressed to AION if the gate's band is ``local``; return ``None`` otherwise.

        A question left without an answer is recorded too: it is a gap in the knowledge. Only one that is answered
        becomes a turn of the person's session.
        """
        clock = Stopwatch()
        condensed = await self._condense(question)
        found = await self.searcher.search(question.space, condensed.search_text, question.language)
        decision = await offload(self.gate.decide, found)
        draft = NO_REPLY
        if decision.band == "local":
            written = await self.writers.grounded(found, _show_nothing)
            draft = written if written.sources else NO_REPLY
        answer = await self._record(question, condensed, found, decision, draft, clock)
        if draft is NO_REPLY:
            return None
        await self.conversations.remember(condensed)
        return answer

    async def _condense(self, question: Question) -> CondensedQuestion:
        here = ConversationPlace(question.space, question.conversation, question.branched_from)
        return await self.conversations.condense(here, question.person, question.text)

    async def _resolve_continuation(
        self, question: Question, condensed: CondensedQuestion
    ) -> tuple[Question, CondensedQuestion, str]:
        """Return what to answer; for "continue" after an answer that broke off, its question and the text it has."""
        if asks_to_continue(question.text) and await self.conversations.is_open(condensed):
            last = await self.answers.last(question.space, question.conversation, condensed.session.person)
            if last and last.generation and is_broken_off(last.text, last.language):
                again = replace(question, text=last.question, language=last.language)
                return again, condensed.again(last.searched or last.question), last.generation.text
        return question, condensed, ""

    async def _recall(self, question: Question, found: SearchResult, decision: Decision) -> Draft | None:
        """Return the cached answer to an equivalent question, if the band is ``local`` now as it was then."""
        if question.fresh or decision.band != "local":
            return None
        return await self.cache.find(question.space, found)

    async def _write(
        self, question: Question, found: SearchResult, decision: Decision, show: Show, prefix: str
    ) -> Draft:
        match decision.band:
            case "local":
                return await self.writers.grounded(found, show)
            case "provider":
                return await self.writers.provided(found, show, prefix, question.space)
            case "abstain":
                return await self.writers.ungrounded(found.question, show, prefix, question.space)

    async def _record(
        self,
        question: Question,
        condensed: CondensedQuestion,
        found: SearchResult,
        decision: Decision,
        draft: Draft,
        clock: Stopwatch,
    ) -> Answer:
        for step, ms in {**found.latency_ms, **draft.latency_ms}.items():
            clock.add(step, ms)
        with clock.step("record"):
            new = _new_answer(question, condensed, found, decision, draft, clock.read())
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


async def _show_nothing(text: str) -> None:
    """Show nothing: an answer that nobody asked for appears only when it is complete."""


def _new_answer(
    question: Question,
    condensed: CondensedQuestion,
    found: SearchResult,
    decision: Decision,
    draft: Draft,
    latency_ms: Mapping[str, float],
) -> NewAnswer:
    return NewAnswer(
        space=question.space,
        asker=condensed.session.person,
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
        searched=condensed.search_text if condensed.search_text != question.text else None,
    )
