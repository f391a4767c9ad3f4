"""The pipeline of one question: talk, remember, search, judge, write, record.

Read ``Pipeline.answer`` from top to bottom for the whole product. How a step works is in the part it calls; what a
platform shows of it is in ``core.dispatch`` and ``bot``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.chat.conversation import CondensedQuestion, ConversationPlace, Conversations
from core.chat.follow_up import search_in_session
from core.chat.several_questions import questions_in
from core.chat.talk_reply import TalkReplies
from core.conflicts.answer_notes import AnswerNotes
from core.generation.answer_cache import CACHE, AnswerCache
from core.generation.continuation import asks_to_continue, is_broken_off
from core.generation.draft import CLOSEST, Draft, Show, several
from core.generation.grounding.extractive import LINES
from core.generation.writer import Writers
from core.offload import offload
from core.ports import Gate, Reader, Searcher
from core.retrieval.reading.reading_searcher import as_read
from core.stopwatch import Stopwatch
from core.storage.answers import Answers, NewAnswer
from core.tracing import span
from core.types import Answer, Confidence, Decision, Hit, Language, Person, Scope, SearchResult, SpaceId

NO_REPLY = Draft("", "silent")
"""Recorded in place of an answer when an unaddressed question is left without one."""

TALK = "talk"
"""What ``Answer.used`` says of a reply to small talk."""

SURE_OF_TALK = Decision("local", Confidence(1.0, 0.0))
"""Recorded with a reply to small talk: nothing was searched, and nothing is missing."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and where, by whom and in which language it was asked. ``fresh``: do not reuse an earlier answer.

    ``others`` are what else may be read there (``Scope.others``).
    ``key`` is that of the message that asks it.
    """

    space: SpaceId
    conversation: str
    person: Person
    text: str
    language: Language
    branched_from: str | None = None
    fresh: bool = False
    others: tuple[SpaceId, ...] = ()
    key: str | None = None

    @property
    def scope(self) -> Scope:
        """Return what the question may be answered from."""
        return Scope(self.space, self.others)


@dataclass(frozen=True, slots=True)
class Consultation:
    """A question as it was judged and written about, for a program."""

    question: Question
    decision: Decision
    draft: Draft


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions from the passages that may be read where they are asked."""

    talk: TalkReplies
    conversations: Conversations
    searcher: Searcher
    gate: Gate
    writers: Writers
    cache: AnswerCache
    answers: Answers
    reader: Reader | None = None
    notes: AnswerNotes | None = None

    async def answer(self, question: Question, show: Show, writing: Callable[[], None] = lambda: None) -> Answer:
        """Answer a question and record the answer.

        ``show`` is given the text written so far, each time more of it is supported by the passages. ``writing`` is
        called once the question is searched and judged, before the answer is written.
        """
        clock = Stopwatch()

        # 1. Talk: reply to a greeting, thanks or a question about AION itself; leave them out of what else is asked.
        with clock.step("talk"):
            said = await self.talk.read(question.scope, question.text, question.language)
        if said.reply is not None:
            return await self._record_talk(question, said.reply, clock)
        question = replace(question, text=said.asked)

        # 2. Remember the session; each of several questions is answered by itself.
        with clock.step("remember"):
            question, condensed, prefix = await self._resolve_continuation(question, await self._condense(question))
        if len(parts := questions_in(condensed.asked)) > 1:
            return await self._answer_each(question, condensed, parts, writing, clock)

        # 3. Search what may be read here: dense and lexical, fused, read, diversified; with the question before
        #    where this one goes on from it.
        condensed, found = await self._search(question, condensed)

        # 4. Judge the probability that the passages hold the answer, and so who may write it. (Noting the turn takes no
        #    longer.)
        with clock.step("judge"):
            decision, _ = await asyncio.gather(offload(self.gate.decide, found), self.conversations.remember(condensed))

        # 5. Write: an answer where it is sure or somebody finds one in the passages, the closest where it is not, or
        #    "I don't know"; from the cache where the same was asked before.
        with clock.step("recall"):
            draft = await self._recall(question, found, decision)
        writing()
        draft = draft or await self._write(question, found, decision, show, prefix)

        # 6. Record everything that a rating of this answer will need.
        answer = await self._record(question, condensed, found, decision, draft, clock)
        if (decision.band == "local" or draft.used == CLOSEST) and draft.sources and draft.used != CACHE:
            await self.cache.keep(question.scope, answer.id, found)
        return answer

    async def _answer_each(
        self,
        question: Question,
        condensed: CondensedQuestion,
        parts: Sequence[str],
        writing: Callable[[], None],
        clock: Stopwatch,
    ) -> Answer:
        """Answer the questions of one message in order and briefly, each as one asked after the one before it."""
        drafts, found, decisions = list[Draft](), list[SearchResult](), list[Decision]()
        turn = replace(condensed, asked=parts[0], topic=parts[0])
        for n, part in enumerate(parts):
            asked = turn.then(part) if n else turn
            turn, result = await self._search(question, asked)
            decisions.append(await offload(self.gate.decide, result))
            found.append(result)
        writing()
        brief = replace(self, writers=replace(self.writers, rooms=LINES))
        for result, decision in zip(found, decisions, strict=True):
            drafts.append(await brief._write(question, result, decision, _show_nothing, ""))
        await self.conversations.remember(turn)
        unsure = min(decisions, key=lambda decision: decision.confidence.value)
        draft = several(list(zip(parts, drafts, strict=True)))
        context = {hit.passage.id: hit for result in found for hit in result.context}
        together = replace(found[0], context=tuple(context.values()))
        return await self._record(question, condensed.again(question.text), together, unsure, draft, clock)

    async def answer_unaddressed(self, question: Question) -> Answer | None:
        """Answer a question not addressed to AION if the gate's band is ``local``; return ``None`` otherwise.

        A question left without an answer is recorded too: it is a gap in the knowledge. Only one that is answered
        becomes a turn of the person's session. Small talk among others gets no reply.
        """
        clock = Stopwatch()
        said = await self.talk.read(question.scope, question.text, question.language)
        if said.reply is not None:
            return None
        question = replace(question, text=said.asked)
        condensed = await self._condense(question)
        condensed, found = await self._search(question, condensed)
        decision = await offload(self.gate.decide, found)
        draft = NO_REPLY
        if decision.band == "local":
            written = await self.writers.grounded(found, _show_nothing, question.space)
            draft = await self._noted(question, found, written) if written.sources else NO_REPLY
        answer = await self._record(question, condensed, found, decision, draft, clock)
        if draft is NO_REPLY:
            return None
        await self.conversations.remember(condensed)
        return answer

    async def consult(self, question: Question, writing: Callable[[], None]) -> Consultation:
        """Search, judge and write for a program: without small talk and session, and nothing of it is recorded.

        ``writing`` is called as in ``answer``.
        """
        searched = await self.searcher.search(question.scope, question.text, question.language)
        found = await as_read(searched, self.reader)
        decision = await offload(self.gate.decide, found)
        writing()
        return Consultation(question, decision, await self._write(question, found, decision, _show_nothing, ""))

    async def _search(self, question: Question, condensed: CondensedQuestion) -> tuple[CondensedQuestion, SearchResult]:
        with span("search"):
            condensed, found = await search_in_session(self.searcher, question.scope, condensed, question.language)
            return condensed, await as_read(found, self.reader)

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
        """Return the cached answer to an equivalent question: one that was sure, or confirmed."""
        if question.fresh or decision.band == "abstain":
            return None
        return await self.cache.find(question.scope, found)

    async def _write(
        self, question: Question, found: SearchResult, decision: Decision, show: Show, prefix: str
    ) -> Draft:
        with span("write"):
            match decision.band:
                case "local":
                    draft = await self.writers.grounded(found, show, question.space)
                case "provider":
                    draft = await self.writers.provided(found, show, prefix, question.space)
                case "abstain":
                    return await self.writers.outside(found, show, prefix, question.space)
            draft = draft if draft.sources else await self.writers.closest(found, question.space)
            return await self._noted(question, found, draft)

    async def _noted(self, question: Question, found: SearchResult, draft: Draft) -> Draft:
        """Return a draft with what is to be known of its sources: their age, and what contradicts them."""
        return await self.notes.add(question.scope, found, draft) if self.notes else draft

    async def _record_talk(self, question: Question, reply: str, clock: Stopwatch) -> Answer:
        """Record a reply to small talk; it is no turn of the session, so that the topic stays what it was."""
        condensed = (await self._condense(question)).again(question.text)
        return await self._record(question, condensed, None, SURE_OF_TALK, Draft(reply, TALK), clock)

    async def _record(
        self,
        question: Question,
        condensed: CondensedQuestion,
        found: SearchResult | None,
        decision: Decision,
        draft: Draft,
        clock: Stopwatch,
    ) -> Answer:
        for step, ms in {**(found.latency_ms if found else {}), **draft.latency_ms}.items():
            clock.add(step, ms)
        with clock.step("record"):
            passages = found.context if found else ()
            new = _new_answer(question, condensed, passages, decision, draft, clock.read())
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
    passages: Sequence[Hit],
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
        passages=passages,
        decision=decision,
        text=draft.text,
        used=draft.used,
        sources=draft.sources,
        generation=draft.generation,
        latency_ms=latency_ms,
        searched=condensed.search_text if condensed.search_text != question.text else None,
        asked_by_message=question.key,
    )
