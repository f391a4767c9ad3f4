"""Fits the confidence gate's coefficients on labelled sets, and says how good they are on others.

Run: python bench/gate_fit.py DIR... [--judge DIR...] [--write]   (DIRs in BEIR's layout; needs scikit-learn)
Every collection of a set is indexed by itself, and read by a head of ``bench/reader_fit.py`` (run that first) that was
not trained on it. A question with quotes is also a twin, an unanswerable one: the same search without the passages that
hold a quote. Prints by set the AUROC, that of questions against their twins, and the
control: of the same gate over the same passages with their texts emptied. The sets of --judge are not fitted on; the
bands are chosen on them (without any: on the sets themselves, each judged by a fit on the others). With --write the
coefficients go to core/confidence/coefficients.json.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.fold_readers import FoldReaders
from bench.labelled import folder_arguments, given_folders, indexed, second_embedder
from bench.table import heading, row
from core.confidence.calibrate import Coefficients, Weight
from core.confidence.features import COSINES, EVERYDAY, READ, SCALE_FREE, features
from core.evaluation.dataset import LabelledQuestion, LabelledSet, read_labelled
from core.evaluation.outcomes import gold_rank
from core.evaluation.selective import auroc
from core.models.catalog import e5_folder
from core.models.lower_layers import LowerLayers
from core.ports import Embedder
from core.retrieval.reading.passage_reader import OWN
from core.retrieval.reading.reading_searcher import read_hits
from core.types import Hit, SearchResult

COEFFICIENTS = Path(__file__).parents[1] / "core" / "confidence" / "coefficients.json"

FITTED = (*COSINES, *SCALE_FREE)
"""The features for the embedder at hand; for any other, ``SCALE_FREE`` ones."""

FITTED_READ = ("top_cosine", "names_held", "agreement", *EVERYDAY, *READ)
"""Where a reader reads: shared stems and prefixes add nothing to it."""

INVERSE_PENALTY = 0.1

MAX_ASSERTED = 0.12
"""At most this share of unanswerable questions may be answered as if known."""

MIN_OFF_TOPIC = 0.95
"""Least share of the questions of kind ``off_topic`` that are declined."""

MAX_DECLINED = 0.05
"""Where no question is off topic: at most this share of answerable questions is declined."""

SOURCES = (
    "train_en_a: Python Discord, MLH Organizer Guide, Kanthaus, The Carpentries, OpenJS (CC0, MIT, CC BY 4.0). "
    "train_en_b: Cryptomator, HandBrake, Valetudo, YAGPDB, Wii Guide (Apache-2.0, CC BY-SA 4.0, MIT). "
    "train_en_c: GSoC guides, NYC Mesh, OpenTTD, W0BRC (GFDL 1.3, CC BY-SA 3.0, CC0, MIT). "
    "train_pt_a: Guardiões da Verdade, SEMESO 2025, AndromeDev, Mais MU (MIT). "
    "train_pt_b: Raspberry Pi Learning, Guide 3DS, awesome-bc250, Universidade Brasileira Livre, FastAPI docs "
    "(MIT, CC BY-SA 4.0). train_mix_own, train_pt_own: our own writing."
)
"""The communities whose texts the shipped coefficients were fitted on, with their licences."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One question asked of one collection; ``twin`` and ``empty`` are the features without gold and without texts."""

    family: str
    topic: str
    kind: str
    answerable: bool
    features: Mapping[str, float]
    twin: Mapping[str, float] | None = None
    empty: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Views:
    """One question by the search alone, and as read."""

    plain: Example
    read: Example


async def collect(data: LabelledSet, embedder: Embedder, second: Embedder | None, readers: FoldReaders) -> list[Views]:
    """Ask every collection's questions of an index of its own."""
    return [each for part in data.collections() async for each in _ask(part, data.name, embedder, second, readers)]


async def _ask(
    part: LabelledSet, family: str, embedder: Embedder, second: Embedder | None, readers: FoldReaders
) -> AsyncIterator[Views]:
    reader = readers.of(part.name)
    async with indexed(part.documents, embedder, second) as index:
        for question in part.questions:
            found = await index.search(question.text)
            if found.hits:
                topic = f"{part.name}/{question.topic}"
                yield Views(
                    _example(question, found, family, topic, lambda result: result),
                    _example(question, found, family, topic, lambda result: read_hits(result, reader)),
                )


