"""What is found of the solved questions planted in a synthetic history, and how much else is proposed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.importing.formats.chat_export import find_exports
from core.importing.lesson import Lesson
from core.importing.survey import survey_export
from tests import chat_exports
from tests.chat_exports import at
from tests.chat_history import (
    SOLVED,
    WITHOUT_ROLES_AND_THREADS,
    WORDS_ALONE,
    History,
    Said,
    Style,
    write_announcements,
    write_history,
)

MIN_FOUND, MAX_NOISE = 0.85, 0.10
N_THREADS = 100
"""Of each of two languages."""

FORMATS: dict[str, tuple[Sequence[Style], str]] = {
    "write_discord_threads": (SOLVED, "export"),
    "write_discord_html": (WITHOUT_ROLES_AND_THREADS, "help.html"),
    "write_discord_text": (WORDS_ALONE, "help.txt"),
    "write_telegram_json": (WITHOUT_ROLES_AND_THREADS, "result.json"),
    "write_telegram_html": (WITHOUT_ROLES_AND_THREADS, "export"),
    "write_slack": (WITHOUT_ROLES_AND_THREADS, "export"),
    "write_whatsapp": (WORDS_ALONE, "chat.txt"),
    "write_mbox": (WORDS_ALONE, "list.mbox"),
}


def plain(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def planted_in(lesson: Lesson, history: History, texts: dict[int, str]) -> int | None:
    """Return the number of the planted answer that a lesson has, with its question."""
    for number, question in history.answers.items():
        if plain(question) in plain(lesson.title) and plain(texts[number])[:40] in plain(lesson.text):
            return number
    return None


def lessons_of(path: Path) -> list[Lesson]:
    return [lesson for export in find_exports(path) for lesson in survey_export(export).lessons]


@pytest.mark.parametrize("name", FORMATS)
def test_planted_solved_questions_are_found_and_little_else(tmp_path: Path, name: str) -> None:
    styles, file = FORMATS[name]
    n_planted = n_found = n_lessons = 0
    for language in ("en", "pt"):
        history = write_history(7, language, N_THREADS, styles=styles)
        path = tmp_path / language / file
        path.parent.mkdir()
        getattr(chat_exports, name)(path, history.messages)
        texts = {said.n: said.text for said in history.messages}
        lessons = lessons_of(path)
        found = {planted_in(lesson, history, texts) for lesson in lessons} - {None}
        n_planted += len(history.answers)
        n_found += len(found)
        n_lessons += len(lessons)
    assert n_found / n_planted >= MIN_FOUND
    assert (n_lessons - n_found) / n_lessons <= MAX_NOISE


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_histories_give_the_same(tmp_path: Path, seed: int) -> None:
    history = write_history(seed, ("en", "pt")[seed % 2], N_THREADS, first_question=40 * seed)
    chat_exports.write_discord_threads(tmp_path / "export", history.messages)
    texts = {said.n: said.text for said in history.messages}
    lessons = lessons_of(tmp_path / "export")
    found = {planted_in(lesson, history, texts) for lesson in lessons} - {None}
    assert len(found) / len(history.answers) >= MIN_FOUND
    assert (len(lessons) - len(found)) / len(lessons) <= MAX_NOISE


def test_announcements_and_pins_are_found(tmp_path: Path) -> None:
    history = write_announcements("pt", 0)
    chat_exports.write_discord_json(tmp_path / "a.json", history.messages, name="avisos")
    kinds = sorted((lesson.kind, lesson.language) for lesson in survey_export(tmp_path / "a.json").lessons)
    assert kinds == [("announcement", "pt"), ("pinned", "pt")]


def test_what_was_said_before_a_day_is_left_out(tmp_path: Path) -> None:
    messages = write_history(7, "en", 20).messages
    chat_exports.write_telegram_json(tmp_path / "result.json", messages)
    since = messages[len(messages) // 2].at.replace(microsecond=0)
    survey = survey_export(tmp_path / "result.json", since)
    assert survey.n_messages == sum(said.at >= since for said in messages)
    assert survey.first == since


def test_messages_that_come_twice_count_once(tmp_path: Path) -> None:
    messages = write_history(7, "en", 10).messages
    chat_exports.write_discord_json(tmp_path / "once.json", messages)
    chat_exports.write_discord_json(tmp_path / "twice.json", [*messages, *messages])
    once, twice = survey_export(tmp_path / "once.json"), survey_export(tmp_path / "twice.json")
    assert (once.n_messages, once.lessons) == (twice.n_messages, twice.lessons)


def test_a_chat_of_emoji_teaches_nothing(tmp_path: Path) -> None:
    messages = [replace(said, text="😂🎉👍") for said in write_history(7, "en", 10).messages]
    chat_exports.write_whatsapp(tmp_path / "chat.txt", messages)
    survey = survey_export(tmp_path / "chat.txt")
    assert (survey.n_messages, survey.lessons) == (len(messages), ())


def test_mentions_go_and_personal_data_is_marked(tmp_path: Path) -> None:
    said = [
        Said(1, 1, "How do I reach the caretaker of the hall?", at("2024-05-01 10:00"), "help"),
        Said(2, 2, "@marta_k has the number: +351 912 345 678", at("2024-05-01 10:01"), "help", 1),
        Said(3, 1, "thanks, that worked!", at("2024-05-01 10:02"), "help", 2),
    ]
    chat_exports.write_discord_json(tmp_path / "a.json", said)
    [lesson] = survey_export(tmp_path / "a.json").lessons
    assert "marta_k" not in lesson.text
    assert lesson.personal == ("phone",)


def test_one_question_asked_often_is_one_lesson(tmp_path: Path) -> None:
    said = []
    for day in range(1, 4):
        said += [
            Said(3 * day, day, "Where do I park my cargo bike?", at(f"2024-05-0{day} 10:00"), "help"),
            Said(
                3 * day + 1,
                9,
                f"Behind hall {day}, next to the ramp.",
                at(f"2024-05-0{day} 10:01"),
                "help",
            ),
            Said(3 * day + 2, day, "thank you!", at(f"2024-05-0{day} 10:02"), "help"),
        ]
    chat_exports.write_whatsapp(tmp_path / "chat.txt", said)
    [lesson] = survey_export(tmp_path / "chat.txt").lessons
    assert "hall 3" in lesson.text, "of equally sure answers the latest"
