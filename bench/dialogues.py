"""Two-turn dialogues: how well the second question finds its passage, and when it is joined with the first.

Run: python bench/dialogues.py [DIR...] [--fit]   (DIRs: communities' sets, whose questions each stand on their own)
``bench/dialogues.jsonl`` (our own writing, over the sample handbook and the notes) has as many second questions that
go on from the first as ones that change the subject; more of them only name another thing, which the documents hold
(``another``) or lack (``absent``). *alone*: never joined; *wording*: joined by wording; *now*: as AION does;
*always*: joined. ``--fit`` fits on the first two kinds and on questions of the ``DIR`` sets put in a row, writes
``core/chat/follow_up.json``, and judges each dialogue by a fit without its documents.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from bench.labelled import default_embedder, folder_arguments, indexed
from bench.table import heading, row
from core.chat.follow_up import FEATURES, follow_up_features, log_odds
from core.chat.own_words import own_words, unmentioned, weighing
from core.chat.question_recognition import is_follow_up, names_another
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import LabelledDocument, LabelledSet, read_labelled
from core.evaluation.outcomes import gold_rank
from core.experiments.search_eval import SPACE
from core.language import detect_language
from core.ports import Embedder
from core.types import Hit, Language, Scope

ROOT = Path(__file__).parents[1]
OUT = ROOT / "core" / "chat" / "follow_up.json"
CHANGE_WEIGHT = 4.0
"""A question wrongly joined loses its answer; one wrongly left alone is only found as before."""

_FITTED = ("follows", "changes")
"""The kinds that the coefficients are fitted on."""

_RIDGE = 1.0
"""Precision of the normal prior around 0 of each weight, on standardised features."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Two questions in a row; ``quotes`` are what answers the second.

    ``kind``: ``follows``, ``changes``, ``another`` or ``absent`` (nothing answers it).
    """

    corpus: str
    language: Language
    kind: str
    first: str
    second: str
    quotes: Sequence[str]


@dataclass(frozen=True, slots=True)
class SearchedDialogue:
    """A dialogue with its features, and the reciprocal rank of the answering passage alone and joined; 0 for none."""

    dialogue: Dialogue
    features: Mapping[str, float]
    alone: float
    joined: float
    is_first_alone: bool
    is_first_joined: bool
    is_unmentioned: bool


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--fit", action="store_true", help="fit and write the coefficients")
    given = arguments.parse_args()
    embedder = CachedEmbedder(default_embedder(given.cache / "models"), given.cache / "vectors.sqlite")
    own = asyncio.run(_gathered(_own_dialogues(), embedder))
    others = {
        folder.name: asyncio.run(_gathered(_in_a_row(read_labelled(folder)), embedder)) for folder in given.folders
    }
    if given.fit:
        fitting = [each for each in own if each.dialogue.kind in _FITTED]
        _write(fitted([*fitting, *(each for searched in others.values() for each in searched)]), sorted(others))
    print(
        heading(
            "dialogues",
            "n",
            "joined",
            "first: alone",
            "wording",
            "now",
            "always",
            "MRR: alone",
            "wording",
            "now",
            "always",
        )
    )
    for language in ("en", "pt"):
        for kind in (*_FITTED, "another"):
            chosen = [each for each in own if (each.dialogue.language, each.dialogue.kind) == (language, kind)]
            print(
                _row(
                    f"{language}, {kind}",
                    chosen,
                    _held_out(own, [e for s in others.values() for e in s], chosen, given.fit),
                )
            )
    absent = [each for each in own if each.dialogue.kind == "absent"]
    told = [log_odds(each.features) <= 0 or each.is_unmentioned for each in absent]
    print(f"\nabsent: {sum(told)} of {len(absent)} searched alone, or said not to be found")
    for name, searched in others.items():
        print(_row(f"{name}, questions in a row", searched, [log_odds(each.features) > 0 for each in searched]))


def _own_dialogues() -> list[tuple[Sequence[LabelledDocument], list[Dialogue]]]:
    lines = (ROOT / "bench" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    by_corpus: dict[str, list[Dialogue]] = {}
    for line in lines:
        told = json.loads(line)
        told["quotes"] = [told.pop("quote")]
        by_corpus.setdefault(told["corpus"], []).append(Dialogue(**told))
    return [(_documents(ROOT / corpus), dialogues) for corpus, dialogues in by_corpus.items()]


def _documents(folder: Path) -> Sequence[LabelledDocument]:
    if (folder / "corpus.jsonl").exists():
        return read_labelled(folder).documents
    return [
        LabelledDocument(path.name, path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))
    ]


def _in_a_row(data: LabelledSet) -> list[tuple[Sequence[LabelledDocument], list[Dialogue]]]:
    """Return each answerable question after another of its collection, drawn by chance: each stands on its own."""
    chance, made = random.Random(data.name), []
    for collection in data.collections():
        dialogues = []
        for question in (each for each in collection.questions if each.answerable and each.quotes):
            others = [each.text for each in collection.questions if each.id != question.id]
            if others:
                language, first = detect_language(question.text), chance.choice(others)
                corpus = f"{data.name}/{collection.name}"
                dialogues.append(Dialogue(corpus, language, "changes", first, question.text, question.quotes))
        made.append((collection.documents, dialogues))
    return made


async def _gathered(
    collections: Sequence[tuple[Sequence[LabelledDocument], Sequence[Dialogue]]], embedder: Embedder
) -> list[SearchedDialogue]:
    return [each for documents, dialogues in collections async for each in _searched(documents, dialogues, embedder)]


async def _searched(
    documents: Sequence[LabelledDocument], dialogues: Sequence[Dialogue], embedder: Embedder
) -> AsyncIterator[SearchedDialogue]:
    async with indexed(documents, embedder) as index:
        for each in dialogues:
            texts = (each.first, each.second, f"{each.first}\n{each.second}")
            before, alone, both = [await index.searcher.search(Scope(SPACE), text, each.language) for text in texts]
            features = follow_up_features(each.second, before, alone, both)
            own = own_words(alone.question, before.question)
            both = weighing(both, own)
            is_unmentioned = names_another(each.second) and bool(unmentioned(both, own))
            ranks = [_rank(found.hits, each.quotes) for found in (alone, both)]
            yield SearchedDialogue(
                each,
                features,
                *(1 / rank if rank else 0.0 for rank in ranks),
                *(rank == 1 for rank in ranks),
                is_unmentioned,
            )


def _rank(hits: Sequence[Hit], quotes: Sequence[str]) -> int | None:
    return gold_rank([hit.passage.text for hit in hits], quotes)


def fitted(examples: Sequence[SearchedDialogue]) -> Mapping[str, float]:
    """Return the weight of each feature and the ``intercept``: penalised logistic regression, changes weighing more."""
    from scipy.optimize import minimize

    table = np.array([[each.features[name] for name in FEATURES] for each in examples])
    middle, scale = table.mean(0), table.std(0) + 1e-9
    table = np.hstack([np.ones((len(examples), 1)), (table - middle) / scale])
    follows = np.array([each.dialogue.kind == "follows" for each in examples])
    weights = np.where(follows, 1.0, CHANGE_WEIGHT * follows.sum() / (~follows).sum())

    def loss(now: Floats) -> tuple[float, Floats]:
        odds = table @ now
        value = (weights * (np.logaddexp(0, odds) - follows * odds)).sum() + _RIDGE * (now[1:] ** 2).sum() / 2
        return float(value), table.T @ (weights * (1 / (1 + np.exp(-odds)) - follows)) + _RIDGE * np.array(
            [0, *now[1:]]
        )

    now = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = now[1:] / scale
    return {"intercept": float(now[0] - slopes @ middle), **dict(zip(FEATURES, map(float, slopes), strict=True))}


def _held_out(
    own: Sequence[SearchedDialogue],
    others: Sequence[SearchedDialogue],
    chosen: Sequence[SearchedDialogue],
    is_fitting: bool,
) -> list[bool]:
    """Return which are joined: while fitting by a fit without the same documents' dialogues, else as shipped."""
    if not is_fitting:
        return [log_odds(each.features) > 0 for each in chosen]
    fits = {
        corpus: fitted([*(each for each in own if each.dialogue.corpus != corpus), *others])
        for corpus in {each.dialogue.corpus for each in chosen}
    }
    return [_odds(fits[each.dialogue.corpus], each.features) > 0 for each in chosen]


