"""Fits the confidence gate's coefficients on labelled sets, and says how good they are.

Run: python bench/gate_fit.py DIR... [--write]   (DIRs in BEIR's layout; needs scikit-learn)
Prints AUROC and balanced accuracy per set and corpus size, each set judged by coefficients fitted on the others,
beside the specification's gate. With --write the coefficients go to core/confidence/coefficients.json.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.labelled import folder_arguments, given_folders
from bench.scenarios import Scenario, scenarios
from bench.search_index import open_index
from bench.table import heading
from core.confidence.calibrate import RBF, Coefficients, RbfTerms, Weight, rbf_kernel
from core.confidence.features import COSINES, SCALE_FREE, features, spec_confidence
from core.confidence.gate import TAU
from core.evaluation.dataset import LabelledSet, read_labelled
from core.evaluation.selective import auroc, balanced_accuracy
from core.experiments.search_eval import store_labelled
from core.language import detect_language
from core.ports import Embedder
from core.retrieval.search import HybridSearcher
from core.types import SpaceId

COEFFICIENTS = Path(__file__).parents[1] / "core" / "confidence" / "coefficients.json"

FITTED = tuple(name for name in SCALE_FREE if name not in {"standing", "relative_margin"}) + COSINES
"""The features for the embedder at hand; for any other, ``SCALE_FREE`` ones."""

INVERSE_PENALTY = 0.1
N_BELLS, GAMMA = 400, 0.015
"""Bell curves for the embedder at hand, whose centres are drawn from the examples; for any other none."""

FREEDOM = 3.0
"""How much less bell curves are held to nothing than straight lines: both heights and slopes are kept small."""

WHOLE = 4.0
"""What a whole set weighs beside one size of what is drawn from it."""

MAX_PASSED = 0.1
"""At most this share of unanswerable questions may reach the local model, on average over sets and sizes."""

MAX_LOST = 0.05
"""At most this share of answerable questions may be turned away without asking a provider."""

N_FOLDS = 5

_LEAST_SPREAD = 1e-3
"""Mixtures of curves that spread less are left out: they tell examples apart by what is noise."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One question asked of one corpus."""

    family: str
    name: str
    size: int
    topic: str
    answerable: bool
    features: Mapping[str, float]
    spec: float

    @property
    def cell(self) -> tuple[str, int]:
        """Return the set and corpus size, which weigh as much as any other."""
        return self.name, self.size


async def collect(data: LabelledSet, embedder: Embedder) -> list[Example]:
    """Ask every scenario's questions of a real index."""
    examples: list[Example] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_index(Path(folder), embedder) as index:
            for number, scenario in enumerate(scenarios(data)):
                space = SpaceId(f"bench:{number}")
                await store_labelled(index.documents, embedder, scenario.documents, space)
                examples += [example async for example in _ask(index.searcher, space, scenario, data.name)]
    return examples


async def _ask(searcher: HybridSearcher, space: SpaceId, scenario: Scenario, family: str) -> AsyncIterator[Example]:
    for question, answerable in scenario.questions:
        found = await searcher.search(space, question.text, detect_language(question.text))
        if found.hits:
            told, spec = features(found), spec_confidence(found)
            yield Example(family, scenario.name, scenario.size, question.topic, answerable, told, spec)


def fit(examples: Sequence[Example], names: Sequence[str], n_bells: int = 0) -> Coefficients:
    """Fit a regression in which both answers weigh the same in every set and size."""
    table = np.array([[example.features[name] for name in names] for example in examples])
    labels = np.array([example.answerable for example in examples])
    weights = _weights(examples)
    means = np.round(np.average(table, axis=0, weights=weights), 5)
    scales = np.round(np.sqrt(np.average((table - means) ** 2, axis=0, weights=weights)), 5)
    scales[scales == 0] = 1
    table = np.asarray((table - means) / scales)
    centres, shapes = _centres(table, weights, n_bells)
    curves = rbf_kernel(table, centres, GAMMA) @ shapes * FREEDOM
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=3_000)
    model.fit(np.hstack([table, curves]), labels, sample_weight=weights)
    slopes, heights = np.split(model.coef_[0], [len(names)])
    fitted = zip(names, means, scales, slopes, strict=True)
    rows = {name: Weight(*(round(float(value), 5) for value in row)) for name, *row in fitted}
    plain = Coefficients(
        embedder="",
        fitted=datetime.now(UTC).date().isoformat(),
        sets=sorted({example.family for example in examples}),
        intercept=round(float(model.intercept_[0]), 5),
        weights=rows,
        upper=0.5,
        lower=0.5,
    )
    return _bent(plain, centres, shapes @ heights * FREEDOM, weights, table) if n_bells else plain


def _centres(table: Floats, weights: Floats, n_bells: int) -> tuple[Floats, Floats]:
    """Draw centres, and return them with the mixtures of their curves that are alike in size, as columns.

    (Nyström's method: Williams and Seeger 2001.)
    """
    if not n_bells:
        return np.empty((0, table.shape[1])), np.empty((0, 0))
    chances, n_drawn = weights / weights.sum(), min(n_bells, len(table))
    centres = np.round(table[np.random.default_rng(0).choice(len(table), n_drawn, replace=False, p=chances)], 2)
    values, vectors = np.linalg.eigh(rbf_kernel(centres, centres, GAMMA))
    kept = values > _LEAST_SPREAD
    return centres, vectors[:, kept] / np.sqrt(values[kept])


