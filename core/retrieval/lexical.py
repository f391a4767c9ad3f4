"""BM25 over stemmed terms: one space's passages in tantivy.

Both languages share one field, so that term rarity and average length are those of the whole space; each passage is
stemmed by its own language and a question by all of them.
Does not cover how text becomes terms (``core.retrieval.analyse``) or when files are stale (``core.retrieval.index``).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import tantivy

from core.retrieval.analyse import Term, stems
from core.types import Passage

K1 = 1.2
"""BM25's term saturation in tantivy; a term's score is below ``idf * (K1 + 1)``."""

_WRITER_BYTES = 30_000_000
_ID, _TERMS = "id", "terms"


def idf(n_with_term: int, n_passages: int) -> float:
    """Return BM25's inverse document frequency, nats, > 0 (Robertson and Zaragoza 2009, Lucene's form)."""
    n_with_term = min(n_with_term, n_passages)
    return math.log(1 + (n_passages - n_with_term + 0.5) / (n_with_term + 0.5))


def indexed_text(passage: Passage) -> str:
    """Return what of a passage is searched: the words it stands under, then its own."""
    return f"{passage.document}\n{passage.heading}\n{passage.text}"


class LexicalIndex:
    """Terms of passages by id, on disk; what was added is found as soon as ``update`` returns."""

    def __init__(self, path: Path) -> None:
        """Open the index in the folder ``path``, or start one. Raises ``ValueError`` when the files are damaged."""
        path.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field(_ID, indexed=True, fast=True)
        builder.add_text_field(_TERMS, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(path))
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return int(self._searcher.num_docs)

    def update(self, removed: Iterable[int], added: Collection[Passage]) -> None:
        """Remove and add passages in one durable commit; an added one that is there already is replaced."""
        writer = self._index.writer(_WRITER_BYTES, 1)
        for id_ in [*removed, *(passage.id for passage in added)]:
            writer.delete_documents_by_term(_ID, id_)
        for passage in added:
            document = tantivy.Document()
            document.add_unsigned(_ID, passage.id)
            document.add_text(_TERMS, " ".join(stems(indexed_text(passage), passage.language)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def n_with(self, term: Term) -> int:
        """Return how many passages hold the term."""
        return sum(self._searcher.doc_freq(_TERMS, stem) for stem in set(term.stems.values()))

    def search(self, terms: Sequence[Term], idfs: Sequence[float], limit: int) -> list[tuple[int, float]]:
        """Return the ids and BM25 scores of the ``limit`` best passages, best first.

        ``idfs`` weigh the terms in place of this index's own rarity, so that scores of several spaces compare.
        """
        searcher = self._searcher
        clauses = [
            (tantivy.Occur.Should, self._clause(stem, weight))
            for term, weight in zip(terms, idfs, strict=True)
            for stem in set(term.stems.values())
        ]
        if not clauses or not searcher.num_docs:
            return []
        found = searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
        ids = searcher.fast_field_values(_ID, [address for _, address in found])
        return [(int(id_), score) for id_, (score, _) in zip(ids, found, strict=True) if id_ is not None]

    def _clause(self, stem: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, _TERMS, stem, index_option="freq")
        own = idf(self._searcher.doc_freq(_TERMS, stem), self._searcher.num_docs)
        return tantivy.Query.boost_query(query, weight / own)
