"""Which answer settled a question, and which questions nobody settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from core.importing.conversations import ConversationSplitter
from core.importing.lesson import Lesson
from core.importing.solved_questions import SolvedQuestionFinder
from core.types.exported_message import ExportedMessage, Reactions

START = datetime(2024, 5, 1, 10, tzinfo=UTC)
Line = tuple[str, str] | tuple[str, str, Mapping[str, object]]


def lessons(*lines: Line) -> list[Lesson]:
    """Return what a channel teaches in which each line is said a minute after the one before."""
    splitter, finder = ConversationSplitter(), SolvedQuestionFinder()
    conversations = []
    for n, (author, text, *more) in enumerate(lines):
        about = dict(more[0]) if more else {}
        moment = START + timedelta(minutes=n) + timedelta(hours=float(str(about.pop("late_h", 0))))
        message = ExportedMessage(str(n), "help", author, text, moment, f"url{n}", **about)  # type: ignore[arg-type]
        conversations += list(splitter.add(message))
    conversations += list(splitter.close())
    return [lesson for each in conversations if (lesson := finder.find(each)) is not None]


ASK = ("ana", "How do I open the gate of the yard at night?")
ANSWER = "Type 4711 on the panel and press the star."


def test_thanks_reactions_and_roles_settle_a_question() -> None:
    for line, last in (
        (("bo", ANSWER), ("ana", "thanks, that worked")),
        (("bo", ANSWER, {"reactions": (Reactions("✅", 1),), "reply_to": "0"}), ("cy", "nice weather")),
        (("bo", ANSWER, {"roles": ("Moderator",), "reply_to": "0"}), ("cy", "nice weather")),
    ):
        [lesson] = lessons(ASK, line, last)
        assert lesson.title == ASK[1]
        assert ANSWER in lesson.text
        assert lesson.authors == ("ana", "bo")
        assert lesson.url == "url1"


def test_an_answer_nobody_confirmed_is_none() -> None:
    assert lessons(ASK, ("bo", "Just push it harder, I guess")) == []
    assert lessons(ASK, ("bo", "not sure, ask a mod"), ("ana", "ok thanks anyway")) == []
    assert lessons(ASK, ("bo", "same here"), ("cy", "bump")) == []
    assert lessons(ASK, ("bo", ANSWER), ("ana", "tried that, didn't work")) == []


def test_the_answer_that_failed_is_left_out() -> None:
    tries = ("bo", "Use the key under the pot.", {"reply_to": "0"})
    [lesson] = lessons(ASK, tries, ("ana", "no, still locked, same error"), ("cy", ANSWER), ("ana", "that did it, ty"))
    assert ANSWER in lesson.text
    assert "pot" not in lesson.text


def test_an_answer_in_several_messages_is_stitched() -> None:
    parts = ("bo", "Go to the panel on the left."), ("bo", "Type 4711 there."), ("bo", "Then press the star.")
    [lesson] = lessons(ASK, *parts, ("ana", "perfect, thank you"))
    assert all(text in lesson.text for _, text in parts)


def test_thanks_a_day_later_by_reply_count() -> None:
    [lesson] = lessons(ASK, ("bo", ANSWER, {"reply_to": "0"}), ("ana", "thank you!", {"late_h": 26, "reply_to": "1"}))
    assert ANSWER in lesson.text


def test_two_questions_at_once_are_told_apart() -> None:
    found = lessons(
        ASK,
        ("eva", "What does a day ticket for the pool cost?"),
        ("bo", ANSWER, {"reply_to": "0"}),
        ("cy", "The pool is 6 euros, half price after 17:00", {"reply_to": "1"}),
        ("ana", "thanks!", {"reply_to": "2"}),
        ("eva", "great, thank you", {"reply_to": "3"}),
    )
    assert {lesson.url: lesson.title for lesson in found} == {
        "url2": ASK[1],
        "url3": "What does a day ticket for the pool cost?",
    }


def test_what_is_true_for_a_day_is_not_learned() -> None:
    assert lessons(("ana", "Is the pool open today?"), ("bo", "yes until 20:00"), ("ana", "thanks!")) == []


def test_a_thread_marked_as_solved_is_believed() -> None:
    thread = {"thread": "[SOLVED] gate", "thread_key": "7"}
    [lesson] = lessons((*ASK, thread), ("bo", ANSWER, thread))
    assert ANSWER in lesson.text
    unmarked = {"thread": "gate", "thread_key": "7"}
    assert lessons((*ASK, unmarked), ("bo", ANSWER, unmarked)) == []