def _example(
    question: LabelledQuestion,
    found: SearchResult,
    family: str,
    topic: str,
    seen: Callable[[SearchResult], SearchResult],
) -> Example:
    gold = {hit.passage.id for hit in found.hits if _holds(hit, question.quotes)}
    rest = tuple(hit for hit in found.hits if hit.passage.id not in gold)
    twin = features(seen(replace(found, hits=rest))) if question.answerable and gold and rest else None
    told, empty = features(seen(found)), features(seen(_emptied(found)))
    return Example(family, topic, question.kind, question.answerable, told, twin, empty)


def _holds(hit: Hit, quotes: Sequence[str]) -> bool:
    return gold_rank([hit.passage.text], quotes) is not None


def _emptied(found: SearchResult) -> SearchResult:
    """Return the result with passages that say nothing: what is left is known of the question alone."""
    hits = tuple(
        replace(hit, passage=replace(hit.passage, document="", heading="", text=""), dense=0.0, lexical=0.0, matched=())
        for hit in found.hits
    )
    return replace(found, hits=hits)


def fit(examples: Sequence[Example], names: Sequence[str]) -> Coefficients:
    """Fit a regression in which both labels weigh the same in every set; twins are unanswerable examples."""
    rows = [(each.features, each.answerable, each.family) for each in examples]
    rows += [(each.twin, False, f"{each.family} twins") for each in examples if each.twin is not None]
    table = np.array([[told[name] for name in names] for told, _, _ in rows])
    labels = np.array([label for _, label, _ in rows])
    counts = Counter((family, label) for _, label, family in rows)
    weights = np.array([1 / counts[family, label] for _, label, family in rows])
    for label in (False, True):
        weights[labels == label] *= len(rows) / 2 / weights[labels == label].sum()
    means, scales = np.round(table.mean(axis=0), 5), np.round(table.std(axis=0), 5)
    scales[scales == 0] = 1
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=3_000)
    model.fit((table - means) / scales, labels, sample_weight=weights)
    fitted = zip(names, means, scales, model.coef_[0], strict=True)
    return Coefficients(
        embedder="",
        fitted=datetime.now(UTC).date().isoformat(),
        sets=sorted({example.family for example in examples}),
        intercept=round(float(model.intercept_[0]), 5),
        weights={name: Weight(*(round(float(value), 5) for value in numbers)) for name, *numbers in fitted},
        upper=0.5,
        lower=0.5,
        sources=SOURCES,
    )


def judged_by_others(
    examples: Sequence[Example], names: Sequence[str], group: Mapping[str, int] | None = None
) -> Floats:
    """Return each example's probability by coefficients fitted without its group of topics; without any, its set."""
    of = [group.get(each.topic, 0) if group is not None else each.family for each in examples]
    values = np.zeros(len(examples))
    for held_out in set(of):
        others = [each for each, own in zip(examples, of, strict=True) if own != held_out]
        coefficients = fit(others, names)
        for place, example in enumerate(examples):
            if of[place] == held_out:
                values[place] = coefficients.probability(example.features)
    return values


def bands(values: Floats, examples: Sequence[Example]) -> tuple[float, float]:
    """Return the lowest ``upper`` that asserts few unanswerable questions, and the lowest floor that declines enough.

    Enough is ``MIN_OFF_TOPIC`` of those off topic; where there are none, as many as ``MAX_DECLINED`` allows.
    """
    steps = np.round(np.arange(0.05, 0.96, 0.005), 3)
    labels = np.array([each.answerable for each in examples])
    off_topic = np.array([each.kind == "off_topic" for each in examples])
    upper = next((step for step in steps if (values[~labels] >= step).mean() <= MAX_ASSERTED), 0.95)
    if off_topic.any():
        lower = next((step for step in steps if (values[off_topic] < step).mean() >= MIN_OFF_TOPIC), 0.95)
    else:
        lower = next((step for step in steps[::-1] if (values[labels] < step).mean() <= MAX_DECLINED), 0.05)
    return float(upper), float(min(lower, upper))


