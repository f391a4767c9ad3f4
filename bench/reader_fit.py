"""Fits the reader's probe on labelled sets and near misses made of them, and says how well it tells them apart.

Run: python bench/reader_fit.py DIR... [--write]   (DIRs in BEIR's layout; about a quarter of an hour the first time)
Each third of the topics is judged by a gate and a reader fitted on the other two: AUROC of the gate alone, of the
reader alone, and of both. With --write a probe fitted on everything goes to core/models/reader.npz, and how it counts
beside the gate to core/confidence/reading.json. What the model was shown is kept in the cache: a run that was cut off
goes on where it was, and the next one takes seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from bench import gate_fit
from bench.labelled import folder_arguments, given_folders, indexed
from bench.near_misses import NearMisses, Reading
from bench.table import heading, row
from core.confidence.features import features
from core.confidence.reader_gate import bounded
from core.evaluation.dataset import LabelledSet, read_labelled
from core.evaluation.selective import auroc
from core.generation.grounding.excerpt import excerpt
from core.generation.grounding.reader import OWN
from core.models.catalog import packaged_gguf
from core.models.reader import LAYERS, LayerReader, Probe, Values
from core.ports import Embedder
from core.types import SearchResult

ROOT = Path(__file__).parents[1]
PROBE = ROOT / "core" / "models" / "reader.npz"
LEANING = ROOT / "core" / "confidence" / "reading.json"
N_FOLDS = 3

INVERSE_PENALTY = 3e-3

WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
"""What a reader's log-odds may count beside the gate's: the best mean AUROC among those that lower no set's."""

_N_BETWEEN_SAVES = 500

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question as it was asked, what was found, and whether it can be answered."""

    reading: Reading
    found: SearchResult
    answerable: bool

    @property
    def as_seen_by_gate(self) -> gate_fit.Example:
        """Return it as the gate's coefficients are fitted on it."""
        origin, topic = self.reading.origin, self.reading.topic
        return gate_fit.Example(origin, topic, "", self.answerable, features(self.found))


class SeenStates:
    """The states that readings left in the model, each computed once and kept in ``file``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Values] = {}
        if file.exists():
            with np.load(file) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["states"], strict=True))

    def of(self, readings: Sequence[Reading]) -> Values:
        """Return the states of readings, shape ``(len(readings), len(LAYERS) * width)``."""
        missing = {_key(each): each for each in readings if _key(each) not in self._known}
        if missing:
            layers = LayerReader(packaged_gguf())
            for n, (key, reading) in enumerate(track(missing.items(), "reading", len(missing)), start=1):
                self._known[key] = layers.states(reading.question, reading.text)
                if n % _N_BETWEEN_SAVES == 0 or n == len(missing):
                    self._save()
        return np.stack([self._known[_key(each)] for each in readings])

    def _save(self) -> None:
        partial = self._file.with_suffix(".new.npz")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(partial, keys=np.array(list(self._known)), states=np.stack(list(self._known.values())))
        partial.replace(self._file)


def _key(reading: Reading) -> str:
    return hashlib.sha256(repr((OWN, LAYERS, reading.question, reading.text)).encode()).hexdigest()[:24]


async def collect(data: LabelledSet, embedder: Embedder) -> tuple[list[Reading], list[JudgedQuestion]]:
    """Ask a set's questions of a real index; return readings to learn from, and the questions to be judged."""
    made = NearMisses(data.name, data.questions)
    readings: list[Reading] = []
    asked: list[JudgedQuestion] = []
    async with indexed(data.documents, embedder) as index:
        for question in data.questions:
            found = await index.search(question.text)
            right = [any(question.relevance.get(n) for n in index.names[h.passage.document_id]) for h in found.hits]
            readings += made.of(question, found, right)
            as_is = Reading(data.name, question.topic, question.kind, question.id, question.text, excerpt(found), False)
            asked.append(JudgedQuestion(as_is, found, question.answerable))
    return readings, asked


def dealt(topics: Sequence[str]) -> dict[str, int]:
    """Deal topics out into folds."""
    return {topic: number % N_FOLDS for number, topic in enumerate(sorted(set(topics)))}


def probe(readings: Sequence[Reading], states: Values) -> Probe:
    """Return the probe that tells readings apart; answered and unanswered ones of each set weigh the same."""
    labels = np.array([reading.is_answered for reading in readings])
    weights = _weights(readings)
    means, scales = _spread(states, weights)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1_000)
    model.fit((states - means) / scales, labels, sample_weight=weights)
    slopes = model.coef_[0] / scales
    return Probe(slopes.astype(np.float32), float(model.intercept_[0] - slopes @ means))


def _weights(readings: Sequence[Reading]) -> Floats:
    counts = Counter((reading.origin, reading.is_answered) for reading in readings)
    return np.array([counts[each.origin, True] / counts[each.origin, each.is_answered] for each in readings])


