"""How long it takes to read what a search found, with nothing kept and with everything kept.

Run: python bench/reader_latency.py DIR...   (DIRs in BEIR's layout)
Prints milliseconds at p50 and p95 over the first questions of each set, by the wall clock and by the processor, with
the shipped reader and, where it is installed, the second embedder. Where other work shares the processors the wall
clock tells of that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import torch

from bench.labelled import folder_arguments, given_folders, indexed
from bench.table import heading, row
from bench.timing import p50_p95, timed
from core.evaluation.dataset import LabelledSet, read_labelled
from core.models.catalog import DEFAULT_EMBEDDER, SECOND_EMBEDDER, e5_folder
from core.models.lower_layers import LowerLayers
from core.models.match_head import shipped_head
from core.ports import Embedder
from core.retrieval.embed import open_second
from core.retrieval.reading.passage_reader import OWN, PassageReader
from core.retrieval.reading.reading_searcher import read_hits
from core.retrieval.reading.window_reader import WindowReader
from core.types import SearchResult

N_QUESTIONS = 40
"""Of each collection, at most."""


async def found(data: LabelledSet, embedder: Embedder) -> list[SearchResult]:
    """Return what is found for the first questions of every collection, each indexed by itself."""
    results = []
    for part in data.collections():
        async with indexed(part.documents, embedder) as index:
            results += [await index.search(question.text) for question in part.questions[:N_QUESTIONS]]
    return [result for result in results if result.hits]


def measure(results: Sequence[SearchResult], layers: LowerLayers, second: Embedder | None) -> dict[str, list[float]]:
    """Return milliseconds of reading each result, by what was kept and by which clock."""
    taken: dict[str, list[float]] = {}
    for result in results:
        reader = PassageReader(OWN, partial(WindowReader, layers, shipped_head()), second)
        reader.warm()
        for state in ("nothing kept", "all kept"):
            with timed() as reading:
                read_hits(result, reader)
            taken.setdefault(f"{state}, wall", []).append(reading.wall_s * 1000)
            taken.setdefault(f"{state}, processor", []).append(reading.cpu_s * 1000)
    return taken


def main() -> None:
    """Search, read, and print."""
    given, embedder = given_folders(folder_arguments(__doc__))
    layers = LowerLayers(e5_folder(given.cache / "models", print))
    second = open_second(SECOND_EMBEDDER, DEFAULT_EMBEDDER)  # without the cache that other benches use
    sets = [read_labelled(folder) for folder in given.folders]
    results = [result for data in sets for result in asyncio.run(found(data, embedder))]
    measure(results[:5], layers, second)  # what is done once is not counted
    print(f"\n{len(results)} questions, {torch.get_num_threads()} threads\n")
    print(heading("reading", "p50 ms", "p95 ms"))
    for name, values in measure(results, layers, second).items():
        print(row(name, *(f"{ms:.0f}" for ms in p50_p95(values))))


if __name__ == "__main__":
    main()