def _odds(fit: Mapping[str, float], features: Mapping[str, float]) -> float:
    return fit["intercept"] + sum(fit[name] * features[name] for name in FEATURES)


def _row(name: str, searched: Sequence[SearchedDialogue], joined: Sequence[bool]) -> str:
    by_wording = [is_follow_up(each.dialogue.second) for each in searched]
    ways = [[False] * len(searched), by_wording, joined, [True] * len(searched)]
    first = [
        mean(
            each.is_first_joined if is_joined else each.is_first_alone
            for each, is_joined in zip(searched, way, strict=True)
        )
        for way in ways
    ]
    reciprocal = [
        mean(each.joined if is_joined else each.alone for each, is_joined in zip(searched, way, strict=True))
        for way in ways
    ]
    return row(
        name,
        len(searched),
        f"{mean(joined):.2f}",
        *(f"{value:.2f}" for value in first),
        *(f"{value:.3f}" for value in reciprocal),
    )


def _write(fit: Mapping[str, float], sets: Sequence[str]) -> None:
    told = {
        "fitted": datetime.now(UTC).date().isoformat(),
        "sets": ["bench/dialogues.jsonl", *sets],
        "sources": "Dialogues of our own writing; questions in a row of the sets, over documents under CC0, MIT, "
        "Apache-2.0, CC BY, CC BY-SA and GFDL, of which only these numbers are here.",
        "intercept": round(fit["intercept"], 4),
        "weights": {name: round(fit[name], 4) for name in FEATURES},
    }
    OUT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
