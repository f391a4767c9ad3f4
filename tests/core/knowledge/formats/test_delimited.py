"""Tables as text: separators, quotes, lines above the header."""

from __future__ import annotations

import pytest

from core.knowledge.extract import extract

TABLE = "| Room | Door |\n|---|---|\n| Hall | North, left |"


@pytest.mark.parametrize(
    "source",
    [
        'Room,Door\nHall,"North, left"\n',
        "Room;Door\nHall;North, left\n",
        "Room\tDoor\r\nHall\tNorth, left\r\n",
        "\ufeffRoom|Door\n\nHall|North, left\n",
    ],
)
def test_any_separator(source: str) -> None:
    assert extract(source.encode(), "a.csv").text == TABLE


def test_lines_above_the_header_are_paragraphs() -> None:
    source = "Plan of the house,,\n,,\nRoom,Door,Key\nHall,North,red\nAttic,South,blue\n"
    assert extract(source.encode(), "a.csv").text.startswith("Plan of the house\n\n| Room | Door | Key |")


def test_a_cell_of_several_lines_stays_a_cell() -> None:
    assert "| Hall | North left |" in extract(b'Room,Door\nHall,"North\nleft"\n', "a.csv").text


def test_a_single_column_is_lines() -> None:
    assert extract(b"Hall\nAttic\n", "a.csv").text == "Hall\n\nAttic"
