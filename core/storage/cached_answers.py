"""Cached answers: a question's words and embedding, with the answer that may be given to it again.

``state`` identifies everything else an answer depends on (passages, models, settings); entries of another state are
stale and deleted. Every method reads and writes one space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from core.storage.database import Database
from core.storage.schema import answers, ratings, reusable_answers
from core.types import Language, Source, SpaceId, Vector


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer as it was given, and the embedding of its question, shape ``(dim,)``; ``used`` as in ``Answer``."""

    answer_id: int
    text: str
    used: str
    sources: tuple[Source, ...]
    vector: Vector


class CachedAnswers:
    """The cached answers of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self, space: SpaceId, answer_id: int, language: Language, state: str, asked: str, vector: Vector
    ) -> None:
        """Cache an answer under ``asked``, the question's content words; delete entries of other states.

        One that was cached under this id before, and was made again since, is replaced.
        """
        kept = reusable_answers.c
        values = {"answer_id": answer_id, "space_id": space, "language": language, "state": state, "asked": asked}
        async with self._database.write() as connection:
            await connection.execute(delete(reusable_answers).where(kept.space_id == space, kept.state != state))
            new = self._database.sql.insert(reusable_answers).values(vector=vector, **values)
            again = new.on_conflict_do_update(index_elements=["answer_id"], set_={"vector": vector, **values})
            await connection.execute(again)

    async def find(self, space: SpaceId, language: Language, state: str, asked: str) -> Sequence[CachedAnswer]:
        """Return the answers cached under the same words, language and state, newest first.

        One that was offered as the closest is left out until somebody confirmed it with a 👍.
        """
        kept = reusable_answers.c
        liked = select(ratings.c.answer_id).where(ratings.c.answer_id == answers.c.id, ratings.c.thumb == "up")
        rows = await self._database.rows(
            select(kept.answer_id, kept.vector, answers.c.text, answers.c.used, answers.c.sources)
            .join_from(reusable_answers, answers)
            .where(kept.space_id == space, kept.asked == asked, kept.state == state, kept.language == language)
            .where((answers.c.used != "closest") | liked.exists())
            .order_by(kept.answer_id.desc())
        )
        return [
            CachedAnswer(row.answer_id, row.text, row.used, tuple(Source(**each) for each in row.sources), row.vector)
            for row in rows
        ]

    async def is_disliked(self, space: SpaceId, answer_id: int, text: str) -> bool:
        """Return whether the answer, or one given again from it, has a 👎."""
        again = (answers.c.used == "cache") & answers.c.text.startswith(text, autoescape=True)
        disliked = (
            select(answers.c.id)
            .join(ratings, ratings.c.answer_id == answers.c.id)
            .where(answers.c.space_id == space, ratings.c.thumb == "down", (answers.c.id == answer_id) | again)
        )
        return await self._database.row(disliked.limit(1)) is not None
