"""Checks what a plugin's screen returned, and copies it: nothing but plain values within limits is drawn.

Values of derived types are copied as plain ones or refused, so that no method of a plugin runs while a page is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from core.commands import NAME
from core.control_characters import without_controls
from core.errors import PluginFailed
from core.extensions.screen_parts import (
    FieldKind,
    ScreenChart,
    ScreenField,
    ScreenFigure,
    ScreenForm,
    ScreenPart,
    ScreenTable,
    ScreenText,
)

MAX_PARTS, MAX_ROWS, MAX_COLUMNS, MAX_LABELS, MAX_SERIES, MAX_FIELDS = 40, 500, 12, 120, 3, 20
"""Of a page; of a table; of a chart; of a form."""

MAX_LABEL_CHARS, MAX_TEXT_CHARS, MAX_PAGE_CHARS = 200, 20_000, 150_000
"""Of a heading or label, of any other text, and of all texts of a page."""

MAX_NUMBER = 10**15


def checked_parts(given: object) -> tuple[ScreenPart, ...]:
    """Return a copy of what a screen returned. Raises ``PluginFailed`` where it is no list of parts within limits."""
    return _ScreenCheck().parts(given)


@dataclass(slots=True)
class _ScreenCheck:
    """Copies the parts of one page. ``n_chars``: characters so far."""

    n_chars: int = 0

    def parts(self, given: object) -> tuple[ScreenPart, ...]:
        return tuple(self._part(each) for each in _listed(given, MAX_PARTS, "parts of a screen"))

    def _part(self, part: object) -> ScreenPart:
        match part:
            case ScreenText():
                return ScreenText(self._text(part.text), self._label(part.heading))
            case ScreenFigure():
                return ScreenFigure(self._label(part.label), self._cell(part.value))
            case ScreenTable():
                return self._table(part)
            case ScreenChart():
                return self._chart(part)
            case ScreenForm():
                return self._form(part)
        raise PluginFailed(f"a screen returned {type(part).__name__} among its parts")

    def _table(self, table: ScreenTable) -> ScreenTable:
        columns = self._labels(table.columns, MAX_COLUMNS, "columns of a table")
        rows = tuple(
            tuple(self._cell(cell) for cell in _listed(row, MAX_COLUMNS, "cells of a row"))
            for row in _listed(table.rows, MAX_ROWS, "rows of a table")
        )
        if any(len(row) != len(columns) for row in rows):
            raise PluginFailed(f"a row of a table has not {len(columns)} cells")
        return ScreenTable(columns, rows, self._label(table.heading))

    def _chart(self, chart: ScreenChart) -> ScreenChart:
        labels = self._labels(chart.labels, MAX_LABELS, "labels of a chart")
        if type(chart.series) is not dict or not 1 <= len(chart.series) <= MAX_SERIES:
            raise PluginFailed(f"the series of a chart are no dict of 1 to {MAX_SERIES}")
        series = {
            self._label(name): tuple(_number(each) for each in _listed(values, MAX_LABELS, "values of a series"))
            for name, values in chart.series.items()
        }
        if any(len(values) != len(labels) for values in series.values()):
            raise PluginFailed(f"a series of a chart has not {len(labels)} values")
        if any(value < 0 for values in series.values() for value in values):
            raise PluginFailed("a chart has a number below 0")
        return ScreenChart(self._label(chart.heading), labels, series)

    def _form(self, form: ScreenForm) -> ScreenForm:
        fields = tuple(self._field(each) for each in _listed(form.fields, MAX_FIELDS, "fields of a form"))
        return ScreenForm(self._label(form.button), fields, self._name(form.name), self._label(form.heading))

    def _field(self, field: object) -> ScreenField:
        if not isinstance(field, ScreenField) or field.kind not in get_args(FieldKind):
            raise PluginFailed("a form has a field that is no ScreenField of a known kind")
        choices = self._labels(field.choices, MAX_ROWS, "choices of a field")
        name, label = self._name(field.name), self._label(field.label)
        kind: FieldKind = next(kind for kind in get_args(FieldKind) if kind == field.kind)
        return ScreenField(name, label, kind, self._text(field.value), choices)

    def _labels(self, given: object, most: int, what: str) -> tuple[str, ...]:
        return tuple(self._label(each) for each in _listed(given, most, what))

    def _cell(self, value: object) -> str | int | float:
        return self._text(value) if isinstance(value, str) else _number(value)

    def _name(self, value: object) -> str:
        name = self._label(value)
        if not NAME.fullmatch(name):
            raise PluginFailed(f"{name!r} is no name of a-z, 0-9 and _")
        return name

    def _label(self, value: object) -> str:
        return self._text(value, MAX_LABEL_CHARS)

    def _text(self, value: object, most: int = MAX_TEXT_CHARS) -> str:
        """Return a text as a plain one: a derived type may say of itself that it is markup."""
        if not isinstance(value, str):
            raise PluginFailed(f"a screen returned {type(value).__name__} in place of a text")
        plain = str.__str__(value)
        self.n_chars += len(plain)
        if len(plain) > most or self.n_chars > MAX_PAGE_CHARS:
            raise PluginFailed(f"a text of a screen is longer than {most}, or all are longer than {MAX_PAGE_CHARS}")
        return without_controls(plain)


def _listed(given: object, most: int, what: str) -> Sequence[Any]:
    if (type(given) is list or type(given) is tuple) and len(given) <= most:
        return given
    raise PluginFailed(f"the {what} are no list of at most {most}")


def _number(value: object) -> int | float:
    if (type(value) is int or type(value) is float) and abs(value) <= MAX_NUMBER:  # no number is NaN here
        return value
    raise PluginFailed(f"a screen returned {type(value).__name__} in place of a number up to {MAX_NUMBER}")
