"""Lexical index: BM25 over stemmed terms, one space's passages in tantivy.

All languages share one field, so that idf and average length are those of the whole space; a passage is stemmed in
its own language, a question in all of them.
Does not cover text analysis (``core.retrieval.analyzer``) or when files are stale (``core.retrieval.index``).
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import tantivy

from core.retrieval.analyzer import stemmed
from core.retrieval.chunk import searched_text
from core.types import Passage, QueryTerm

_WRITER_BYTES = 30_000_000
_ID, _TERMS = "id", "terms"
_SEAL = "seal.json"

_MAX_IN_MEMORY = 256
"""Changes that are kept in memory only: indexing them again takes a few milliseconds."""


N_UNSEEN = 30
"""Passages without the term that ``smoothed_idf`` adds: among a handful of passages every word would be frequent."""


def smoothed_idf(n_with_term: int, n_passages: int) -> float:
    """Return the inverse document frequency, nats, > 0, as if ``N_UNSEEN`` more passages did not hold the term."""
    return idf(n_with_term, n_passages + N_UNSEEN)


def idf(n_with_term: int, n_passages: int) -> float:
    """Return BM25's inverse document frequency, nats, > 0 (Robertson and Zaragoza 2009, Lucene's form)."""
    n_with_term = min(n_with_term, n_passages)
    return math.log(1 + (n_passages - n_with_term + 0.5) / (n_with_term + 0.5))


def passage_terms(passage: Passage) -> str:
    """Return the terms that a passage is indexed by, joined by spaces."""
    return stemmed(searched_text(passage.document, passage.heading, passage.text), passage.language)


class LexicalIndex:
    """Terms of passages by id, on disk but for the latest changes; updates are searchable after ``commit``.

    A commit on disk waits for fsync. The database is durable already, so up to ``_MAX_IN_MEMORY`` changes are kept in
    a second index in memory.
    """

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
        self._disk = self._index.searcher()
        self._writer: tantivy.IndexWriter | None = None
        self._added: dict[int, str] = {}
        self._removed: set[int] = set()
        self._memory: tantivy.Searcher | None = None
        self._seal()

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return int(self._disk.num_docs) - len(self._removed) + len(self._added)

    def update(self, removed: Iterable[int], added: Collection[Passage]) -> None:
        """Remove and add passages, visible after ``commit``; a passage that is there already is replaced."""
        terms = {passage.id: passage_terms(passage) for passage in added}
        for id_ in [*removed, *terms]:
            self._added.pop(id_, None)
            if self._writer is not None or self._is_on_disk(id_):
                self._removed.add(id_)
        self._added |= terms
        if self._writer is not None or len(self._added) + len(self._removed) > _MAX_IN_MEMORY:
            self._write()

    def commit(self) -> None:
        """Make all updates searchable."""
        if self._writer is not None:
            self.save()
        elif self._added:
            index = tantivy.Index(self._schema)
            writer = index.writer(_WRITER_BYTES, 1)
            _add(writer, self._added)
            writer.commit()
            index.reload()
            self._memory = index.searcher()
        else:
            self._memory = None

    def save(self) -> None:
        """Write the changes in memory to disk, durably."""
        if self._writer is None and not self._added and not self._removed:
            return
        writer = self._write()
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._disk, self._memory, self._writer = self._index.searcher(), None, None
        self._seal()

    def _write(self) -> tantivy.IndexWriter:
        """Move the changes in memory to the writer on disk, which stays open until ``save``."""
        if self._writer is None:
            self._writer = self._index.writer(_WRITER_BYTES, 1)
        for id_ in self._removed:
            self._writer.delete_documents_by_term(_ID, id_)
        _add(self._writer, self._added)
        self._added, self._removed = {}, set()
        return self._writer

    def _is_on_disk(self, id_: int) -> bool:
        if not self._disk.num_docs:
            return False
        return bool(self._disk.search(tantivy.Query.term_query(self._schema, _ID, id_), 1).hits)

    def n_with(self, term: QueryTerm) -> int:
        """Return the term's document frequency; removed passages count until tantivy merges their segment."""
        return sum(searcher.doc_freq(_TERMS, stem) for searcher in self._searchers for stem in set(term.stems.values()))

    def search(self, terms: Sequence[QueryTerm], limit: int) -> list[tuple[int, float]]:
        """Return the ids and BM25 scores of the ``limit`` best passages, best first.

        The terms' own ``idf`` weighs them in place of this index's, so that scores of several spaces compare.
        """
        weights = {stem: term.idf for term in terms for stem in sorted(set(term.stems.values()))}
        if not weights:
            return []
        found = self._found(self._disk, weights, limit + len(self._removed))
        found = [(id_, score) for id_, score in found if id_ not in self._removed]
        if self._memory is not None:
            found = sorted([*found, *self._found(self._memory, weights, limit)], key=lambda each: -each[1])
        return found[:limit]

    @property
    def _searchers(self) -> list[tantivy.Searcher]:
        return [self._disk] if self._memory is None else [self._disk, self._memory]

    def _found(self, searcher: tantivy.Searcher, weights: Mapping[str, float], limit: int) -> list[tuple[int, float]]:
        if not searcher.num_docs:
            return []
        clauses = [(tantivy.Occur.Should, self._clause(searcher, *each)) for each in weights.items()]
        hits = searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
        ids = searcher.fast_field_values(_ID, [address for _, address in hits])
        return [(int(id_), score) for id_, (score, _) in zip(ids, hits, strict=True) if id_ is not None]

    def _seal(self) -> None:
        """Store every file's CRC-32: tantivy does not check what it reads."""
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

    def _clause(self, searcher: tantivy.Searcher, stem: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, _TERMS, stem, index_option="freq")
        own = idf(searcher.doc_freq(_TERMS, stem), searcher.num_docs)
        return tantivy.Query.boost_query(query, weight / own)


def _add(writer: tantivy.IndexWriter, terms: Mapping[int, str]) -> None:
    for id_, text in terms.items():
        document = tantivy.Document()
        document.add_integer(_ID, id_)
        document.add_text(_TERMS, text)
        writer.add_document(document)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix not in {".lock", ".partial"} and path.name != _SEAL]


def _checksum(path: Path) -> int:
    return zlib.crc32(path.read_bytes())
