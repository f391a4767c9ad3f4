"""Answers with everything that a reward is computed from, written once; and their ratings, which may change.

Every method reads and writes one space; answers of other spaces are not found. People are pseudonyms
(``core.privacy.pseudonyms``). ``core.training.export`` checks the consent that training on them needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Update, delete, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput
from core.storage.database import Database
from core.storage.delivery.claim import claim_statement
from core.storage.delivery.webhook_outbox import post_events
from core.storage.passages import documents_of
from core.storage.schema import answer_documents, answers, ratings
from core.storage.schema.answers import never_shown
from core.storage.spaces import ensure_space, in_community
from core.types import (
    CommunityEvent,
    Confidence,
    Decision,
    Generation,
    Hit,
    Language,
    PromptTurn,
    Reason,
    Sampling,
    Scope,
    Source,
    SpaceId,
    Thumb,
    answer_events,
)


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer to be recorded. ``asker`` is a pseudonym; ``passages`` are the context it was written from, best first.

    ``generation`` is ``None`` when no model wrote the text (extracted, abstained, silent). ``searched`` is the search
    query where it differs from the question; ``latency_ms`` is by step of the pipeline; ``asked_by_message`` is the key
    of the message that asks.
    """

    space: SpaceId
    asker: str
    conversation: str
    question: str
    language: Language
    passages: Sequence[Hit]
    decision: Decision
    text: str
    used: str
    sources: tuple[Source, ...] = ()
    generation: Generation | None = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    searched: str | None = None
    asked_by_message: str | None = None


@dataclass(frozen=True, slots=True)
class DeclinedQuestion:
    """A question whose answer ``answer_id`` AION declined or was not sure of."""

    answer_id: int
    conversation: str
    question: str
    language: Language


@dataclass(frozen=True, slots=True)
class UsedPassage:
    """A passage of an answer's context, with its scores then; the passage may have been removed since."""

    id: int
    document_id: int
    document: str
    heading: str
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """An answer as recorded. ``message_ref`` (``PLATFORM:HANDLE``) is the message that shows it, once one does."""

    id: int
    space: SpaceId
    asker: str
    conversation: str
    question: str
    language: Language
    passages: tuple[UsedPassage, ...]
    decision: Decision
    text: str
    used: str
    sources: tuple[Source, ...]
    generation: Generation | None
    latency_ms: Mapping[str, float]
    message_ref: str | None
    created_at: datetime
    searched: str | None
    asked_by_message: str | None = None


class Answers:
    """The answers of every space, and their ratings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, answer: NewAnswer) -> int:
        """Store an answer and return its id; it replaces one to the same message that was never shown.

        Such a one was left by a process that ended between recording and sending it, and has been made again.
        """
        async with self._database.write_beside() as connection:
            await ensure_space(connection, answer.space)
            columns = _columns(answer)
            new = self._database.sql.insert(answers).values(columns)
            key = ["space_id", "asked_by_message"]
            again = new.on_conflict_do_update(index_elements=key, index_where=never_shown, set_=columns)
            statement = again.returning(answers.c.id)
            answer_id = int((await connection.execute(statement)).scalar_one())
            await connection.execute(delete(answer_documents).where(answer_documents.c.answer_id == answer_id))
            if answer.sources:
                cited = documents_of({source.passage_id for source in answer.sources}).add_columns(literal(answer_id))
                await connection.execute(insert(answer_documents).from_select(["document_id", "answer_id"], cited))
            told = (answer.question, answer.text, answer.used, answer.decision.confidence.value, answer.language)
            await post_events(connection, answer.space, answer_events(answer_id, *told))
            return answer_id

    async def get(self, space: SpaceId, answer_id: int) -> AnswerRecord | None:
        """Return an answer of the space; ``None`` when it has none of that id."""
        owned = (answers.c.space_id == space) & (answers.c.id == answer_id)
        row = await self._database.row(select(answers).where(owned))
        return read_answer(row) if row is not None else None

    async def find(self, scope: Scope, answer_id: int) -> AnswerRecord | None:
        """Return an answer given where ``scope`` may read; ``None`` when there is none of that id."""
        readable = answers.c.space_id.in_(scope.community) & (answers.c.id == answer_id)
        row = await self._database.row(select(answers).where(readable))
        return read_answer(row) if row is not None else None

    async def home(self, space: SpaceId, answer_id: int) -> SpaceId | None:
        """Return the space of an answer given in the community of ``space``, whatever its audience was then."""
        ours = in_community(answers.c.space_id, space) & (answers.c.id == answer_id)
        row = await self._database.row(select(answers.c.space_id).where(ours))
        return SpaceId(row.space_id) if row is not None else None

    async def last(self, space: SpaceId, conversation: str, asker: str) -> AnswerRecord | None:
        """Return the newest answer to a question of a person (a pseudonym) in a conversation; small talk is none."""
        theirs = (answers.c.space_id == space) & (answers.c.conversation == conversation) & (answers.c.asker == asker)
        asked = select(answers).where(theirs, answers.c.used.not_in(("talk", "silent")))
        row = await self._database.row(asked.order_by(answers.c.id.desc()).limit(1))
        return read_answer(row) if row is not None else None

    async def declined(self, space: SpaceId, since: datetime, limit: int) -> tuple[DeclinedQuestion, ...]:
        """Return the last questions of the space that AION declined or was not sure of, newest first."""
        doubted = answers.c.used.in_(("abstained", "closest")) & (answers.c.created_at >= since)
        statement = select(answers).where(answers.c.space_id == space, doubted).order_by(answers.c.id.desc())
        return tuple(
            DeclinedQuestion(row.id, row.conversation, row.searched or row.question, row.language)
            for row in await self._database.rows(statement.limit(limit))
        )

    async def shown_at(self, space: SpaceId, message_ref: str) -> int | None:
        """Return the id of the answer that the message ``message_ref`` (``PLATFORM:HANDLE``) shows, if it shows one."""
        there = (answers.c.space_id == space) & (answers.c.message_ref == message_ref)
        row = await self._database.row(select(answers.c.id).where(there).order_by(answers.c.id.desc()).limit(1))
        return row.id if row is not None else None

    async def rate(self, space: SpaceId, answer_id: int, person: str, thumb: Thumb | None, key: str = "") -> bool:
        """Store a person's rating of an answer in place of their earlier one, durably; ``None`` deletes it.

        ``False``: ``key``, of a press, was claimed before, and nothing changed. Raises ``BadInput`` when the answer was
        not given in the space.
        """
        theirs = (ratings.c.answer_id == answer_id) & (ratings.c.person == person)
        async with self._database.write_durably() as connection:
            await _require_answer(connection, space, answer_id)
            if key and not (await connection.execute(claim_statement(self._database.sql, space, key))).rowcount:
                return False
            rated = CommunityEvent("answer.rated", {"answer_id": answer_id, "thumb": thumb}, answer_id)
            await post_events(connection, space, [rated])
            if thumb is None:
                await connection.execute(delete(ratings).where(theirs))
                return True
            given = {"thumb": thumb, "updated_at": (now := datetime.now(UTC))}
            new = self._database.sql.insert(ratings).values(answer_id=answer_id, person=person, created_at=now, **given)
            await connection.execute(new.on_conflict_do_update(index_elements=["answer_id", "person"], set_=given))
        return True

    async def thumb_of(self, space: SpaceId, answer_id: int, person: str) -> Thumb | None:
        """Return a person's current rating of an answer of the space, if there is one."""
        theirs = (answers.c.space_id == space) & (answers.c.id == answer_id) & (ratings.c.person == person)
        statement = select(ratings.c.thumb).join(answers, answers.c.id == ratings.c.answer_id).where(theirs)
        row = await self._database.row(statement)
        return row.thumb if row is not None else None


