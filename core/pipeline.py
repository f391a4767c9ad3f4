"""The story of one question: search, judge, write, record.

Everything AION is can be read here from top to bottom. How each step works is behind its port; what a platform
shows of it is the business of ``core.dispatch`` and ``bot``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.generation.writer import Draft, Show, Writers
from core.ports import Gate, Searcher
from core.privacy import Pseudonyms
from core.stopwatch import Stopwatch
from core.storage.answers import Answers, NewAnswer
from core.types import Answer, Decision, Found, Language, Person, SpaceId


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know, and where it was asked."""

    space: SpaceId
    conversation: str
    person: Person
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions from what a space was taught."""

    searcher: Searcher
    gate: Gate
    writers: Writers
    answers: Answers
    pseudonyms: Pseudonyms

    async def answer(self, question: Question, show: Show) -> Answer:
        """Answer a question; ``show`` is given the text as far as it is written and stands up to its passages."""
        clock = Stopwatch()

        # 1. Search what this space may read: dense and lexical, fused, diversified.
        found = await self.searcher.search(question.space, question.text, question.language)

        # 2. Judge how likely it is that the answer is in there, and so who may answer.
        with clock.step("judge"):
            decision = self.gate.decide(found)

        # 3. Write: from the passages, from elsewhere and saying so, or "I don't know".
        draft = await self._write(question, found, decision, show)

        # 4. Record everything that a rating of this answer will need.
        for step, ms in {**found.latency_ms, **draft.latency_ms}.items():
            clock.add(step, ms)
        with clock.step("record"):
            answer_id = await self.answers.record(self._record(question, found, decision, draft, clock.read()))

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

    async def _write(self, question: Question, found: Found, decision: Decision, show: Show) -> Draft:
        match decision.band:
            case "local":
                return await self.writers.grounded(question.text, found, show)
            case "provider":
                return await self.writers.provided(question.text, found, show)
            case "abstain":
                return await self.writers.ungrounded(question.text, found.language, show)

    def _record(
        self, question: Question, found: Found, decision: Decision, draft: Draft, latency_ms: Mapping[str, float]
    ) -> NewAnswer:
        return NewAnswer(
            space=question.space,
            asker=self.pseudonyms.of(question.person.id),
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
        )
