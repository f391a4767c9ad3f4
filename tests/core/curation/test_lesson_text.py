"""A text made of messages knows which words are whose, whatever is added, reworded and cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.curation.lesson_text import LessonText, MessageWords

QUESTION = MessageWords("q", "eva", "Where may I\nleave my bicycle?")
FIRST, SECOND = MessageWords("a", "ana", "In the racks.\n"), MessageWords("b", "rui", "By the gate.")


def words_of(text: LessonText) -> dict[str, str]:
    return {part.key: text.words(part) for part in text.parts}


def test_a_question_and_its_answers() -> None:
    text = LessonText.of(QUESTION, [FIRST, SECOND])
    assert text.text == "# Where may I leave my bicycle?\n\nIn the racks.\n\nBy the gate.\n"
    assert words_of(text) == {"q": "Where may I leave my bicycle?", "a": "In the racks.", "b": "By the gate."}
    assert (text.question, text.answer) == ("Where may I leave my bicycle?", "In the racks.\n\nBy the gate.")
    assert LessonText.of(None, [SECOND]).text == "By the gate.\n"


def test_an_answer_is_added_once() -> None:
    text = LessonText.of(QUESTION, [FIRST])
    longer = text.extended(SECOND)
    assert longer == LessonText.of(QUESTION, [FIRST, SECOND])
    assert longer.extended(SECOND) is longer


def test_the_words_of_a_message_are_replaced_and_cut() -> None:
    text = LessonText.of(QUESTION, [FIRST, SECOND])
    reworded = text.reworded("a", "Anywhere in the yard.")
    assert reworded.text == "# Where may I leave my bicycle?\n\nAnywhere in the yard.\n\nBy the gate.\n"
    assert words_of(reworded)["b"] == "By the gate."
    assert text.reworded("q", "Where?").text == "# Where?\n\nIn the racks.\n\nBy the gate.\n"
    assert text.without("a") == LessonText.of(QUESTION, [SECOND])
    assert text.without("b") == LessonText.of(QUESTION, [FIRST])
    assert text.without("q") is None
    assert LessonText.of(QUESTION, [FIRST]).without("a") is None
    assert LessonText.of(None, [FIRST, SECOND]).without("a") == LessonText.of(None, [SECOND])


line = st.text(st.sampled_from("ab é#\n"), min_size=1).filter(lambda text: bool(text.strip()))


@given(st.lists(line, min_size=2, max_size=5), line, st.data())
def test_every_part_keeps_its_words(answers: list[str], new: str, data: st.DataObject) -> None:
    messages = [MessageWords(str(n), "ana", answer) for n, answer in enumerate(answers)]
    text = LessonText.of(QUESTION, messages)
    n = data.draw(st.integers(0, len(answers) - 1))
    kept = {key: words for key, words in words_of(text).items() if key != str(n)}
    assert words_of(text.reworded(str(n), new)) == {**words_of(text), str(n): new}
    cut = text.without(str(n))
    assert cut is not None
    assert words_of(cut) == kept
