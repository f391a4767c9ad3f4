"""Reading spreadsheets by calamine: .xlsx, .xlsm, .xlsb, .xls and .ods. Cells show the values last computed.

Formulas and macros are never run; hidden sheets are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText
from core.knowledge.formats.zip_package import ZipPackage, is_protected

_ZIP = b"PK"
_MAX_ROWS = 100_000
_MAX_CELLS = 5_000_000
_HEADER_ROWS = 20
"""The header is looked for in so many rows from the top."""


def read(data: bytes, name: str) -> ReadText:
    """Return the rows of every sheet, each cell beside its header. Raises ``BadInput`` when it cannot be opened."""
    if is_protected(data):
        raise BadInput("knowledge.encrypted", name=name)
    if data.startswith(_ZIP):
        _require_small(ZipPackage(data, name), name)
    out = DocumentText(name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [each for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
        for each in shown:
            sheet = book.get_sheet_by_name(each.name)
            if sheet.height * sheet.width > _MAX_CELLS or sheet.height > _MAX_ROWS:
                raise BadInput("knowledge.too_much_text", name=name)
            rows = [[_shown(cell) for cell in row] for row in sheet.to_python()]
            _merge(rows, sheet.start or (0, 0), sheet.merged_cell_ranges or ())
            out.heading(2, each.name if any(map(any, rows)) else "")
            add_rows(rows, out)
    except PasswordError:
        raise BadInput("knowledge.encrypted", name=name) from None
    except (CalamineError, ValueError, OSError):
        raise BadInput("knowledge.damaged", name=name) from None
    return ReadText(None, out.text())


def add_rows(rows: Sequence[Sequence[str]], out: DocumentText) -> None:
    """Add the rows of a sheet: lines above its header as paragraphs, then each row with its header."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    width = max((sum(map(bool, row)) for row in filled), default=0)
    n_above = next((n for n, row in enumerate(islice(filled, _HEADER_ROWS)) if sum(map(bool, row)) > width / 2), 0)
    for row in filled[:n_above]:
        out.paragraph("; ".join(filter(None, row)))
    out.table(filled[n_above:])


def _require_small(package: ZipPackage, name: str) -> None:
    """Raise ``BadInput`` for a package that unpacks to more than memory takes, or is protected."""
    for member in package.names:
        if member.endswith((".xml", ".bin", ".rels")):
            package.read(member)
    if "META-INF/manifest.xml" in package and b"encryption-data" in package.read("META-INF/manifest.xml"):
        raise BadInput("knowledge.encrypted", name=name)


def _merge(
    rows: list[list[str]], start: tuple[int, int], ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Write the text of cells merged over rows, or over columns of the first row, into each of them."""
    for (top, left), (bottom, right) in ranges:
        places = [(row - start[0], column - start[1]) for row, column in _covered(top, left, bottom, right)]
        inside = [(row, column) for row, column in places if 0 <= row < len(rows) and 0 <= column < len(rows[row])]
        if inside:
            text = rows[inside[0][0]][inside[0][1]]
            for row, column in inside:
                rows[row][column] = text


def _covered(top: int, left: int, bottom: int, right: int) -> Iterator[tuple[int, int]]:
    is_header = top == bottom
    for row in range(top, min(bottom, top + _MAX_ROWS) + 1):
        for column in range(left, (right if is_header else left) + 1):
            yield row, column


def _shown(cell: Any) -> str:
    """Return a cell as it is read: whole numbers without a fraction, dates as in ISO 8601."""
    match cell:
        case bool():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(" ", "minutes") if cell.time() != time() else cell.date().isoformat()
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("minutes")
        case timedelta():
            return str(cell)
    return str(cell)
