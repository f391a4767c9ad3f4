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
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.labelled import default_embedder
from bench.peers.systems import SYSTEMS
from core.evaluation.dataset import LabelledQuestion, read_labelled
from core.evaluation.ranking import distinct, ndcg
from core.ports import Embedder
from core.types import Matrix, Vector

NOT_INSTALLED = 3


class Timed:
    """The embedder, with the time spent in it: what is left of the clock is the system's own."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.id, self.dim, self.spent_s = embedder.id, embedder.dim, 0.0

    def warm(self) -> None:
        self._embedder.warm()

    def embed_query(self, text: str) -> Vector:
        start_s = time.perf_counter()
        vector = self._embedder.embed_query(text)
        self.spent_s += time.perf_counter() - start_s
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        start_s = time.perf_counter()
        vectors = self._embedder.embed_passages(list(texts))
        self.spent_s += time.perf_counter() - start_s
        return vectors


def measure(name: str, folder: Path, n_questions: int, models: Path) -> dict[str, float]:
    """Index one corpus with one system and ask it; runs in its own process."""
    data = read_labelled(folder)
    questions = [question for question in data.questions if question.relevance]
    chosen: list[LabelledQuestion] = questions[:: max(1, len(questions) // n_questions)][:n_questions]
    embedder = Timed(default_embedder(models))
    embedder.warm()
    before_mb = resident_mb()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        system = SYSTEMS[name](embedder, Path(scratch))
        embedder.spent_s, start_s = 0.0, time.perf_counter()
        system.ingest(data.documents)
        ingest_s = time.perf_counter() - start_s
        own_ingest_s = ingest_s - embedder.spent_s
        scores, whole_ms, own_ms = [], [], []
        for question in chosen:
            embedder.spent_s, start_s = 0.0, time.perf_counter()
            ranking = distinct(system.ask(question.text))
            whole_ms.append((time.perf_counter() - start_s) * 1000)
            own_ms.append(whole_ms[-1] - embedder.spent_s * 1000)
            scores.append(ndcg(ranking, question.relevance))
        figures = {
            "ndcg@10": float(np.mean(scores)),
            "ingest_per_s": len(data.documents) / ingest_s,
            "own_ingest_ms": own_ingest_s * 1000 / len(data.documents),
            "p50_ms": float(np.percentile(whole_ms, 50)),
            "p95_ms": float(np.percentile(whole_ms, 95)),
            "own_p50_ms": float(np.percentile(own_ms, 50)),
            "own_p95_ms": float(np.percentile(own_ms, 95)),
            "resident_mb": resident_mb() - before_mb,
        }
        if name == "aion":
            system.close()
    return figures


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--models", type=Path, default=Path("data/models"))
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
    if not options.folders:
        print("skipped: no labelled folder given (make bench-peers DATA=...)")
    for folder in options.folders:
        print(f"\n{folder.name}\n")
        print(
            "| system | nDCG@10 | documents/s | own ms a document | query p50 / p95 ms | own p50 / p95 ms | memory MB |"
        )
        print("|---|---|---|---|---|---|---|")
        for name in SYSTEMS:
            print(row(name, folder, options), flush=True)


def row(name: str, folder: Path, options: argparse.Namespace) -> str:
    """Run one system in its own process, and return its line of the table."""
    more = ["--questions", str(options.questions), "--models", str(options.models)]
    command = [options.python, "-m", "bench.peers.run", str(folder), "--system", name, *more]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == NOT_INSTALLED:
        return f"| {name} | skipped: {done.stderr.strip().splitlines()[-1]} | | | | | |"
    if done.returncode:
        return f"| {name} | failed: {done.stderr.strip().splitlines()[-1]} | | | | | |"
    of = json.loads(done.stdout.strip().splitlines()[-1])
    return (
        f"| {name} | {of['ndcg@10']:.3f} | {of['ingest_per_s']:.1f} | {of['own_ingest_ms']:.2f} "
        f"| {of['p50_ms']:.1f} / {of['p95_ms']:.1f} | {of['own_p50_ms']:.1f} / {of['own_p95_ms']:.1f} "
        f"| {of['resident_mb']:.0f} |"
    )


if __name__ == "__main__":
    main()
