"""Fits the question map on labelled sets, and says how it ranks others.

Run: python bench/question_map_fit.py DIR... [--judge DIR...] [--write]   (DIRs in BEIR's layout)
Every collection is indexed by itself, and a question is to be nearer to the passages that answer it than to all others,
by cosine alone and with BM25. Sets whose questions have no quotes, written beside their passages, hold the map back: a
part of their questions is learned from less. Each third of the collections is left out once: those maps are kept in the
cache, so that ``bench/gate_fit.py`` and ``bench/reader_fit.py`` can search as for questions not seen before. Prints how
often a passage that answers is first, and among eight, as embedded and as moved. With --write the map of all sets goes
to core/retrieval/question_map.npz.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.fold_maps import no_map
from bench.fold_readers import FOLDS, head_name
from bench.gate_fit import SOURCES
from bench.labelled import folder_arguments, given_folders, indexed
from bench.reader_fit import N_FOLDS, fold_of
from bench.table import heading, row
from core.evaluation.dataset import LabelledQuestion, LabelledSet, read_labelled
from core.evaluation.outcomes import gold_rank
from core.experiments.search_eval import SPACE
from core.models.catalog import DEFAULT_EMBEDDER
from core.ports import Embedder
from core.retrieval.lexical import LexicalIndex
from core.retrieval.question_map import QuestionMap, write_question_map
from core.types import Passage

MAP = Path(__file__).parents[1] / "core" / "retrieval" / "question_map.npz"

MAX_TIDY = 250
"""Questions of a set without quotes that are learned from, drawn at random."""

NATS = 250.0
"""What a cosine counts beside BM25 in the printed ranks; ``core/retrieval/fusion.json`` has the shipped value."""

N_PARTS, WIDTH, N_STEPS, RATE, WARM_STEPS, WEIGHT_DECAY = 3, 128, 300, 1e-3, 50, 0.01
"""The map is the mean of ``N_PARTS`` fitted from different beginnings, each ``WIDTH`` wide."""

HEAT, DROPOUT, NOISE, WITH_WORDS = 100.0, 0.3, 0.2, 0.5
"""Nats of a cosine in the loss; the length of the noise beside a vector of 1; how often BM25's scores are added."""

STAY, TIDY_STAY, TIDY_WEIGHT, N_COLLECTIONS, N_QUESTIONS = 3.0, 1.0, 2.0, 4, 16
"""Weights of how far a question is moved, and of a tidy collection beside the ``N_COLLECTIONS`` of a step."""

REACH = 0.6
"""Share of the fitted move that is made: the whole costs tidy questions more than it gives others."""

MAP_SOURCES = (
    f"{SOURCES} squad2_dev, squad_pt: SQuAD and a translation, over Wikipedia (CC BY-SA 4.0). "
    "pira_en, pira_pt, pira_x: Pirá, on the ocean and the Brazilian coast (CC BY 4.0)."
)
"""Whose texts the shipped map was fitted on, with their licences."""


@dataclass(frozen=True, slots=True)
class AskedCollection:
    """A collection's ``n`` passages and ``m`` answerable questions.

    ``passages``: ``(n, dim)``; ``questions``: ``(m, dim)``; ``lexical``: BM25 scores ``(m, n)``; ``answers``: which
    passages answer, ``(m, n)``.
    """

    origin: str
    name: str
    is_tidy: bool
    passages: Tensor
    questions: Tensor
    lexical: Tensor
    answers: Tensor


