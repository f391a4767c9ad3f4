"""Labelled folders (BEIR's layout): command-line arguments, the embedder with its cache, and a temporary index."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.arguments import parser_for
from bench.search_index import open_index
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import LabelledDocument
from core.experiments.search_eval import SPACE, store_labelled
from core.language import detect_language
from core.ports import Embedder
from core.retrieval.embed import open_embedder, open_second
from core.retrieval.search import HybridSearcher
from core.settings import Settings
from core.storage.passages import Passages
from core.types import Scope, SearchResult


def default_embedder(models_dir: Path) -> Embedder:
    """Return the embedder that AION uses by default, converted into ``models_dir``."""
    return open_embedder(Settings.model_fields["embedder"].default, models_dir, print)


def folder_arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser for labelled folders, and for where models and vectors are kept between two runs."""
    arguments = parser_for(description)
    arguments.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "aion-bench")
    return arguments


def given_folders(arguments: argparse.ArgumentParser) -> tuple[argparse.Namespace, CachedEmbedder]:
    """Return the parsed arguments and the embedder. Ends the program with one line when no folder was given."""
    given = arguments.parse_args()
    require_folders(given.folders)
    return given, CachedEmbedder(default_embedder(given.cache / "models"), given.cache / "vectors.sqlite")


def second_embedder(cache: Path) -> Embedder | None:
    """Return the second embedder that AION uses by default, with its vectors kept in ``cache``, if it is installed."""
    fields = Settings.model_fields
    second = open_second(fields["second_embedder"].default, fields["embedder"].default)
    return None if second is None else CachedEmbedder(second, cache / "vectors.sqlite")


def require_folders(folders: Sequence[Path]) -> None:
    """End the program, with success and one line, when no labelled folder was given."""
    if not folders:
        print("skipped: no labelled folders given (BEIR's layout: corpus.jsonl, queries.jsonl, qrels.tsv)")
        raise SystemExit(0)


@dataclass(frozen=True, slots=True)
class LabelledIndex:
    """An indexed corpus. ``names`` are the labelled ids of each stored document, by its id in the database."""

    searcher: HybridSearcher
    passages: Passages
    names: Mapping[int, Sequence[str]]

    async def search(self, question: str) -> SearchResult:
        """Search in the question's own language, as AION does."""
        return await self.searcher.search(Scope(SPACE), question, detect_language(question))


@asynccontextmanager
async def indexed(
    corpus: Sequence[LabelledDocument], embedder: Embedder, second: Embedder | None = None
) -> AsyncIterator[LabelledIndex]:
    """Index a corpus in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_index(Path(folder), embedder, second) as index:
            names = await store_labelled(index.documents, embedder, corpus, SPACE, second=second)
            yield LabelledIndex(index.searcher, index.passages, names)