def message_ref_update(space: SpaceId, answer_id: int, message_ref: str) -> Update:
    """Return the statement that sets an answer's ``message_ref``, for a transaction of the inbox."""
    owned = (answers.c.space_id == space) & (answers.c.id == answer_id)
    return update(answers).where(owned).values(message_ref=message_ref)


async def _require_answer(connection: AsyncConnection, space: SpaceId, answer_id: int) -> None:
    owned = (answers.c.space_id == space) & (answers.c.id == answer_id)
    if (await connection.execute(select(answers.c.id).where(owned))).first() is None:
        raise BadInput("storage.elsewhere")


_AS_THEY_ARE = ("asker", "conversation", "question", "language", "text", "used", "searched", "asked_by_message")
_NOT_GENERATED: Mapping[str, Any] = {"prompt": [], "log_probs": []} | dict.fromkeys(
    ("generator", "model", "sampling", "completion", "lora_version")
)


def _columns(answer: NewAnswer) -> dict[str, Any]:
    confidence, generation = answer.decision.confidence, answer.generation
    return {
        **{name: getattr(answer, name) for name in _AS_THEY_ARE},
        "space_id": answer.space,
        "passages": [asdict(_used(hit)) for hit in answer.passages],
        "sources": [asdict(source) for source in answer.sources],
        "confidence": confidence.value,
        "confidence_spec": confidence.spec,
        "reasons": [{"key": reason.key, "values": dict(reason.values)} for reason in confidence.reasons],
        "features": dict(confidence.features),
        "band": answer.decision.band,
        "latency_ms": dict(answer.latency_ms),
        "created_at": datetime.now(UTC),
        **(_generation_columns(generation) if generation else _NOT_GENERATED),
    }


def _generation_columns(generation: Generation) -> dict[str, Any]:
    return {
        "generator": generation.generator,
        "model": generation.model,
        "prompt": [[turn.role, turn.content] for turn in generation.prompt],
        "sampling": asdict(generation.sampling),
        "log_probs": list(generation.log_probs),
        "completion": generation.text,
        "lora_version": generation.lora_version,
    }


def _used(hit: Hit) -> UsedPassage:
    passage = hit.passage
    return UsedPassage(
        id=passage.id,
        document_id=passage.document_id,
        document=passage.document,
        heading=passage.heading,
        score=hit.score,
        dense=hit.dense,
        lexical=hit.lexical,
    )


def read_answer(row: Row[Any]) -> AnswerRecord:
    """Return the record of a row of the table ``answers``."""
    reasons = tuple(Reason(**reason) for reason in row.reasons)
    confidence = Confidence(row.confidence, row.confidence_spec, reasons, row.features)
    return AnswerRecord(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        id=row.id,
        space=row.space_id,
        passages=tuple(UsedPassage(**passage) for passage in row.passages),
        decision=Decision(row.band, confidence),
        sources=tuple(Source(**source) for source in row.sources),
        generation=_generation(row),
        latency_ms=row.latency_ms,
        message_ref=row.message_ref,
        created_at=row.created_at,
    )


def _generation(row: Row[Any]) -> Generation | None:
    if row.generator is None:
        return None
    return Generation(
        text=row.completion,
        generator=row.generator,
        model=row.model,
        prompt=tuple(PromptTurn(role, content) for role, content in row.prompt),
        sampling=Sampling(**row.sampling),
        log_probs=tuple(row.log_probs),
        lora_version=row.lora_version,
    )
