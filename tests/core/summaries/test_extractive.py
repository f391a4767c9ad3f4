"""Extractive summaries: decisions, answered and open questions, links, replies and central sentences, each linked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.services import SummaryPoint
from core.summaries.extractive import MAX_CHARS, N_HIGHLIGHTS, N_POINTS, highlights, points_of
from core.types import ExportedMessage
from tests.fakes import WordEmbedder

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
EMBEDDER = WordEmbedder()


def said(
    *lines: tuple[str, str] | tuple[str, str, int], prefix: str = "https://chat.example/"
) -> list[ExportedMessage]:
    """Return messages of authors, a minute apart; a third value is the number of the one that is replied to."""
    return [
        ExportedMessage(
            key=f"k{n}",
            channel="general",
            author=line[0],
            text=line[1],
            said_at=START + timedelta(minutes=n),
            url=f"{prefix}{n}",
            reply_to=f"k{line[2]}" if len(line) == 3 else "",
        )
        for n, line in enumerate(lines)
    ]


def parts(points: tuple[SummaryPoint, ...], part: str) -> list[SummaryPoint]:
    return [point for point in points if point.part == part]


def test_an_answered_question_comes_with_its_answer_and_both_links() -> None:
    points = points_of(
        said(
            ("eva", "How do I open the gate of the yard at night?"),
            ("rui", "Type 47 on the panel by the wall and press the star.", 0),
            ("eva", "thanks, that worked", 1),
        ),
        EMBEDDER,
    )
    [point] = parts(points, "answered")
    assert point.text == "How do I open the gate of the yard at night?" and "Type 47" in point.reply
    assert point.urls == ("https://chat.example/0", "https://chat.example/1")
    assert not parts(points, "open")


def test_a_question_that_nobody_replied_to_is_open() -> None:
    points = points_of(said(("eva", "Where can I borrow the big ladder of the workshop?")), EMBEDDER)
    assert [point.text for point in parts(points, "open")] == ["Where can I borrow the big ladder of the workshop?"]


@pytest.mark.parametrize(
    "text",
    [
        "OK. We decided to move the archive to the cellar in May.",
        "Then let's go with the blue paint for the fence.",
        "Combinado: a feira passa para o segundo sábado.",
        "Fica decidido que a chave fica com a Rita.",
    ],
)
def test_what_was_decided_is_told_in_its_own_sentence(text: str) -> None:
    [point] = parts(points_of(said(("ana", text)), EMBEDDER), "decided")
    assert point.text in text and point.text != "OK."


def test_a_question_about_a_decision_is_none() -> None:
    assert not parts(
        points_of(said(("ana", "Was it decided? Have we decided on the colour of the fence?")), EMBEDDER), "decided"
    )


def test_links_are_told_once_with_the_message_that_had_them_first() -> None:
    points = points_of(
        said(
            ("ana", "Read https://example.org/a, please"), ("bob", "https://example.org/a and https://example.org/b!")
        ),
        EMBEDDER,
    )
    assert [(each.text, each.urls) for each in parts(points, "shared")] == [
        ("https://example.org/a", ("https://chat.example/0",)),
        ("https://example.org/b", ("https://chat.example/1",)),
    ]


def test_what_was_replied_to_most_comes_first() -> None:
    points = points_of(
        said(
            ("ana", "The roof leaks again"),
            ("b", "no!", 0),
            ("c", "where", 0),
            (
                "d",
                "New soup",
            ),
            ("e", "yum", 3),
        ),
        EMBEDDER,
    )
    assert [(each.text, each.n) for each in parts(points, "discussed")] == [("The roof leaks again", 2)]


def test_highlights_are_central_diverse_and_in_order() -> None:
    lines = [("ana", f"The market on Saturday needs tables, chairs and lamps, list {n}.") for n in range(20)]
    lines.append(("bob", "Bring the ladder of the workshop before the storm arrives tomorrow evening."))
    found = highlights(said(*lines), EMBEDDER)
    assert len(found) == N_HIGHLIGHTS
    assert any("ladder" in point.text for point in found), "no two of them say the same while others are left"
    assert [point.urls for point in found] == sorted(
        (point.urls for point in found), key=lambda each: int(each[0].rsplit("/", 1)[1])
    )


def test_small_talk_has_no_highlights() -> None:
    assert points_of(said(("ana", "hi"), ("bob", "lol"), ("ana", "good night")), EMBEDDER) == ()


def test_quotations_are_short_and_mention_nobody() -> None:
    [point] = highlights(
        said(("ana", "Tell <@123> that the kiln fires slowly " + "and safely with fresh bricks " * 40)), EMBEDDER
    )
    assert len(point.text) <= MAX_CHARS + 1 and "123" not in point.text


def test_links_are_left_out_where_the_platform_has_none() -> None:
    points = points_of(said(("ana", "We decided to paint the fence blue."), prefix="telegram:7:"), EMBEDDER)
    assert all(point.urls == () for point in points)


def test_no_part_grows_without_bound() -> None:
    lines = [("ana", f"We decided that shelf {n} holds https://example.org/{n} books and maps") for n in range(60)]
    points = points_of(said(*lines), EMBEDDER)
    assert len(parts(points, "decided")) == N_POINTS == len(parts(points, "shared"))