async def asked_collections(data: LabelledSet, embedder: Embedder) -> list[AskedCollection]:
    """Return a set's collections, without questions that no passage is known to answer."""
    is_tidy = not any(question.quotes for question in data.questions)
    asked = []
    for part in data.collections():
        questions = [question for question in part.questions if question.answerable]
        if is_tidy:
            questions = random.Random(0).sample(questions, min(MAX_TIDY, len(questions)))
        with tempfile.TemporaryDirectory() as folder:
            async with indexed(part.documents, embedder, no_map) as index:
                changes = await index.passages.changes(SPACE, 0, embedder.id)
                passages, vectors = await index.passages.embedded(SPACE, changes.added, embedder.id)
                lexical = LexicalIndex(Path(folder))
                lexical.update((), passages)
                lexical.commit()
                place = {passage.id: n for n, passage in enumerate(passages)}
                rows = []
                for question in questions:
                    answers = np.array([_answers(question, each, index.names) for each in passages])
                    if answers.any():
                        found = await index.search(question.text)
                        scores = np.zeros(len(passages), np.float32)
                        for id_, score in lexical.search(found.question.terms, len(passages)):
                            scores[place[id_]] = score
                        rows.append((found.query_vector, scores, answers))
        if rows:
            columns = (torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True))
            asked.append(AskedCollection(data.name, part.name, is_tidy, torch.from_numpy(vectors), *columns))
    return asked


def _answers(question: LabelledQuestion, passage: Passage, names: Mapping[int, Sequence[str]]) -> bool:
    if question.quotes:
        return gold_rank([passage.text], question.quotes) is not None
    return any(question.relevance.get(name, 0) > 0 for name in names[passage.document_id])


class MapPart(nn.Module):
    """A map being fitted; it begins by moving nothing."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(dim, WIDTH), nn.Linear(WIDTH, dim, bias=False)
        nn.init.normal_(self.inner.weight)
        nn.init.zeros_(self.inner.bias)
        nn.init.zeros_(self.outer.weight)

    def forward(self, questions: Tensor) -> Tensor:
        """Return the moved vectors, ``(B, dim)``."""
        inside = functional.dropout(functional.gelu(self.inner(questions), approximate="tanh"), DROPOUT, self.training)
        return functional.normalize(questions + self.outer(inside), dim=-1)


def fit(collections: Sequence[AskedCollection]) -> QuestionMap:
    """Return the map fitted on these collections."""
    parts = [_fit_part(collections, seed) for seed in range(N_PARTS)]
    with torch.no_grad():
        return QuestionMap(
            torch.cat([part.inner.weight for part in parts]).T.contiguous().numpy(),
            torch.cat([part.inner.bias for part in parts]).numpy(),
            (torch.cat([part.outer.weight for part in parts], 1).T * REACH / N_PARTS).contiguous().numpy(),
        )


def _fit_part(collections: Sequence[AskedCollection], seed: int) -> MapPart:
    torch.manual_seed(seed)
    draw = random.Random(seed)
    part = MapPart(collections[0].passages.shape[1])
    optimiser = torch.optim.AdamW(part.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    own, tidy = ([each for each in collections if each.is_tidy == kind] for kind in (False, True))
    sizes = [len(each.questions) for each in own]
    for step in range(N_STEPS):
        drawn = [(each, 1 / N_COLLECTIONS) for each in draw.choices(own, sizes, k=N_COLLECTIONS)]
        drawn += [(each, TIDY_WEIGHT) for each in draw.sample(tidy, min(1, len(tidy)))]
        loss = torch.stack([weight * _loss(part, each, draw) for each, weight in drawn]).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_STEPS) * max(0.02, 1 - step / N_STEPS)
        optimiser.step()
    return part.eval()


def _loss(part: MapPart, asked: AskedCollection, draw: random.Random) -> Tensor:
    """Return the loss of choosing the passages that answer among all, for some questions, and of moving those."""
    chosen = torch.tensor(draw.sample(range(len(asked.questions)), min(N_QUESTIONS, len(asked.questions))))
    questions = asked.questions[chosen]
    noise = NOISE * torch.randn_like(questions) / questions.shape[1] ** 0.5
    moved = part(functional.normalize(questions + noise, dim=-1))
    scores = HEAT * moved @ asked.passages.T
    if draw.random() < WITH_WORDS:
        scores = scores + asked.lexical[chosen]
    answering = scores.masked_fill(~asked.answers[chosen], -torch.inf)
    missed = torch.logsumexp(scores, 1) - torch.logsumexp(answering, 1)
    stay = TIDY_STAY if asked.is_tidy else STAY
    return missed.mean() + stay * (1 - (moved * questions).sum(1)).mean()


def report(title: str, collections: Sequence[AskedCollection], map_of: Callable[[str], QuestionMap]) -> None:
    """Print how often a passage that answers is first, and among eight, by set; ``map_of`` takes a collection."""
    print(f"\n{title}: as embedded / as moved\n")
    print(heading("set", "nearest first", "among 8", "with BM25 first", "among 8"))
    cells: dict[str, list[float]] = {}
    for origin in dict.fromkeys(each.origin for each in collections):
        own = [each for each in collections if each.origin == origin]
        before = np.concatenate([_ranks(each, each.questions) for each in own])
        after = np.concatenate([_ranks(each, _moved(each, map_of(each.name))) for each in own])
        cells[origin] = [
            float((ranks[:, column] < n).mean()) for column in (0, 1) for n in (1, 8) for ranks in (before, after)
        ]
    cells["mean"] = list(np.mean(list(cells.values()), axis=0))
    for name, each in cells.items():
        print(row(name, *(f"{each[n]:.3f} / {each[n + 1]:.3f}" for n in range(0, 8, 2))), flush=True)


def _moved(asked: AskedCollection, question_map: QuestionMap) -> Tensor:
    return torch.from_numpy(np.stack([question_map(question) for question in asked.questions.numpy()]))


def _ranks(asked: AskedCollection, questions: Tensor) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return how many passages stand before the first that answers, by cosine and with BM25, ``(m, 2)``."""
    cosines = questions @ asked.passages.T
    by = (cosines, NATS * cosines + asked.lexical)
    best = (scores.masked_fill(~asked.answers, -torch.inf).amax(1, keepdim=True) for scores in by)
    return torch.stack([(scores > top).sum(1) for scores, top in zip(by, best, strict=True)], 1).numpy()


