"""Trains the reader on labelled sets and near misses made of them, and says how well it tells them apart.

Run: python bench/reader_fit.py DIR... [--write] [--part N]   (DIRs in BEIR's layout; about an hour of one core)
Each third of the topics is judged by a gate and a reader that learned from the other two: AUROC of the gate alone, of
the reader alone, and of both. With --write a reader trained on everything goes to core/models/reader.npz, and how it
counts beside the gate to core/confidence/reading.json.
What was trained is kept in the cache: a run that was cut off goes on, and processes with a part each share the work.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from tokenizers import Tokenizer

from bench import gate_fit
from bench.labelled import folder_arguments, given_folders
from bench.near_misses import NearMisses, Reading
from bench.reader_training import N_EPOCHS, Trainer, learned_of, verdicts, with_learned
from core.assessment import SPACE, store_labelled
from core.confidence.features import features
from core.confidence.reading import bounded
from core.evaluation.dataset import LabelledSet, read_labelled
from core.evaluation.selective import auroc
from core.generation.reader import OWN
from core.language import detect_language
from core.models.catalog import e5_folder
from core.models.reader import ReaderNet
from core.ports import Embedder
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Found

ROOT = Path(__file__).parents[1]
LEARNED = ROOT / "core" / "models" / "reader.npz"
LEANING = ROOT / "core" / "confidence" / "reading.json"
N_FOLDS = 3
ALL = N_FOLDS
"""The part of the work that trains on all topics."""

WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
"""What a reader's log-odds may count beside the gate's; the best mean AUROC over the sets decides."""

SHARES = {"removed": 0.5, "swapped": 0.5, "turned": 0.5, "removed_topic": 0.15}
"""The share of readings of a kind that an epoch sees; of other kinds all."""

LOOSE_SHARE = 0.25
"""The same for sets whose answers are not verbatim in their documents, so that labels are less sure."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was asked, what was found, and whether it can be answered."""

    reading: Reading
    found: Found
    answerable: bool

    @property
    def as_seen_by_gate(self) -> gate_fit.Example:
        """Return it as the gate's coefficients are fitted on it."""
        origin, topic = self.reading.origin, self.reading.topic
        return gate_fit.Example(origin, origin, 0, topic, self.answerable, features(self.found), 0.0)


async def collect(data: LabelledSet, embedder: Embedder, tokenizer: Tokenizer) -> tuple[list[Reading], list[Asked]]:
    """Ask a set's questions of a real index; return readings to learn from, and the questions to be judged."""
    made = NearMisses(data.name, data.questions, lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids))
    readings: list[Reading] = []
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            names = await store_labelled(Documents(database), embedder, data.documents, SPACE)
            searcher = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes")
            for question in data.questions:
                found = await searcher.search(SPACE, question.text, detect_language(question.text))
                right = [any(question.relevance.get(n) for n in names[h.passage.document_id]) for h in found.hits]
                readings += made.of(question, found, right)
                as_is = Reading(
                    data.name, question.topic, question.kind, question.id, question.text, made.text_of(found), False
                )
                asked.append(Asked(as_is, found, question.answerable))
    return readings, asked


def share_of(reading: Reading, is_loose: bool) -> float:
    """Return how often an epoch sees a reading."""
    share = SHARES.get(reading.kind, 1.0)
    return share * LOOSE_SHARE if is_loose else share


def dealt(topics: Sequence[str]) -> dict[str, int]:
    """Deal topics out into folds."""
    return {topic: number % N_FOLDS for number, topic in enumerate(sorted(set(topics)))}


