"""What is learned of a text, for ``bench/nn.py``: ``tiny`` beside Kneser-Ney, experts' loads, and the scaling law.

Runs ``aion train scratch`` and ``aion train scale`` as a user does, on one thread.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from bench.kneser_ney import KneserNey
from bench.table import heading, row
from core.training.plots import draw_expert_load
from core.training.scratch.corpus import TokenCorpus, open_corpus
from core.training.scratch.pretraining import Milestone
from core.training.scratch.sizes import SIZES
from core.training.scratch.tokenizer import train_tokenizer
from core.training.scratch.writing import FACTS


def measure_learning(text: Path, out: Path, n_steps: int) -> None:
    """Print held-out bits per byte of ``tiny`` and of Kneser-Ney 5-grams on the same split, and the experts' loads."""
    print(f"\n### What `tiny` learns of {text}, held-out bits per byte\n")
    size = SIZES["tiny"]
    make = partial(train_tokenizer, n_tokens=size.vocab, context=size.context)
    corpus = open_corpus(text, out / "cache", make, "", size.context, lambda key: None)
    print(f"{corpus.n_train_bytes:,} bytes to train on, {corpus.n_held_bytes:,} held out\n")
    print(heading("model", "bits per byte", "processor s", "largest expert load / mean"))
    for name, bits, seconds in baselines(corpus):
        print(row(name, f"{bits:.3f}", f"{seconds:.0f}", "–"), flush=True)
    loads = {}
    for balancing, n in (("loss", n_steps), ("none", n_steps // 4)):
        before = getrusage(RUSAGE_CHILDREN)
        _aion(
            "scratch",
            "--text",
            str(text),
            "--out",
            str(out / balancing),
            "--max-steps",
            str(n),
            "--balancing",
            balancing,
        )
        after = getrusage(RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        facts = json.loads((out / balancing / FACTS).read_text(encoding="utf-8"))
        loads[f"balancing: {balancing}"] = [Milestone(**each) for each in facts["milestones"]]
        bits, load = facts["metrics"]["held_out_bits_per_byte"], facts["metrics"]["largest_expert_load"]
        print(
            row(f"tiny, {n} updates, balancing: {balancing}", f"{bits:.3f}", f"{seconds:.0f}", f"{load:.2f}"),
            flush=True,
        )
    draw_expert_load(loads, out / "expert_load.png")


def baselines(corpus: TokenCorpus) -> list[tuple[str, float, float]]:
    """Return name, bits per byte and processor seconds of 5-grams over bytes and over the same tokens."""
    as_bytes, as_tokens = (
        [of(ids) for ids in (corpus.train.tolist(), corpus.held.tolist())]
        for of in (lambda ids: list(corpus.tokenizer.decode(ids).encode()), list)
    )
    found = []
    for name, (train, held), n_words in (("bytes", as_bytes, 256), ("tokens", as_tokens, len(corpus.tokenizer))):
        start = time.process_time()
        bits = KneserNey(train, 5, n_words).nats(held) / math.log(2) / corpus.n_held_bytes
        found.append((f"Kneser-Ney, 5-grams of {name}", bits, time.process_time() - start))
    return found


def measure_scaling(text: Path, out: Path, ladder: tuple[str, str] | None) -> None:
    """Print the scaling law of a ladder, by default the command's own, and its prediction of the largest run."""
    print(f"\n### Scaling law on {text}\n")
    rungs = ("--widths", ladder[0], "--tokens", ladder[1]) if ladder else ()
    study = json.loads(_aion("scale", "--text", str(text), "--out", str(out / "ladder"), "--json", *rungs))
    law, held = study["law"], study["held_out"]
    print(heading("E", "α (95 %)", "β (95 %)", "largest run: N, D", "loss", "predicted", "error"))
    spread = {name: "{:.2f} … {:.2f}".format(*study["intervals"][name]) for name in ("alpha", "beta")}
    exponents = (f"{law[name]:.3f} ({spread[name]})" for name in ("alpha", "beta"))
    sizes = f"{held['n_params']:,.0f}, {held['n_tokens']:,.0f}"
    print(
        row(
            f"{law['e']:.3f}",
            *exponents,
            sizes,
            f"{held['loss']:.3f}",
            f"{study['predicted']:.3f}",
            f"{study['error']:+.1%}",
        )
    )


def _aion(*words: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "train", *words], env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return done.stdout
