"""Quiz questions: one figure left out of a verbatim sentence, among others like it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.assembly.aion import Aion
from core.errors import BadInput
from core.knowledge.quiz import MAX_CHARS, QuizService, quiz_question
from core.types import Document, Scope, SpaceId
from tests.e2e.real_core import core_in
from tests.fakes import MEMBER, SPACE, CollectingOutlet, message

HOURS = """# Library

The library opens at 9:30 in the morning on Saturdays. A lost key costs 25 euros, because the lock is replaced.

Ring 2026-11-30 or read version 1.2.3 of the rules before you come along. Up to 5 books may be borrowed at once.
"""
DOCUMENT = Document(1, SPACE, "Library", ("hours.md",), "en", 1, len(HOURS), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("seed", range(12))
def test_a_figure_is_left_out_and_is_among_the_options(seed: int) -> None:
    asked = quiz_question(DOCUMENT, HOURS, random.Random(seed))
    assert asked is not None
    answer = HOURS[asked.start : asked.end]
    assert answer in ("9:30", "25", "5"), "no part of a date or of a version"
    assert f"{asked.before} {answer}" in " ".join(HOURS.split())
    assert asked.options.count(answer) == 1
    assert len(set(asked.options)) == len(asked.options) == 4
    assert all((":" in option) == (":" in answer) for option in asked.options)


FENCED = "```bash\naion backup create --to /srv/backups --keep 7 --compress zstd\n```\n"


def test_code_is_asked_about_before_or_after_but_not_itself() -> None:
    text = f"A lost key costs 25 euros at the desk.\n\n{FENCED}\nIt takes about 40 minutes on this old server.\n"
    asked = {
        text[each.start : each.end] for n in range(12) if (each := quiz_question(DOCUMENT, text, random.Random(n)))
    }
    assert asked == {"25", "40"}


@pytest.mark.parametrize(
    "text", ["", "No figures here at all, whatever one does.", "Code `a 1 b 2 c 3 d 4` stays.", FENCED]
)
def test_a_text_without_figures_asks_nothing(text: str) -> None:
    assert quiz_question(DOCUMENT, text, random.Random(1)) is None


@given(st.text(max_size=400), st.integers(0, 1_000))
def test_any_text_is_asked_about_truthfully_or_not_at_all(text: str, seed: int) -> None:
    asked = quiz_question(DOCUMENT, text, random.Random(seed))
    if asked is not None:
        assert text[asked.start : asked.end] in asked.options
        assert len(asked.before) + len(asked.after) <= MAX_CHARS


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    async with core_in(tmp_path) as aion:
        yield aion


async def said(aion: Aion, command: str, key: str, **arguments: str) -> CollectingOutlet:
    outlet = CollectingOutlet()
    await aion.dispatch.handle(message("", key=key, command=command, arguments=arguments, person=MEMBER), outlet)
    return outlet


async def test_a_button_answers_the_question_and_the_sentence_is_shown(aion: Aion) -> None:
    await aion.ingest.index_file(SPACE, "hours.md", HOURS.encode())
    (asked,) = (await said(aion, "quiz", "q")).replies
    assert "____" in asked.text
    values = [button.argument.split() for button in asked.buttons]
    assert all(len(f"{each.command}:{each.argument}".encode()) <= 48 for each in asked.buttons)
    names = ("document", "start", "end", "given")
    told = [
        await said(aion, "quiz_answer", f"a{n}", **dict(zip(names, each, strict=True))) for n, each in enumerate(values)
    ]
    assert sum("✅" in outlet.text for outlet in told) == 1
    assert all("Library" in outlet.text and "____" not in outlet.text for outlet in told)
    assert all(outlet.replies[0].settles for outlet in told)


async def test_nothing_is_asked_of_another_space_or_of_what_changed(aion: Aion) -> None:
    assert "nothing" in (await said(aion, "quiz", "q")).text
    await aion.ingest.index_file(SPACE, "hours.md", HOURS.encode())
    quiz = QuizService(aion.documents, random.Random(3))
    asked = await quiz.of(Scope(SPACE)).question()
    with pytest.raises(BadInput):
        await quiz.of(Scope(SpaceId("discord:2"))).check(asked.document_id, asked.start, asked.end, "5")
    with pytest.raises(BadInput):
        await quiz.of(Scope(SPACE)).check(asked.document_id, asked.start + 1, asked.end, "5")
    await aion.documents.forget(SPACE, f"#{asked.document_id}")
    with pytest.raises(BadInput):
        await quiz.of(Scope(SPACE)).check(asked.document_id, asked.start, asked.end, "5")
