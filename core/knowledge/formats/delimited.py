"""Reading tables as text: .csv and .tsv, whatever separates their cells."""

from __future__ import annotations

import csv
import sys

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText
from core.knowledge.formats.spreadsheet import add_rows

_SEPARATORS = ",;\t|"
_SAMPLE_LINES = 30

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def read(text: str, name: str) -> ReadText:
    """Return the rows of a table, each cell beside its header. Raises ``BadInput`` when they cannot be told apart."""
    out = DocumentText(name)
    try:
        rows = [
            [cell.strip() for cell in row]
            for row in csv.reader(text.splitlines(keepends=True), delimiter=_separator(text))
        ]
    except csv.Error:
        raise BadInput("knowledge.damaged", name=name) from None
    add_rows(rows, out)
    return ReadText(None, out.text())


def _separator(text: str) -> str:
    """Return the separator that divides the first lines into the most equal rows."""
    lines = [line for line in text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]

    def fit(separator: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        usual = max(set(counts), key=counts.count) if counts else 1
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(_SEPARATORS, key=fit)
