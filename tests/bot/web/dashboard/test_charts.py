"""Charts: bars stand upon each other within the frame, a day without a value is a gap."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.web.dashboard.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    labelled_bars,
    reliability,
    share_lines,
    stacked_bars,
)

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(28)]
COUNTS = st.lists(st.integers(0, 10_000), min_size=28, max_size=28)


@given(COUNTS, COUNTS)
def test_bars_fill_the_frame_and_stay_in_it(one: list[int], other: list[int]) -> None:
    chart = stacked_bars(DAYS, {"a": one, "b": other})
    top = float(chart.y_ticks[-1].label)
    assert top >= max(a + b for a, b in zip(one, other, strict=True)) and top % 4 == 0
    for bar in chart.bars:
        assert bar.x >= LEFT and bar.x + bar.width <= WIDTH - RIGHT + 1e-6
        assert bar.y >= TOP - 0.2 and bar.y + bar.height <= HEIGHT - BOTTOM + 0.2
    tallest = max(one[n] + other[n] for n in range(28))
    assert not tallest or tallest / top > 0.39, "the frame is filled"


@given(st.lists(st.tuples(st.text(max_size=30), st.floats(0, 1e15), st.floats(0, 1e15)), max_size=120))
def test_labelled_bars_stay_in_the_frame(values: list[tuple[str, float, float]]) -> None:
    labels, *series = zip(*values, strict=True) if values else ((), (), ())
    chart = labelled_bars(labels, series)
    assert chart.kinds == ("first", "second") and len(chart.x_ticks) <= 10
    assert all(len(tick.label) <= 10 for tick in chart.x_ticks)
    for bar in chart.bars:
        assert bar.x >= LEFT and bar.x + bar.width <= WIDTH - RIGHT + 1e-6
        assert bar.y >= TOP - 0.2 and bar.y + bar.height <= HEIGHT - BOTTOM + 0.2


def test_a_day_without_a_value_is_a_gap() -> None:
    (line,) = share_lines(DAYS[:5], {"a": [0.1, 0.2, None, 0.4, None]}).lines
    assert len(line.pieces) == 1 and len(line.dots) == 3
    assert share_lines(DAYS[:5], {"a": [None] * 5}).lines[0].pieces == ()


def test_marks_outside_the_days_are_left_out() -> None:
    chart = share_lines(DAYS, {"a": [0.5] * 28}, {DAYS[3]: "v2", date(2020, 1, 1): "v1"})
    assert [mark.label for mark in chart.marks] == ["v2"]


def test_a_perfect_gate_is_the_diagonal() -> None:
    ideal, measured = reliability([(0.1, 0.1), (0.9, 0.9)]).lines
    assert ideal.pieces == (f"{LEFT},{HEIGHT - BOTTOM} {WIDTH - RIGHT},{TOP}",)
    assert len(measured.dots) == 2 and len(reliability([(0.5, 0.5)]).lines[1].dots) == 1
