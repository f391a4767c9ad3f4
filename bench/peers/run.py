"""AION beside Chroma, LlamaIndex, Haystack and txtai: the same corpora, embedder, machine and run.

Run: python -m bench.peers.run DIR... [--python PATH] [--questions N]
Each system runs in a process of its own, under the interpreter ``--python`` (by default this one), which needs AION's
packages and those of ``bench/peers/requirements.txt``; one that is not installed is left out, and said so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.arguments import add_models, parser_for
from bench.labelled import default_embedder, require_folders
from bench.peers.systems import SYSTEMS
from bench.table import heading
from bench.table import row as table_row
from bench.timing import p50_p95, resident_mb, timed
from core.evaluation.dataset import LabelledQuestion, read_labelled
from core.evaluation.ranking import distinct, ndcg
from core.ports import Embedder
from core.types import Matrix, Vector

NOT_INSTALLED = 3


class TimedEmbedder:
    """The embedder, with the time spent in it: what is left of the clock is the system's own."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.id, self.dim, self.spent_s = embedder.id, embedder.dim, 0.0

    def warm(self) -> None:
        self._embedder.warm()

    def embed_query(self, text: str) -> Vector:
        with timed() as embedding:
            vector = self._embedder.embed_query(text)
        self.spent_s += embedding.wall_s
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        with timed() as embedding:
            vectors = self._embedder.embed_passages(list(texts))
        self.spent_s += embedding.wall_s
        return vectors


def measure(name: str, folder: Path, n_questions: int, models: Path) -> dict[str, float]:
    """Index one corpus with one system and ask it; runs in its own process."""
    data = read_labelled(folder)
    questions = [question for question in data.questions if question.relevance]
    chosen: list[LabelledQuestion] = questions[:: max(1, len(questions) // n_questions)][:n_questions]
    embedder = TimedEmbedder(default_embedder(models))
    embedder.warm()
    before_mb = resident_mb()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        system = SYSTEMS[name](embedder, Path(scratch))
        embedder.spent_s = 0.0
        with timed() as ingesting:
            system.ingest(data.documents)
        own_ingest_s = ingesting.wall_s - embedder.spent_s
        scores, whole_ms, own_ms = [], [], []
        for question in chosen:
            embedder.spent_s = 0.0
            with timed() as asking:
                ranking = distinct(system.ask(question.text))
            whole_ms.append(asking.wall_s * 1000)
            own_ms.append(whole_ms[-1] - embedder.spent_s * 1000)
            scores.append(ndcg(ranking, question.relevance))
        (p50_ms, p95_ms), (own_p50_ms, own_p95_ms) = p50_p95(whole_ms), p50_p95(own_ms)
        figures = {
            "ndcg@10": float(np.mean(scores)),
            "ingest_per_s": len(data.documents) / ingesting.wall_s,
            "own_ingest_ms": own_ingest_s * 1000 / len(data.documents),
            "p50_ms": p50_ms,
            "p95_ms": p95_ms,
            "own_p50_ms": own_p50_ms,
            "own_p95_ms": own_p95_ms,
            "resident_mb": resident_mb() - before_mb,
        }
        system.close()
    return figures


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--questions", type=int, default=200)
    add_models(parser)
    parser.add_argument("--system", help="measure this one here, and print its figures as JSON")
    options = parser.parse_args()
    if options.system:
        try:
            figures = measure(options.system, options.folders[0], options.questions, options.models)
        except ImportError as error:
            print(error, file=sys.stderr)
            sys.exit(NOT_INSTALLED)
        print(json.dumps(figures))
        return
    require_folders(options.folders)
    columns = ("nDCG@10", "documents/s", "own ms a document", "query p50 / p95 ms", "own p50 / p95 ms", "memory MB")
    for folder in options.folders:
        print(f"\n{folder.name}\n")
        print(heading("system", *columns))
        for name in SYSTEMS:
            print(row(name, folder, options), flush=True)


def row(name: str, folder: Path, options: argparse.Namespace) -> str:
    """Run one system in its own process, and return its line of the table."""
    more = ["--questions", str(options.questions), "--models", str(options.models)]
    command = [options.python, "-m", "bench.peers.run", str(folder), "--system", name, *more]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        problem = "skipped" if done.returncode == NOT_INSTALLED else "failed"
        return table_row(name, f"{problem}: {done.stderr.strip().splitlines()[-1]}", *[""] * 5)
    of = json.loads(done.stdout.strip().splitlines()[-1])
    return table_row(
        name,
        f"{of['ndcg@10']:.3f}",
        f"{of['ingest_per_s']:.1f}",
        f"{of['own_ingest_ms']:.2f}",
        f"{of['p50_ms']:.1f} / {of['p95_ms']:.1f}",
        f"{of['own_p50_ms']:.1f} / {of['own_p95_ms']:.1f}",
        f"{of['resident_mb']:.0f}",
    )


if __name__ == "__main__":
    main()
