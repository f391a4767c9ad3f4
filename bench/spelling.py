"""What misspelt questions find, with and without the speller: 0, 1 and 2 typos in words of four letters or more.

Run: python bench/spelling.py DIR... [--limit N]   (DIRs in BEIR's layout; every collection is searched by itself)
*silent*: answerable questions that the gate gives no passages to; *unsure*: those it is not sure of; *off topic
silent*: the same share of questions on other subjects. A typo leaves out, doubles, swaps or replaces one letter.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import mean
from unittest.mock import patch

from bench.labelled import LabelledIndex, folder_arguments, given_folders, indexed
from bench.table import heading, row
from core.confidence.calibrate import shipped
from core.confidence.gate import LogisticGate
from core.evaluation.dataset import LabelledQuestion, LabelledSet, read_labelled
from core.evaluation.ranking import distinct, ndcg
from core.ports import Embedder, Gate
from core.retrieval.speller import Speller
from core.types import Band, SearchResult

_WORD = re.compile(r"[^\W\d_]{4,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
OFF_TOPIC = ("off_topic", "removed_topic", "removed_doc")


@dataclass(frozen=True, slots=True)
class Trial:
    """What one question found, with so many typos."""

    question: LabelledQuestion
    band: Band
    ndcg: float


def misspelt(text: str, n_typos: int, seed: str) -> str:
    """Return ``text`` with one typo in each of ``n_typos`` of its words, the same for the same seed."""
    chance = random.Random(seed)
    words = list(_WORD.finditer(text))
    for word in sorted(chance.sample(words, min(n_typos, len(words))), key=lambda each: -each.start()):
        text = text[: word.start()] + _with_typo(word.group(), chance) + text[word.end() :]
    return text


def _with_typo(word: str, chance: random.Random) -> str:
    i = chance.randrange(len(word) - 1)
    match chance.choice(["left out", "doubled", "swapped", "replaced"]):
        case "left out":
            return word[:i] + word[i + 1 :]
        case "doubled":
            return word[: i + 1] + word[i:]
        case "swapped":
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        case _:
            return word[:i] + chance.choice(_LETTERS) + word[i + 1 :]


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--limit", type=int, default=200, help="questions of each set at most")
    given, embedder = given_folders(arguments)
    print(heading("set", "typos", "speller", "n", "nDCG@10", "silent", "unsure", "off topic silent"))
    for folder in given.folders:
        data = read_labelled(folder)
        for n_typos, is_spelt, trials in asyncio.run(_trials(data, embedder, given.limit)):
            print(row(data.name, n_typos, "yes" if is_spelt else "no", *_figures(trials)), flush=True)


async def _trials(data: LabelledSet, embedder: Embedder, limit: int) -> list[tuple[int, bool, list[Trial]]]:
    gate, step = LogisticGate(shipped(embedder.id)), max(1, -(-len(data.questions) // limit))
    chosen = {question.id for question in data.questions[::step]}
    tried: dict[tuple[int, bool], list[Trial]] = {(n, spelt): [] for n in range(3) for spelt in (False, True)}
    for collection in data.collections():
        questions = [question for question in collection.questions if question.id in chosen]
        if not questions:
            continue
        async with indexed(collection.documents, embedder) as index:
            for (n_typos, is_spelt), trials in tried.items():
                with ExitStack() as stack:
                    if not is_spelt:
                        stack.enter_context(patch.object(Speller, "respelt", _as_typed))
                    trials += [await _trial(index, gate, question, n_typos) for question in questions]
    return [(n_typos, is_spelt, trials) for (n_typos, is_spelt), trials in tried.items()]


async def _trial(index: LabelledIndex, gate: Gate, question: LabelledQuestion, n_typos: int) -> Trial:
    found = await index.search(misspelt(question.text, n_typos, question.id))
    return Trial(question, gate.decide(found).band, ndcg(_ranking(found, index), question.relevance))


def _ranking(found: SearchResult, index: LabelledIndex) -> Sequence[str]:
    return distinct(name for hit in found.hits for name in index.names[hit.passage.document_id])


def _figures(trials: Sequence[Trial]) -> Iterable[str]:
    answerable = [trial for trial in trials if trial.question.answerable]
    off_topic = [trial for trial in trials if trial.question.kind in OFF_TOPIC]
    yield str(len(trials))
    yield f"{mean(trial.ndcg for trial in answerable):.3f}"
    yield f"{mean(trial.band == 'abstain' for trial in answerable):.2f}"
    yield f"{mean(trial.band != 'local' for trial in answerable):.2f}"
    yield f"{mean(trial.band == 'abstain' for trial in off_topic):.2f}" if off_topic else "–"


def _as_typed(self: Speller, text: str, language: str) -> str:
    return text


if __name__ == "__main__":
    main()
