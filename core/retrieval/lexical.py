"""BM25 over stemmed terms: one space's passages in tantivy.

Both languages share one field, so that term rarity and average length are those of the whole space; each passage is
stemmed by its own language and a question by all of them.
Does not cover how text becomes terms (``core.retrieval.analyse``) or when files are stale (``core.retrieval.index``).
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import tantivy

from core.retrieval.analyse import Term, stems
from core.retrieval.chunk import searched_text
from core.types import Passage

_WRITER_BYTES = 30_000_000
_ID, _TERMS = "id", "terms"
_SEAL = "seal.json"


N_UNSEEN = 30
"""In a handful of passages every word is frequent. Rarity is counted as if so many more held none of the words."""


def rarity(n_with_term: int, n_passages: int) -> float:
    """Return how telling a word is, nats, > 0: the inverse document frequency, made steady for small spaces."""
    return idf(n_with_term, n_passages + N_UNSEEN)


def idf(n_with_term: int, n_passages: int) -> float:
    """Return BM25's inverse document frequency, nats, > 0 (Robertson and Zaragoza 2009, Lucene's form)."""
    n_with_term = min(n_with_term, n_passages)
    return math.log(1 + (n_passages - n_with_term + 0.5) / (n_with_term + 0.5))


def passage_stems(passage: Passage) -> list[str]:
    """Return the terms a passage is found by."""
    return stems(searched_text(passage.document, passage.heading, passage.text), passage.language)


class LexicalIndex:
    """Terms of passages by id, on disk; what was added is found as soon as ``update`` returns."""

    def __init__(self, path: Path) -> None:
        """Open the index in the folder ``path``, or start one. Raises ``ValueError`` when the files are damaged."""
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._checksums: dict[str, int] = {}
        self._verify()
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field(_ID, indexed=True, fast=True)  # unsigned ones tantivy-py cannot delete by
        builder.add_text_field(_TERMS, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(path))
        self._searcher = self._index.searcher()
        self._seal()

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
            document.add_integer(_ID, passage.id)
            document.add_text(_TERMS, " ".join(passage_stems(passage)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()
        self._seal()

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

    def _seal(self) -> None:
        """Note every file's checksum, so that damage is seen before tantivy meets it: it trusts what it reads."""
        known = self._checksums
        self._checksums = {
            path.name: known[path.name] if path.name in known and path.suffix != ".json" else _checksum(path)
            for path in _files(self._path)
        }
        partial = self._path / "seal.partial"
        partial.write_text(json.dumps(self._checksums), encoding="utf-8")
        partial.replace(self._path / _SEAL)

    def _verify(self) -> None:
        checksums = {path.name: _checksum(path) for path in _files(self._path)}
        sealed = json.loads((self._path / _SEAL).read_text(encoding="utf-8")) if checksums else {}
        if checksums != sealed:
            raise ValueError(f"files of {self._path} are not those that were written")
        self._checksums = checksums

    def _clause(self, stem: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, _TERMS, stem, index_option="freq")
        own = idf(self._searcher.doc_freq(_TERMS, stem), self._searcher.num_docs)
        return tantivy.Query.boost_query(query, weight / own)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix not in {".lock", ".partial"} and path.name != _SEAL]


def _checksum(path: Path) -> int:
    return zlib.crc32(path.read_bytes())
