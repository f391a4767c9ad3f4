"""Windows: every sentence in exactly one, and those are read that share the question's words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.confidence.spelling import prefixes
from core.retrieval.reading.windows import WINDOW_CHARS, windows_of, windows_to_read
from core.retrieval.sentences import sentences
from tests.passages import passage

RULES = "\n\n".join(
    f"The {thing} is kept in room {n}, and whoever borrows it writes name and day into the green book beside the door. "
    f"It goes back before the next meeting, clean and complete, or the group buys another one of its own money."
    for n, thing in enumerate(("lamp", "kettle", "bicycle", "drum", "violin"))
)


def test_a_short_passage_is_one_window_under_its_names() -> None:
    (window,) = windows_of(passage("The choir meets on Thursday.", document="choir.md", heading="Choir > Rehearsals"))
    assert (window.name, window.body, window.start) == (
        "choir.md\nChoir > Rehearsals",
        "The choir meets on Thursday.",
        0,
    )


def test_the_windows_with_the_questions_words_are_read_in_their_order() -> None:
    rules = passage(RULES)
    assert len(windows_of(rules)) >= 4
    read = windows_to_read(rules, prefixes("where is the violin, where the kettle"), 2)
    assert ["kettle" in read[0].body, "violin" in read[1].body] == [True, True]
    assert windows_to_read(rules, (), 2) == list(windows_of(rules)[:2])


@given(st.text(max_size=1_500))
def test_every_sentence_is_in_exactly_one_window(text: str) -> None:
    cut = windows_of(passage(text))
    spans = [(window.start, window.start + len(window.body)) for window in cut]
    for window, (start, end) in zip(cut, spans, strict=True):
        assert text[start:end] == window.body
        assert len(window.body) <= WINDOW_CHARS or len(sentences(window.body)) >= 1
    for sentence in sentences(text):
        assert sum(start <= sentence.start and sentence.end <= end for start, end in spans) == 1


@given(st.lists(st.sampled_from(("A lamp is here.", "Nobody knows.", "Um café, por favor!")), min_size=1, max_size=80))
def test_no_window_is_longer_than_it_may_be(parts: list[str]) -> None:
    assert all(len(window.body) <= WINDOW_CHARS for window in windows_of(passage(" ".join(parts))))
