"""Tables with merged cells, made into rows of equal columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MAX_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell that covers ``n_columns`` to the right and ``n_rows`` below, itself included."""

    text: str
    n_columns: int = 1
    n_rows: int = 1


def span(value: str | None) -> int:
    """Return a number of rows or columns as a file gives it: at least 1."""
    return max(1, min(int(value), _MAX_COLUMNS)) if value and value.isdecimal() and len(value) < 9 else 1


def grid(rows: Sequence[Sequence[TableCell]]) -> list[list[str]]:
    """Return the rows of a table; a cell merged over rows is in each, one over columns in each of the first row's.

    In the other rows a cell merged over columns is in the first of them alone, so that a row says nothing twice.
    """
    shown: list[list[str]] = []
    above: dict[int, tuple[str, int]] = {}  # by column: a text from the rows above, and for how many rows more
    for n_row, cells in enumerate(rows):
        row: list[str] = []

        def inherit(row: list[str] = row) -> None:
            while (held := above.get(len(row))) is not None:
                text, n_more = held
                if n_more > 1:
                    above[len(row)] = (text, n_more - 1)
                else:
                    del above[len(row)]
                row.append(text)

        inherit()
        for cell in cells:
            for n_column in range(cell.n_columns):
                if len(row) >= _MAX_COLUMNS:
                    break
                text = cell.text if n_row == 0 or n_column == 0 else ""
                if cell.n_rows > 1:
                    above[len(row)] = (text, cell.n_rows - 1)
                row.append(text)
            inherit()
        shown.append(row)
    return shown
