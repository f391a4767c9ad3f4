"""Charts as figures of an SVG: where each bar, line and tick stands. The template ``chart.html`` draws them.

Colours are classes of the style sheet, so that a chart is as light or dark as its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 28
"""The margins, which hold the ticks' labels."""

SERIES = ("first", "second", "third")
"""The series of charts whose names are not ours."""

_N_TICKS = 4

_N_LABELS, _LABEL_CHARS = 10, 10
"""What there is room for under a chart."""


@dataclass(frozen=True, slots=True)
class ChartBar:
    """A bar of the series ``kind``; lengths in units of the SVG."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line of the series ``kind``, as pieces without gaps: lists of points as SVG writes them."""

    kind: str
    pieces: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ChartTick:
    """A tick with its label; ``at`` is x or y."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; ``marks`` are vertical lines, with what happened there."""

    kinds: tuple[str, ...]
    x_ticks: tuple[ChartTick, ...]
    y_ticks: tuple[ChartTick, ...]
    bars: tuple[ChartBar, ...] = ()
    lines: tuple[ChartLine, ...] = ()
    marks: tuple[ChartTick, ...] = ()


def stacked_bars(days: Sequence[date], series: Mapping[str, Sequence[int]]) -> Chart:
    """Return bars of counts by day, one series upon the other."""
    return _stacked(len(days), _day_ticks(days), series)


def labelled_bars(labels: Sequence[str], series: Sequence[Sequence[int | float]]) -> Chart:
    """Return bars of numbers from 0 by label, one series upon the other; the series are called as in ``SERIES``."""
    every = -(-len(labels) // _N_LABELS) or 1
    ticks = tuple(ChartTick(_day_x(n, len(labels)), labels[n][:_LABEL_CHARS]) for n in range(0, len(labels), every))
    return _stacked(len(labels), ticks, dict(zip(SERIES, series, strict=False)))


def _stacked(n_bars: int, x_ticks: tuple[ChartTick, ...], series: Mapping[str, Sequence[int | float]]) -> Chart:
    most = max((sum(counts) for counts in zip(*series.values(), strict=True)), default=0)
    top = _round_up(most)
    step = (WIDTH - LEFT - RIGHT) / max(1, n_bars)
    bars = []
    for n in range(n_bars):
        floor: int | float = 0
        for kind, counts in series.items():
            if counts[n]:
                y = _y(floor + counts[n], top)
                bars.append(ChartBar(LEFT + n * step + 1, y, max(1.0, step - 2), _y(floor, top) - y, kind))
            floor += counts[n]
    ticks = tuple(ChartTick(_y(top * n / _N_TICKS, top), f"{top * n / _N_TICKS:g}") for n in range(_N_TICKS + 1))
    return Chart(tuple(series), x_ticks, ticks, bars=tuple(bars))


def share_lines(
    days: Sequence[date], series: Mapping[str, Sequence[float | None]], marks: Mapping[date, str] | None = None
) -> Chart:
    """Return lines of shares, 0..1, by day; a day without a value is a gap. ``marks`` are days with what happened."""
    xs = [_day_x(n, len(days)) for n in range(len(days))]
    lines = tuple(_line(kind, xs, values) for kind, values in series.items())
    at = {day: x for day, x in zip(days, xs, strict=True)}
    marked = tuple(ChartTick(at[day], label) for day, label in (marks or {}).items() if day in at)
    return Chart(tuple(series), _day_ticks(days), _share_ticks(), lines=lines, marks=marked)


def reliability(bins: Sequence[tuple[float, float]]) -> Chart:
    """Return the share of liked answers over the mean confidence of each bin, with the line of a perfect gate."""

    def x(confidence: float) -> float:
        return LEFT + confidence * (WIDTH - LEFT - RIGHT)

    ideal = ChartLine("ideal", (_points([(x(0), _y(0, 1)), (x(1), _y(1, 1))]),), ())
    places = tuple((round(x(confidence), 1), _y(share, 1)) for confidence, share in bins)
    measured = ChartLine("measured", (_points(places),) if len(places) > 1 else (), places)
    ticks = tuple(ChartTick(x(n / 5), f"{n / 5:.0%}") for n in range(6))
    return Chart(("measured", "ideal"), ticks, _share_ticks(), lines=(ideal, measured))


def _line(kind: str, xs: Sequence[float], values: Sequence[float | None]) -> ChartLine:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, value in zip(xs, values, strict=True):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((round(x, 1), _y(value, 1)))
    drawn = tuple(_points(piece) for piece in pieces if len(piece) > 1)
    return ChartLine(kind, drawn, tuple(place for piece in pieces for place in piece))


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _day_x(n: int, n_days: int) -> float:
    """Return the middle of a day."""
    return LEFT + (n + 0.5) * (WIDTH - LEFT - RIGHT) / max(1, n_days)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)


def _day_ticks(days: Sequence[date]) -> tuple[ChartTick, ...]:
    every = 7 if len(days) > 10 else 1
    return tuple(ChartTick(_day_x(n, len(days)), f"{days[n]:%d/%m}") for n in range(0, len(days), every))


def _share_ticks() -> tuple[ChartTick, ...]:
    return tuple(ChartTick(_y(n / _N_TICKS, 1), f"{n / _N_TICKS:.0%}") for n in range(_N_TICKS + 1))


def _round_up(most: int | float) -> int:
    """Return the least multiple of ``_N_TICKS`` that is 1, 2, 2.5 or 5 times a power of ten on each tick."""
    step = 1
    while step * _N_TICKS < most:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return step * _N_TICKS
