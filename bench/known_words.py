"""Make ``core/retrieval/known_words.txt``: stems of words that are no misspellings in English or Portuguese.

Run: python bench/known_words.py DIR...   (DIRs in BEIR's layout, their documents in the two languages)
Words of at least four Latin letters that are one token of multilingual-e5-small's English and Portuguese vocabulary
(MIT) or of SmolLM2's (Apache-2.0), or that documents of two collections have. Shipped: made of the seven ``train_*``
sets of communities' documents (CC0, MIT, Apache-2.0, CC BY, CC BY-SA, GFDL), of which it holds no text.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.labelled import folder_arguments, require_folders
from core.evaluation.dataset import read_labelled
from core.models.e5 import packed_path, read_packed
from core.models.ggml import Gguf
from core.models.smollm2 import gguf_path
from core.retrieval.analyzer import fold, query_terms

OUT = Path(__file__).parents[1] / "core" / "retrieval" / "known_words.txt"
_MIN_CHARS = 4
_MIN_COLLECTIONS = 2


def main() -> None:
    given = folder_arguments(__doc__).parse_args()
    require_folders(given.folders)
    words = {*_words(_model_words()), *_document_words(given.folders)}
    stems = {stem for word in words for term in query_terms(word) for stem in term.stems.values()}
    OUT.write_text(textwrap.fill(" ".join(sorted(stems)), 120) + "\n", encoding="utf-8")
    print(f"{len(words):,} words, {len(stems):,} stems, {OUT.stat().st_size:,} bytes")


def _model_words() -> Iterator[str]:
    """Yield the tokens that begin a word, without the mark that says so."""
    yield from (piece[1:] for piece, _ in read_packed(packed_path("enpt")).unigram.pieces if piece.startswith("▁"))
    yield from (token[1:] for token in Gguf(gguf_path()).metadata["tokenizer.ggml.tokens"] if token.startswith("Ġ"))


def _document_words(folders: Sequence[Path]) -> Iterator[str]:
    """Yield the words that the documents of several collections have."""
    seen: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        for collection in read_labelled(folder).collections():
            for document in collection.documents:
                for word in _words(document.text.replace("_", " ").split()):
                    seen[word].add(f"{folder.name}/{collection.name}")
    yield from (word for word, collections in seen.items() if len(collections) >= _MIN_COLLECTIONS)


def _words(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        word = fold(piece.strip(".,;:!?()[]\"'*`"))
        if len(word) >= _MIN_CHARS and word.isascii() and word.isalpha():
            yield word


if __name__ == "__main__":
    main()
