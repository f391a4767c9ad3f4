"""Figures of folded texts in two languages: their kinds, units and values."""

from __future__ import annotations

import pytest

from core.conflicts.figures import figures
from core.retrieval.analyzer import fold


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("It costs 20 euros.", "money", 20),
        ("It costs €1.250,50.", "money", 1250.5),
        ("Custa R$ 25.", "money", 25),
        ("50 cêntimos por dia", "money", 0.5),
        ("a discount of 10%", "percent", 10),
        ("15 por cento", "percent", 15),
        ("at 9:00", "time", 540),
        ("at 9 am", "time", 540),
        ("at 10 p.m.", "time", 1320),
        ("às 20h30", "time", 1230),
        ("ao meio-dia", "time", 720),
        ("on 12 March", "date", (0, 3, 12)),
        ("on March 12, 2024", "date", (2024, 3, 12)),
        ("a 14 de março de 2025", "date", (2025, 3, 14)),
        ("2024-03-12", "date", (2024, 3, 12)),
        ("12/03/2024", "date", (2024, 3, 12)),
        ("two weeks", "duration", 1_209_600),
        ("14 dias", "duration", 1_209_600),
        ("on Tuesdays", "weekday", 1),
        ("à terça-feira", "weekday", 1),
        ("founded in 1987", "year", 1987),
        ("três convidados", "number", 3),
        ("up to 1,000 players", "number", 1000),
    ],
)
def test_one_figure(text: str, kind: str, value: object) -> None:
    [figure] = figures(fold(text))
    assert (figure.kind, figure.value) == (kind, value)


def test_units_tell_figures_apart() -> None:
    assert [figure.unit for figure in figures("64 players, 8 squads, port 8080, $5, £5")] == [
        "players",
        "squads",
        "port",
        "dollar",
        "pound",
    ]


@pytest.mark.parametrize("text", ["no figure", "a second chance", "segunda chance", "v1.2-rc3x", "25:99", ""])
def test_what_is_no_figure(text: str) -> None:
    assert [figure.kind for figure in figures(text) if figure.kind != "number"] == []
