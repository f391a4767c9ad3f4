"""The real embedder and the real search on labelled questions: the right words must be quoted.

The weights of sentences were fitted on the samples among others, and not on the notes; those of quotations on
neither. Figures stand in ``bench/extract.py``.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import LabelledDocument
from core.experiments.search_eval import SPACE, store_labelled
from core.generation.grounding.extractive import extract
from core.generation.grounding.quote_ranking import ScoredQuotation, rank_quotations
from core.generation.grounding.sentence_ranking import ScoredSentence, rank
from core.generation.grounding.support import SupportCheck
from core.models.catalog import DEFAULT_EMBEDDER
from core.retrieval.analyzer import fold
from core.retrieval.embed import open_embedder
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Scope, SearchResult

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
LABELLED = tomllib.loads((HERE / "questions.toml").read_text(encoding="utf-8"))
SAMPLES = [
    (path.name, path.read_text(encoding="utf-8")) for path in sorted((HERE.parents[1] / "data/samples").glob("*.md"))
]
NOTES = [(row["name"], row["text"]) for row in LABELLED["notes"]["document"]]


@dataclass(frozen=True)
class Asked:
    """A question, the words its answer must hold, what was found, and its sentences and quotations, best first."""

    question: str
    fact: str
    found: SearchResult
    ranked: list[ScoredSentence]
    quotations: list[ScoredQuotation]

    @property
    def is_found(self) -> bool:
        return any(holds(hit.passage.text, self.fact) for hit in self.found.context)

    @property
    def is_quoted(self) -> bool:
        quoted = extract(self.quotations)
        return quoted is not None and holds(quoted.text, self.fact)


def holds(text, fact):
    return plain(fact) in plain(text)


def plain(text):
    return " ".join(re.findall(r"\w+", fold(text)))


async def ask_all(folder, models_dir, documents, questions):
    # Questions of the same documents meet the same sentences: each is embedded once.
    model = open_embedder(DEFAULT_EMBEDDER, models_dir, lambda key: None)
    with closing(CachedEmbedder(model, folder / "vectors.sqlite")) as embedder:
        return await ask_each(folder, embedder, documents, questions)


async def ask_each(folder, embedder, documents, questions):
    async with await Database.open(folder) as database:
        corpus = [LabelledDocument(name, name, text) for name, text in documents]
        await store_labelled(Documents(database), embedder, corpus, SPACE)
        searcher = HybridSearcher(embedder, Passages(database), folder / "indexes")
        asked = []
        for language, question, fact in questions:
            found = await searcher.search(Scope(SPACE), question, language)
            near = await Passages(database).neighbours([hit.passage for hit in found.context])
            quotations = rank_quotations(found, near, embedder)
            asked.append(Asked(question, fact, found, rank(found, embedder), quotations))
        return asked


@pytest.fixture(scope="module")
def samples(tmp_path_factory, models_dir):
    folder = tmp_path_factory.mktemp("samples")
    return asyncio.run(ask_all(folder, models_dir, SAMPLES, LABELLED["samples"]["questions"]))


@pytest.fixture(scope="module")
def notes(tmp_path_factory, models_dir):
    folder = tmp_path_factory.mktemp("notes")
    return asyncio.run(ask_all(folder, models_dir, NOTES, LABELLED["notes"]["questions"]))


def missed(asked):
    return [(each.question, each.fact) for each in asked if each.is_found and not each.is_quoted]


def test_the_samples_are_quoted_with_the_right_fact(samples):
    assert sum(each.is_found for each in samples) >= 46
    assert len(missed(samples)) <= 4, missed(samples)


def test_notes_nothing_was_tuned_on_are_quoted_with_the_right_fact(notes):
    assert sum(each.is_found for each in notes) >= 23
    assert len(missed(notes)) <= 1, missed(notes)


def test_a_sentence_that_is_clearly_the_best_is_the_right_one(samples, notes):
    clear = [each for each in [*samples, *notes] if SupportCheck(each.found.question, each.ranked).can_pass]
    wrong = [each.question for each in clear if each.is_found and not holds(each.ranked[0].sentence.text, each.fact)]
    assert len(clear) >= 35
    assert wrong == []


def test_every_quote_is_verbatim(samples, notes):
    for each in [*samples, *notes]:
        for source in extract(each.quotations).sources:
            (passage,) = [hit.passage for hit in each.found.context if hit.passage.id == source.passage_id]
            assert source.quote in passage.text
            assert len(source.quote) <= 300