def main() -> None:
    """Fit, judge, and write where asked."""
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--judge", nargs="*", type=Path, default=[], metavar="DIR", help="sets to rank")
    arguments.add_argument("--write", action="store_true", help="store the map")
    given, embedder = given_folders(arguments)
    folder = given.cache / "question_map"
    folder.mkdir(parents=True, exist_ok=True)
    sets = [read_labelled(each) for each in given.folders]
    collections = [each for data in sets for each in asyncio.run(asked_collections(data, embedder))]
    fold = fold_of([each.name for each in collections])
    (folder / FOLDS).write_text(json.dumps(fold, indent=1), encoding="utf-8")
    maps = {}
    for left_out in (*range(N_FOLDS), None):
        # A tidy set is one collection: it is never left out, or a third of the maps would lose what holds it back.
        fitted = fit([each for each in collections if each.is_tidy or fold[each.name] != left_out])
        maps[left_out] = fitted
        with (folder / f"{head_name(left_out)}.npz").open("wb") as file:
            write_question_map(fitted, file)
    own = [each for each in collections if not each.is_tidy]
    report("fitted on, each collection by a map without it", own, lambda name: maps[fold[name]])
    judged = [each for path in given.judge for each in asyncio.run(asked_collections(read_labelled(path), embedder))]
    if judged:
        report("others", judged, lambda name: maps[None])
    if given.write:
        with MAP.open("wb") as file:
            write_question_map(maps[None], file)
        told = {"id_prefix": DEFAULT_EMBEDDER, "sets": [data.name for data in sets]}
        told |= {"questions": sum(len(each.questions) for each in collections), "sources": MAP_SOURCES}
        MAP.with_suffix(".json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"\nwritten to {MAP}; fit the reader and the gate anew")


if __name__ == "__main__":
    main()
