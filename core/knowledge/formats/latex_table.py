"""A table of LaTeX being read cell by cell, with those merged over columns and rows."""

from __future__ import annotations

from core.knowledge.formats.document_text import one_line
from core.knowledge.formats.table_grid import TableCell, grid

_MAX_COLUMNS = 200
_MAX_ROWS_MERGED = 50


class LatexTable:
    """The rows read so far. ``n_columns`` and ``n_rows`` are how far the cell that is being read reaches."""

    def __init__(self) -> None:
        self._rows: list[list[TableCell]] = [[]]
        self.n_columns, self.n_rows = 1, 1

    def end_cell(self, said: str) -> None:
        """Add a cell, unless it is the empty one below a cell merged over rows."""
        text = one_line(said)
        if len(self._rows[-1]) < _MAX_COLUMNS and (text or not self._is_covered()):
            self._rows[-1].append(TableCell(text, self.n_columns, self.n_rows))
        self.n_columns, self.n_rows = 1, 1

    def end_row(self, said: str) -> None:
        """Add a row's last cell, and begin the next row."""
        if self._rows[-1] or said.strip():
            self.end_cell(said)
            self._rows.append([])

    def rows(self) -> list[list[str]]:
        """Return the rows of equal columns."""
        return grid([row for row in self._rows if row])

    def _is_covered(self) -> bool:
        """Return whether a cell of a row above reaches down to the place of the next cell."""
        column = sum(each.n_columns for each in self._rows[-1])
        return any(
            each.n_rows > depth and place == column
            for depth, row in enumerate(reversed(self._rows[:-1][-_MAX_ROWS_MERGED:]), start=1)
            for place, each in enumerate(row)
        )