class Bench:
    """The readings, and the networks trained on them, which are kept in ``folder`` for a run that goes on."""

    def __init__(self, trainer: Trainer, readings: Sequence[tuple[Reading, float]], folder: Path) -> None:
        self._trainer, self._readings, self._folder = trainer, readings, folder
        self.fold = dealt([reading.topic for reading, _ in readings])

    def net(self, part: int) -> ReaderNet:
        """Return the network that learned from all folds but ``part``; from all of them for ``ALL``."""
        chosen = [(reading, share) for reading, share in self._readings if self.fold[reading.topic] != part]
        said = repr((N_EPOCHS, chosen)).encode()
        kept = self._folder / f"{hashlib.sha256(said).hexdigest()[:16]}.pt"
        if not kept.exists():
            print(f"part {part}: {len(chosen)} readings", flush=True)
            net = self._trainer.trained([self._trainer.example(*each) for each in chosen])
            self._folder.mkdir(parents=True, exist_ok=True)
            torch.save(learned_of(net), kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(kept)
        return with_learned(self._trainer.untrained(), torch.load(kept))

    def judged(self, asked: Sequence[Asked]) -> Floats:
        """Return each question's log-odds by the network that learned nothing of its topic."""
        read = np.zeros(len(asked))
        for part in range(N_FOLDS):
            places = [i for i, each in enumerate(asked) if self.fold.get(each.reading.topic, 0) == part]
            read[places] = verdicts(self.net(part), [self._trainer.example(asked[i].reading) for i in places])
        return read


def gate_log_odds(asked: Sequence[Asked], fold: dict[str, int]) -> Floats:
    """Return each question's log-odds by a gate fitted on the other topics of the whole sets."""
    examples = [each.as_seen_by_gate for each in asked]
    values = gate_fit.judged_by_others(
        examples, gate_fit.FITTED, lambda each: fold.get(each.topic, 0), gate_fit.N_BELLS
    )
    return np.log(values) - np.log1p(-values)


def leaning(gate: Floats, read: Floats, asked: Sequence[Asked]) -> tuple[float, float]:
    """Return the weight with the best mean AUROC over the sets, and the log-odds that move nothing on average."""
    origins, labels = np.array([each.reading.origin for each in asked]), np.array([each.answerable for each in asked])
    held = np.array([bounded(each) for each in read])
    names = sorted(set(origins))

    def mean_auroc(weight: float) -> float:
        return float(np.mean([auroc((gate + weight * held)[origins == n], labels[origins == n]) for n in names]))

    weight = max(WEIGHTS, key=mean_auroc)
    counts = {(n, y): ((origins == n) & (labels == y)).sum() for n in names for y in (True, False)}
    each_counts = np.array([1 / counts[n, bool(y)] for n, y in zip(origins, labels, strict=True)])

    def surprise(neutral: float) -> float:
        moved = gate + weight * (held - neutral)
        return float((each_counts * np.logaddexp(0, np.where(labels, -moved, moved))).sum())

    return weight, float(minimize_scalar(surprise, bounds=(-4, 4), method="bounded").x)


def report(asked: Sequence[Asked], gate: Floats, read: Floats, both: Floats) -> None:
    """Print AUROC of gate, reader and both, by set and kind of unanswerable question."""
    labels = np.array([each.answerable for each in asked])
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for each in asked:
        if not each.answerable:
            kinds[each.reading.origin] |= {"", each.reading.kind}
    print("\n| set [unanswerable] | gate | reader | both |\n|---|---|---|---|")
    for origin, names in kinds.items():
        for kind in sorted(names):
            chosen = np.array(
                [e.reading.origin == origin and (e.answerable or kind in ("", e.reading.kind)) for e in asked]
            )
            cells = " | ".join(f"{auroc(values[chosen], labels[chosen]):.3f}" for values in (gate, read, both))
            print(f"| {origin} [{kind or 'all'}] | {cells} |", flush=True)


def store(net: ReaderNet, weight: float, neutral: float) -> None:
    """Write what a network has learned, in 16 bits, and how it counts."""
    np.savez_compressed(LEARNED, **{n: value.numpy().astype(np.float16) for n, value in learned_of(net).items()})
    said = {"reader": OWN, "weight": weight, "neutral": round(neutral, 2)}
    LEANING.write_text(json.dumps(said) + "\n", encoding="utf-8")


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--write", action="store_true", help="store a reader trained on everything")
    arguments.add_argument("--part", type=int, choices=range(ALL + 1), help="only train without this third; 3: on all")
    given, embedder = given_folders(arguments)
    trainer = Trainer(e5_folder(given.cache / "models", print))
    readings: list[tuple[Reading, float]] = []
    asked: list[Asked] = []
    for folder in given.folders:
        made, of_set = asyncio.run(collect(read_labelled(folder), embedder, trainer.tokenizer))
        is_loose = not any(reading.answer for reading in made)
        readings += [(reading, share_of(reading, is_loose)) for reading in made]
        asked += of_set
        print(f"{folder.name}: {len(made)} readings", flush=True)
    bench = Bench(trainer, readings, given.cache / "reader")
    if given.part is not None:
        bench.net(given.part)
        return
    read = bench.judged(asked)
    gate = gate_log_odds(asked, bench.fold)
    weight, neutral = leaning(gate, read, asked)
    report(asked, gate, read, gate + weight * np.array([bounded(each) for each in read]))
    print(f"\nweight {weight}, neutral {neutral:.2f}")
    if given.write:
        store(bench.net(ALL), weight, neutral)
        print(f"written to {LEARNED} and {LEANING}; give OWN in core/generation/reader.py a new number first")


if __name__ == "__main__":
    main()