def _bent(plain: Coefficients, centres: Floats, heights: Floats, weights: Floats, table: Floats) -> Coefficients:
    """Return coefficients with bell curves, whose sum is a feature like any other to whoever refits them."""
    sums = rbf_kernel(table, centres, GAMMA) @ heights
    spread = round(float(np.sqrt(np.average((sums - np.average(sums, weights=weights)) ** 2, weights=weights))), 5)
    curves = RbfTerms(
        names=list(plain.weights),
        gamma=GAMMA,
        centres=[[round(float(value), 2) for value in row] for row in centres],
        weights=[round(float(height), 4) for height in heights],
    )
    return replace(plain, rbf=curves, weights={**plain.weights, RBF: Weight(0.0, spread, spread)})


def _weights(examples: Sequence[Example]) -> Floats:
    counts: defaultdict[tuple[tuple[str, int], bool], int] = defaultdict(int)
    for example in examples:
        counts[example.cell, example.answerable] += 1
    weights = np.array(
        [(1.0 if example.size else WHOLE) / counts[example.cell, example.answerable] for example in examples]
    )
    return np.asarray(weights * len(examples) / weights.sum())


def judged_by_others(
    examples: Sequence[Example], names: Sequence[str], group: Callable[[Example], object], n_bells: int = 0
) -> Floats:
    """Return each example's probability by coefficients fitted without its group."""
    values = np.zeros(len(examples))
    for held_out in {group(example) for example in examples}:
        coefficients = fit([example for example in examples if group(example) != held_out], names, n_bells)
        for place, example in enumerate(examples):
            if group(example) == held_out:
                values[place] = coefficients.probability(example.features)
    return values


def bands(values: Floats, examples: Sequence[Example]) -> tuple[float, float]:
    """Return the lowest ``upper`` that passes few unanswerable questions and the highest ``lower`` that loses few."""
    steps = np.round(np.arange(0.05, 0.96, 0.01), 2)
    upper = next((step for step in steps if _accepted(values, examples, step, False) <= MAX_PASSED), 0.95)
    lower = next((step for step in steps[::-1] if _accepted(values, examples, step, True) >= 1 - MAX_LOST), 0.05)
    return float(upper), float(min(lower, upper))


def _accepted(values: Floats, examples: Sequence[Example], step: float, answerable: bool) -> float:
    """Return the mean over cells of the share of (un)answerable questions at or above ``step``."""
    cells: defaultdict[tuple[str, int], list[bool]] = defaultdict(list)
    for value, example in zip(values, examples, strict=True):
        if example.answerable == answerable:
            cells[example.cell].append(bool(value >= step))
    return float(np.mean([np.mean(passed) for passed in cells.values()]))


def report(title: str, values: Floats, examples: Sequence[Example], cut: float) -> None:
    labels = np.array([example.answerable for example in examples])
    names = list(dict.fromkeys(example.name for example in examples))
    sizes = list(dict.fromkeys(example.size for example in examples))
    print(f"\n{title}: AUROC / balanced accuracy / unanswerable passed, cut at {cut:.2f}\n")
    print(heading("set", *(f"{size} documents" if size else "whole" for size in sizes)))
    for name in names:
        print(f"| {name} |", end="")
        for size in sizes:
            chosen = np.array([example.cell == (name, size) for example in examples])
            print(_cell(values[chosen], labels[chosen], cut) if chosen.any() else "", end=" |")
        print()


def _cell(values: Floats, labels: NDArray[np.bool_], cut: float) -> str:
    passed = (values[~labels] >= cut).mean() if (~labels).any() else np.nan
    return f" {auroc(values, labels):.3f} / {balanced_accuracy(values >= cut, labels):.3f} / {passed:.2f}"


def family_group(name: str) -> str:
    """Return what sets that are translations of one another have in common: four letters of their names."""
    return name[:4]


def fold(example: Example) -> int:
    return sum(example.topic.encode()) % N_FOLDS


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--write", action="store_true", help="store the coefficients")
    given, embedder = given_folders(arguments)
    sets = [read_labelled(folder) for folder in given.folders]
    if len({family_group(data.name) for data in sets}) < 2:
        raise SystemExit("two sets are needed whose names differ in the first four letters: one judges the other")
    examples = [example for data in sets for example in asyncio.run(collect(data, embedder))]
    spec = np.array([example.spec for example in examples])
    report("specification", spec, examples, TAU)
    rows, family = [], embedder.id.partition("@")[0]
    for title, names, n_bells in (("this embedder", FITTED, N_BELLS), ("any embedder", SCALE_FREE, 0)):
        values = judged_by_others(examples, names, fold, n_bells)
        upper, lower = bands(values, examples)
        report(f"{title}, other topics (upper {upper:.2f}, lower {lower:.2f})", values, examples, upper)
        by_sets = judged_by_others(examples, names, lambda each: family_group(each.family), n_bells)
        report(f"{title}, other sets", by_sets, examples, upper)
        fitted = asdict(fit(examples, names, n_bells))
        rows.append({**fitted, "embedder": family if n_bells else "", "upper": upper, "lower": lower})
    if given.write:
        COEFFICIENTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
        print(f"\nwritten to {COEFFICIENTS}")


if __name__ == "__main__":
    main()
