"""Trains the reader's match head on labelled sets, and says what it reads on others.

Run: python bench/reader_fit.py DIR... [--judge DIR...] [--hours H] [--write]   (DIRs in BEIR's layout)
Every collection is indexed by itself. The head is trained on all sets of DIR; besides, each third of their collections
is left out once, so that ``bench/gate_fit.py`` can fit the gate on readings of questions that the reader has not seen.
Everything is kept in the cache: a run that was cut off, or came to the end of its ``--hours``, goes on where it was.
Prints by set of --judge: AUROC of the best hit's evidence and standing; the question-only control (the same head, an
empty text); the wording control (twins against near misses, neither answered: 0.5 where wording tells nothing); the
twin AUROC (questions against themselves without the passages that hold a quote); and how often a passage that holds a
quote is first, and among eight, by search and as read. With --write the head goes to core/models/match_head.npz.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.fold_readers import ALL, FOLDS, KeptReader, head_name
from bench.gate_fit import SOURCES
from bench.labelled import folder_arguments, given_folders, indexed
from bench.reader_training import EMPTY, KeptLayers, Trainer, rough
from bench.reading_cases import ReadingCase, reading_cases
from bench.table import heading, row
from core.evaluation.dataset import LabelledSet, read_labelled
from core.evaluation.outcomes import gold_rank
from core.evaluation.selective import auroc
from core.models.catalog import e5_folder
from core.models.lower_layers import LowerLayers
from core.models.match_head import MatchHead, read_head, write_head
from core.ports import Embedder
from core.retrieval.reading.passage_reader import OWN
from core.retrieval.reading.reading_searcher import NATS_PER_LOG_ODDS, read_hits
from core.types import Hit, SearchResult

HEAD = Path(__file__).parents[1] / "core" / "models" / "match_head.npz"

N_FOLDS = 3

HEAD_SOURCES = f"{SOURCES} squad2_dev: SQuAD 2.0, over Wikipedia (CC BY-SA 4.0)."
"""Whose texts the shipped head was fitted on, with their licences."""


def fold_of(collections: Sequence[str]) -> Mapping[str, int]:
    """Return which fold each collection is in."""
    return {name: place % N_FOLDS for place, name in enumerate(sorted(set(collections)))}


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """A labelled question of the judged sets, as read; ``twin`` without what answers it. Values are log-odds."""

    kind: str
    answerable: bool
    value: float
    twin: float | None
    empty: float
    rank_by_search: int | None
    rank_as_read: int | None


async def read_questions(data: LabelledSet, embedder: Embedder, reader: KeptReader) -> list[ReadQuestion]:
    """Search and read every question of a set, each collection indexed by itself."""
    read = []
    for part in data.collections():
        async with indexed(part.documents, embedder) as index:
            for question in part.questions:
                found = await index.search(question.text)
                if found.hits:
                    as_read = read_hits(found, reader)
                    rest = tuple(hit for hit in found.hits if gold_rank([hit.passage.text], question.quotes) is None)
                    has_twin = question.answerable and 0 < len(rest) < len(found.hits)
                    read.append(
                        ReadQuestion(
                            question.kind,
                            question.answerable,
                            _value(as_read),
                            _value(read_hits(replace(found, hits=rest), reader)) if has_twin else None,
                            reader.model.log_odds(question.text, [EMPTY])[0],
                            _gold_rank(found.hits, question.quotes),
                            _gold_rank(as_read.hits, question.quotes),
                        )
                    )
    return read


def _value(read: SearchResult) -> float:
    """Return the evidence of the best hit as read."""
    return max(hit.evidence for hit in read.hits[:3] if hit.evidence is not None)


def _gold_rank(hits: Sequence[Hit], quotes: Sequence[str]) -> int | None:
    return gold_rank([hit.passage.text for hit in hits], quotes)


def report(read: Mapping[str, Sequence[ReadQuestion]]) -> None:
    """Print every figure by set, and their mean."""
    columns = ("AUROC", "question only", "wording", "twin", "near miss", "first: search", "read", "among 8", "read")
    print("\n" + heading("set", *columns))
    cells = {name: _figures(questions) for name, questions in read.items()}
    for name, each in cells.items():
        print(row(name, *(f"{value:.3f}" for value in each)))
    print(row("mean", *(f"{value:.3f}" for value in np.nanmean(list(cells.values()), axis=0))))


def _figures(read: Sequence[ReadQuestion]) -> list[float]:
    labels = np.array([each.answerable for each in read])
    values, empty = (np.array(each) for each in zip(*((q.value, q.empty) for q in read), strict=True))
    twins = [(each.value, each.twin) for each in read if each.twin is not None]
    missed = np.array([not each.answerable and each.kind in ("near_miss", "adversarial") for each in read])
    without = np.array([twin for _, twin in twins])
    judged = labels | missed
    ranks = [(each.rank_by_search, each.rank_as_read) for each in read if each.answerable]
    among = [
        np.mean([rank is not None and rank <= n for rank in each]) for n in (1, 8) for each in zip(*ranks, strict=True)
    ]
    return [
        auroc(values, labels),
        auroc(empty, labels),
        auroc(np.r_[without, values[missed]], np.arange(len(without) + missed.sum()) < len(without)),
        auroc(np.array(twins).T.ravel(), np.arange(2 * len(twins)) < len(twins)),
        auroc(values[judged], labels[judged]),
        *map(float, among),
    ]


def train(cases: Sequence[ReadingCase], layers: KeptLayers, folder: Path, hours: float) -> tuple[MatchHead, bool]:
    """Train the heads that leave out a third of the collections, then the one of all; keep each in ``folder``.

    Return the last with whether its training, and theirs, came to its end.
    """
    layers.prepare(
        [EMPTY, *dict.fromkeys(window for case in cases for window in case.windows)],
        [spelling for case in cases for spelling in rough(case)],
    )
    fold = fold_of([case.collection for case in cases])
    (folder / FOLDS).write_text(json.dumps(fold, indent=1), encoding="utf-8")
    until = time.monotonic() + hours * 3600
    for left_out in (*range(N_FOLDS), None):
        name = head_name(left_out)
        trainer = Trainer([case for case in cases if fold[case.collection] != left_out], layers, folder / f"{name}.pt")
        is_done = trainer.run(until)
        with (folder / f"{name}.npz").open("wb") as file:
            write_head(trainer.averaged(), file)
    with (folder / f"{ALL}.npz").open("rb") as file:
        return read_head(file), is_done


def main() -> None:
    """Train, judge, and write where asked."""
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--judge", nargs="*", type=Path, default=[], metavar="DIR", help="sets to read")
    arguments.add_argument("--hours", type=float, default=1.0, help="of training, at most")
    arguments.add_argument("--write", action="store_true", help="store the head")
    given, embedder = given_folders(arguments)
    folder = given.cache / "reader"
    folder.mkdir(parents=True, exist_ok=True)
    lower = LowerLayers(e5_folder(given.cache / "models", print))
    sets = [read_labelled(each) for each in given.folders]
    cases = [case for data in sets for case in asyncio.run(reading_cases(data, embedder))]
    print(f"{len(cases)} questions, {sum(case.answerable for case in cases)} answerable", flush=True)
    head, is_done = train(cases, KeptLayers(lower, folder / "states.pt"), folder, given.hours)
    if given.judge:
        reader = KeptReader(folder / f"{ALL}.npz", lower)
        judged = [read_labelled(each) for each in given.judge]
        report({data.name: asyncio.run(read_questions(data, embedder, reader)) for data in judged})
        reader.save()
    if given.write and is_done:
        with HEAD.open("wb") as file:
            write_head(head, file)
        told = {"id": OWN, "nats_per_log_odds": NATS_PER_LOG_ODDS, "sets": [data.name for data in sets]}
        told |= {"questions": len(cases), "sources": HEAD_SOURCES}
        HEAD.with_suffix(".json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"\nwritten to {HEAD}; give core.retrieval.reading.passage_reader.OWN a new number if one was shipped")


if __name__ == "__main__":
    main()