def report(title: str, examples: Sequence[Example], coefficients: Coefficients) -> None:
    """Print AUROC, twin AUROC, control and outcomes, by set."""
    print(f"\n{title} (upper {coefficients.upper:.3f}, lower {coefficients.lower:.3f})\n")
    columns = ("AUROC", "twin", "control", "answerable: sure", "declined", "unanswerable: sure", "off topic declined")
    print(heading("set", *columns))
    for family in sorted({example.family for example in examples}):
        print(row(family, *_cells([each for each in examples if each.family == family], coefficients)))
    print(row("all", *_cells(examples, coefficients)))


def _cells(examples: Sequence[Example], coefficients: Coefficients) -> list[str]:
    def judged(told: Sequence[Mapping[str, float]]) -> Floats:
        return np.array([coefficients.probability(each) for each in told], np.float64)

    labels = np.array([each.answerable for each in examples])
    values = judged([each.features for each in examples])
    pairs = [(each.features, each.twin) for each in examples if each.twin is not None]
    twins = np.r_[judged([own for own, _ in pairs]), judged([twin for _, twin in pairs])]
    off_topic = np.array([each.kind == "off_topic" for each in examples])
    shares = [
        values[labels] >= coefficients.upper,
        values[labels] < coefficients.lower,
        values[~labels] >= coefficients.upper,
        values[off_topic] < coefficients.lower,
    ]
    return [
        f"{auroc(values, labels):.3f}",
        f"{auroc(twins, np.arange(len(twins)) < len(pairs)):.3f}" if pairs else "–",
        f"{auroc(judged([each.empty or each.features for each in examples]), labels):.3f}",
        *(f"{share.mean():.2f}" if len(share) else "–" for share in shares),
    ]


def fitted_row(
    title: str,
    family: str,
    names: Sequence[str],
    fitted_on: Sequence[Example],
    judged_on: Sequence[Example],
    reader: str = "",
) -> Mapping[str, object]:
    """Return coefficients fitted on some examples, with bands chosen on others, or cross-validated; print both."""
    plain = fit(fitted_on, names)
    values = judged_by_others(fitted_on, names)
    if judged_on:
        values = np.array([plain.probability(each.features) for each in judged_on], np.float64)
    upper, lower = bands(values, judged_on or fitted_on)
    coefficients = replace(plain, embedder=family, upper=upper, lower=lower, reader=reader)
    report(f"{title}, fitted on these", fitted_on, coefficients)
    if judged_on:
        report(f"{title}, other sets", judged_on, coefficients)
    return asdict(coefficients)


def _as_read(*views: Sequence[Views]) -> list[list[Example]]:
    return [[each.read for each in some] for some in views]


def _unread(*views: Sequence[Views]) -> list[list[Example]]:
    return [[each.plain for each in some] for some in views]


def main() -> None:
    """Fit, report, and write where asked."""
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--judge", nargs="*", type=Path, default=[], metavar="DIR", help="sets to choose bands on")
    arguments.add_argument("--write", action="store_true", help="store the coefficients")
    given, embedder = given_folders(arguments)
    second = second_embedder(given.cache)
    readers = FoldReaders(given.cache / "reader", LowerLayers(e5_folder(given.cache / "models", print)), second)
    fitted_on, judged_on = (
        [each for folder in folders for each in asyncio.run(collect(read_labelled(folder), embedder, second, readers))]
        for folders in (given.folders, given.judge)
    )
    readers.save()
    if not judged_on and len({each.plain.family for each in fitted_on}) < 2:
        raise SystemExit("two sets are needed, or --judge: one judges the other")
    family = embedder.id.partition("@")[0]
    rows = [
        fitted_row("this embedder, read", family, FITTED_READ, *_as_read(fitted_on, judged_on), reader=OWN),
        fitted_row("this embedder", family, FITTED, *_unread(fitted_on, judged_on)),
        fitted_row("any embedder", "", SCALE_FREE, *_unread(fitted_on, judged_on)),
    ]
    if given.write:
        COEFFICIENTS.write_text("[\n" + ",\n".join(json.dumps(each) for each in rows) + "\n]\n", encoding="utf-8")
        print(f"\nwritten to {COEFFICIENTS}")


if __name__ == "__main__":
    main()