def _spread(states: Values, weights: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each state, never 0."""
    means = np.average(states.astype(np.float64), axis=0, weights=weights)
    scales = np.sqrt(np.average((states - means) ** 2, axis=0, weights=weights))
    return means, np.where(scales > 0, scales, 1.0)


def judged(
    readings: Sequence[Reading], asked: Sequence[JudgedQuestion], seen: SeenStates, fold: dict[str, int]
) -> Floats:
    """Return each question's log-odds by the probe that learned nothing of its topic."""
    states, of_asked = seen.of(readings), seen.of([each.reading for each in asked])
    theirs = np.array([fold[reading.topic] for reading in readings])
    ours = np.array([fold.get(each.reading.topic, 0) for each in asked])
    read = np.zeros(len(asked))
    for part in range(N_FOLDS):
        chosen = np.flatnonzero(theirs != part)
        fitted = probe([readings[i] for i in chosen.tolist()], states[chosen])
        read[ours == part] = of_asked[ours == part] @ fitted.weights + fitted.intercept
    return read


def gate_log_odds(asked: Sequence[JudgedQuestion], fold: dict[str, int]) -> Floats:
    """Return each question's log-odds by a gate fitted on the other topics of the whole sets."""
    examples = [each.as_seen_by_gate for each in asked]
    values = gate_fit.judged_by_others(examples, gate_fit.FITTED, fold)
    return np.log(values) - np.log1p(-values)


def leaning(gate: Floats, read: Floats, asked: Sequence[JudgedQuestion]) -> tuple[float, float]:
    """Return what the reader counts beside the gate (``WEIGHTS``), and the log-odds that move nothing on average."""
    origins, labels = np.array([each.reading.origin for each in asked]), np.array([each.answerable for each in asked])
    held = np.array([bounded(each) for each in read])
    names = sorted(set(origins))

    def aurocs(weight: float) -> Floats:
        moved = gate + weight * held
        return np.array([auroc(moved[origins == name], labels[origins == name]) for name in names])

    harmless = [weight for weight in WEIGHTS if (aurocs(weight) >= aurocs(0.0)).all()]
    weight = max(harmless or WEIGHTS[:1], key=lambda weight: float(aurocs(weight).mean()))
    counts = {(n, y): ((origins == n) & (labels == y)).sum() for n in names for y in (True, False)}
    each_counts = np.array([1 / counts[n, bool(y)] for n, y in zip(origins, labels, strict=True)])

    def surprise(neutral: float) -> float:
        moved = gate + weight * (held - neutral)
        return float((each_counts * np.logaddexp(0, np.where(labels, -moved, moved))).sum())

    return weight, float(minimize_scalar(surprise, bounds=(-4, 4), method="bounded").x)


def report(asked: Sequence[JudgedQuestion], gate: Floats, read: Floats, both: Floats) -> None:
    """Print AUROC of gate, reader and both, by set and kind of unanswerable question."""
    labels = np.array([each.answerable for each in asked])
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for each in asked:
        if not each.answerable:
            kinds[each.reading.origin] |= {"", each.reading.kind}
    print("\n" + heading("set [unanswerable]", "gate", "reader", "both"))
    for origin, names in kinds.items():
        for kind in sorted(names):
            chosen = np.array(
                [e.reading.origin == origin and (e.answerable or kind in ("", e.reading.kind)) for e in asked]
            )
            cells = (f"{auroc(values[chosen], labels[chosen]):.3f}" for values in (gate, read, both))
            print(row(f"{origin} [{kind or 'all'}]", *cells), flush=True)


def store(fitted: Probe, weight: float, neutral: float) -> None:
    """Write a probe, and how it counts."""
    np.savez_compressed(PROBE, weights=fitted.weights, intercept=np.float32(fitted.intercept))
    said = {"reader": OWN, "weight": weight, "neutral": round(neutral, 2)}
    LEANING.write_text(json.dumps(said) + "\n", encoding="utf-8")


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--write", action="store_true", help="store a reader fitted on everything")
    given, embedder = given_folders(arguments)
    readings: list[Reading] = []
    asked: list[JudgedQuestion] = []
    for folder in given.folders:
        made, of_set = asyncio.run(collect(read_labelled(folder), embedder))
        readings += made
        asked += of_set
        print(f"{folder.name}: {len(made)} readings", flush=True)
    seen = SeenStates(given.cache / "reader-states.npz")
    fold = dealt([reading.topic for reading in readings])
    read = judged(readings, asked, seen, fold)
    gate = gate_log_odds(asked, fold)
    weight, neutral = leaning(gate, read, asked)
    report(asked, gate, read, gate + weight * np.array([bounded(each) for each in read]))
    print(f"\nweight {weight}, neutral {neutral:.2f}")
    if given.write:
        store(probe(readings, seen.of(readings)), weight, neutral)
        print(f"written to {PROBE} and {LEANING}; give OWN in core/generation/grounding/reader.py a new number first")


if __name__ == "__main__":
    main()
