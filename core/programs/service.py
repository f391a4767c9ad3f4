"""Programs answered by the core itself (``core.programs.port``). They are counted apart from people.

A program's questions become no turns, no gaps, no ratings, no training data and no answers to be given again; only
their number is kept, by day and outcome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.curation.gaps import GapFinder
from core.errors import PermissionRefused, Unavailable
from core.generation.draft import CLOSEST, Draft
from core.language import detect_language
from core.offload import offload
from core.pipeline import Consultation
from core.programs.port import MAX_FOUND
from core.programs.registry import Program, Programs
from core.programs.results import (
    AskOutcome,
    AskResult,
    FoundPassage,
    OpenQuestion,
    ProgramIdentity,
    QuotedSource,
)
from core.question_answering import QuestionAnswering, readable_question
from core.storage.delivery.rate_buckets import RateBuckets
from core.texts import say
from core.types import Person, Rates, Scope, community_of


@dataclass(frozen=True, slots=True)
class ProgramService:
    """Admits programs and answers them (``core.programs.port.ProgramsPort``)."""

    programs: Programs
    questions: QuestionAnswering
    finder: GapFinder
    rates: Rates
    buckets: RateBuckets

    async def admit(self, token: str) -> SpaceProgram:
        """Return what the token's program may do. Raises ``PermissionRefused`` on an unknown or revoked token."""
        program = await self.programs.find(token)
        if program is None:
            raise PermissionRefused("program.unknown_token")
        return SpaceProgram(self, program)


@dataclass(frozen=True, slots=True)
class SpaceProgram:
    """One program in the space of its token (``core.programs.port.ProgramPort``)."""

    _service: ProgramService
    _program: Program

    @property
    def identity(self) -> ProgramIdentity:
        """Return the program's name and its space."""
        return ProgramIdentity(self._program.name, self._program.space)

    async def ask(self, question: str) -> AskResult:
        """Answer a question. Raises ``BadInput`` when it asks nothing, ``Unavailable`` over a rate limit."""
        text = readable_question(question)
        await self._require_admitted()
        result = _result(await self._service.questions.consult(self._program.space, self._person, text))
        await self._service.programs.count(self._program, result.outcome)
        return result

    async def search(self, query: str, limit: int) -> tuple[FoundPassage, ...]:
        """Return the passages nearest to a query. Raises as ``ask`` does."""
        text = readable_question(query)
        await self._require_admitted()
        questions = self._service.questions
        language = await offload(detect_language, text, questions.default_language)
        async with questions.queue.turn(self._program.space, self._person.id):
            found = await questions.pipeline.searcher.search(Scope(self._program.space), text, language)
        await self._service.programs.count(self._program, "searched")
        hits = found.hits[: min(limit, MAX_FOUND)]
        return tuple(
            FoundPassage(hit.passage.document, hit.passage.heading, hit.passage.text, round(float(hit.dense), 4))
            for hit in hits
        )

    async def gaps(self, limit: int) -> tuple[OpenQuestion, ...]:
        """Return what people asked without a good answer, most people first. Raises ``Unavailable`` over a limit."""
        await self._require_admitted()
        found = await self._service.finder.of(Scope(self._program.space), "").first(min(limit, MAX_FOUND))
        return tuple(
            OpenQuestion(gap.id, gap.question, gap.examples, gap.n_questions, gap.n_people, gap.asked_at.isoformat())
            for gap in found
        )

    @property
    def _person(self) -> Person:
        return Person(f"program:{self._program.id}", self._program.name)

    async def _require_admitted(self) -> None:
        """Count a request against the limits of the program and of all programs: of its community's, of everybody's.

        Every process counts in the same buckets. Raises ``Unavailable`` over a limit.
        """
        rates = self._service.rates
        wanted = {
            self._person.id: rates.person,
            f"programs of {community_of(self._program.space)}": rates.space,
            "programs": rates.everyone,
        }
        if (wait_s := await self._service.buckets.take(wanted)) > 0:
            raise Unavailable("limit.wait", wait_s=math.ceil(wait_s))


def _result(consulted: Consultation) -> AskResult:
    draft, confidence, language = consulted.draft, consulted.decision.confidence, consulted.question.language
    outcome = _outcome(draft)
    return AskResult(
        outcome=outcome,
        answer=draft.text if outcome in ("answered", "outside") else None,
        confidence=round(confidence.value, 4),
        reasons=tuple(say(language, reason.key, **reason.values) for reason in confidence.reasons),
        language=language,
        sources=tuple(QuotedSource(each.n, each.document, each.heading, each.quote) for each in draft.sources),
    )


def _outcome(draft: Draft) -> AskOutcome:
    match draft.used:
        case "abstained":
            return "unknown"
        case used if used == CLOSEST:
            return "closest"
        case _:
            return "answered" if draft.sources else "outside"
