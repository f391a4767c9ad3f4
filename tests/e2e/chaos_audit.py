"""What must be true of a data folder however its process was killed: whole documents, and an index equal to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import func, select, text

from core.knowledge.parsing.parse import cut_chunks
from core.retrieval.analyzer import query_terms
from core.retrieval.dense import DenseIndex
from core.retrieval.index import SpaceIndexes
from core.settings import Settings
from core.storage.database import Database
from core.storage.passages import Passages
from core.storage.schema import document_names, documents, inbox, passages, proposals, ratings, spaces
from core.types import SpaceId
from tests.e2e.chaos_people import Kept
from tests.fakes import WordEmbedder


@dataclass(frozen=True)
class Audit:
    """What a database holds, and everything that is wrong in it."""

    kept: Kept
    texts: dict[tuple[SpaceId, str], str]
    faults: Sequence[str]


async def audit(data_dir: Path, url: str = "") -> Audit:
    """Read a data folder on which no process runs."""
    async with await Database.open(data_dir, url) as database:
        faults = [*await _torn(database), *await _unequal(database, data_dir, url), *await _undecided(database)]
        if not url:
            faults += [
                f"damaged: {row[0]}" for row in await database.rows(text("PRAGMA integrity_check")) if row[0] != "ok"
            ]
            faults += [f"dangling: {tuple(row)}" for row in await database.rows(text("PRAGMA foreign_key_check"))]
        thumbs = defaultdict(list)
        for row in await database.rows(select(ratings.c.answer_id, ratings.c.thumb)):
            thumbs[row.answer_id].append(row.thumb)
        keys = frozenset(row.key for row in await database.rows(select(inbox.c.key)))
        states = {row.title: row.status for row in await database.rows(select(proposals.c.title, proposals.c.status))}
        named = select(document_names.c.space_id, document_names.c.name, documents.c.text).join(
            documents, documents.c.id == document_names.c.document_id
        )
        texts = {(SpaceId(row.space_id), row.name): row.text for row in await database.rows(named)}
    return Audit(Kept(keys, thumbs, states), texts, faults)


async def _torn(database: Database) -> list[str]:
    """Return the documents whose passages are not exactly what their text is cut into."""
    faults = []
    held = defaultdict(list)
    for row in await database.rows(select(passages).order_by(passages.c.document_id, passages.c.ordinal)):
        held[row.document_id].append((row.ordinal, row.start, row.end, row.text))
    rows = await database.rows(select(documents))
    for row in rows:
        cut = cut_chunks(row.text, row.kind, row.language, row.title).chunks
        due = [(n, chunk.start, chunk.end, chunk.text) for n, chunk in enumerate(cut)]
        if held.pop(row.id, []) != due:
            faults.append(f"torn: document {row.id} “{row.title}” of {row.space_id}")
    faults += [f"torn: passages of document {number}, which is not there" for number in held]
    nameless = select(documents.c.id).where(documents.c.id.not_in(select(document_names.c.document_id)))
    return faults + [f"torn: document {row.id} has no name" for row in await database.rows(nameless)]


async def _undecided(database: Database) -> list[str]:
    """Return the proposals whose state is not that of their text: a document if approved, and none if not."""
    is_held = select(func.count()).where(
        documents.c.space_id == proposals.c.space_id, documents.c.content_hash == proposals.c.content_hash
    )
    rows = await database.rows(select(proposals.c.id, proposals.c.status, is_held.scalar_subquery().label("n")))
    return [
        f"half decided: proposal {row.id} is {row.status}, with {row.n} documents"
        for row in rows
        if (row.status == "approved") != bool(row.n)
    ]


async def _unequal(database: Database, data_dir: Path, url: str) -> list[str]:
    """Return the spaces whose index, topped up as before a search, does not hold exactly the database's passages."""
    settings = Settings.model_validate({"AION_DATA_DIR": data_dir} | ({"AION_DATABASE_URL": url} if url else {}))
    indexes, faults = SpaceIndexes(Passages(database), WordEmbedder(), settings.indexes_dir), []
    for space in [SpaceId(row.id) for row in await database.rows(select(spaces.c.id).where(spaces.c.revision > 0))]:
        index = await indexes.fresh(space)
        assert index is not None
        rows = await database.rows(select(passages).where(passages.c.space_id == space))
        held = {row.id: row for row in rows}
        if isinstance(index.dense, DenseIndex):  # else the database searches its own vectors
            vectors = dict(zip(*index.dense.all(), strict=True))
            same = vectors.keys() == held.keys() and all(
                np.allclose(vectors[n], held[n].vector, atol=1e-3) for n in held
            )
            faults += [] if same else [f"index of {space}: {len(vectors)} vectors differ from {len(held)} passages"]
        found = set[int]()
        for row in rows:
            found |= {number for number, _ in index.lexical.search(query_terms(row.text[:300]), len(rows) + 50)}
        if found != held.keys() or len(index.lexical) != len(rows):
            wrong = sorted(found ^ held.keys())
            faults.append(f"index of {space}: words of {len(index.lexical)} passages for {len(rows)}, {wrong} wrong")
    await indexes.close()
    return faults
