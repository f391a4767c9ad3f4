"""Documents that make the readers of formats take long: one part of a file, a mark or a record, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from core.knowledge.extract import Kind
from tests.corpus.office import (
    docx,
    docx_cell,
    docx_paragraph,
    epub,
    odt,
    odt_cell,
    odt_table,
    pptx,
    pptx_table,
    rtf,
    shape,
    xlsx,
    zipped,
)

Make = Callable[[int], bytes]
"""Returns a document of about so many bytes before it is packed."""

_MARKS: Mapping[Kind, tuple[str, ...]] = {
    "delimited": ("a,b\n", "a", ",", '"', '""', '"a",', "a;b\n", "a\tb\n", "\n", "'", " , "),
    "restructuredtext": (
        "=\n",
        "a\n=\n",
        "a\n---\n\n",
        "- a\n",
        "* a\n  * b\n",
        "1. a\n",
        ".. a\n",
        ".. note:: a\n",
        "::\n\n  a\n\n",
        ":a: b\n",
        "``a`` ",
        "*a* ",
        "|a| ",
        "[1]_ ",
        ".. [1] a\n",
        "+---+\n| a |\n",
        "== ==\na  b\n",
        "  a\n",
    ),
    "asciidoc": (
        "= a\n",
        "== a\n\n",
        "* a\n",
        "** a\n",
        ". a\n",
        "a:: b\n",
        "----\na\n",
        "====\n",
        "|===\n",
        "|a |b\n",
        "[a]\n",
        "NOTE: a\n",
        "//a\n",
        "{a} ",
        ":a: b\n",
        "http://a.b[c] ",
        "<<a,b>> ",
        "+a+ ",
        "include::a[]\n",
        "a +\n",
        "ifdef::a[]\n",
    ),
    "org": (
        "* a\n",
        "** a :b:\n",
        "- a\n",
        "| a |\n",
        "#+begin_src\n",
        "#+end_src\n",
        "#+a: b\n",
        ":a:\n",
        "[[a][b]] ",
        "*a* ",
        "# a\n",
    ),
    "latex": (
        "\\section{a}\n",
        "\\begin{itemize}\n",
        "\\item a\n",
        "\\end{itemize}\n",
        "{",
        "}",
        "{a}",
        "$",
        "$a$ ",
        "\\[",
        "\\begin{a}",
        "% a\n",
        "\\a",
        "\\a{b} ",
        "\\verb|a| ",
        "\\begin{tabular}{l}\na & b \\\\\n",
        "& ",
        "\\\\\n",
        "\\newcommand{\\a}{b}\n",
        "[",
        "~",
    ),
    "subtitles": (
        "00:00:01,000 --> 00:00:02,000\na\n\n",
        "1\n",
        "a\n",
        "<i>a</i>",
        "\n",
        "WEBVTT\n\n",
        "00:01.000 --> 00:02.000\n",
        "{a}",
    ),
    "mail": (
        "A: b\n",
        " a\n",
        "Subject: =?utf-8?q?a?= \n",
        "=?utf-8?b?YQ==?= ",
        "\n",
        "--x\n\na\n",
        "From a\n\nb\n\n",
        "> a\n",
        "a; b=c; ",
        "Content-Type: multipart/mixed; boundary=x\n\n--x\n",
        "=3D",
        "a\n--\n",
    ),
    "rtf": (
        "a\\par ",
        "{\\b a}",
        "{",
        "}",
        "\\u8364?",
        "\\'e9",
        "\\pard\\intbl a\\cell\\row ",
        "{\\*\\x a}",
        "\\bin3 abc",
        "\\a",
        "\\f1 b",
        "{\\footnote a}",
        "{\\field{\\*\\fldinst a}{\\fldrslt b}}",
        "\\s1 a\\par ",
        "{\\pict 00}",
        "\\trowd ",
        "\\cell ",
    ),
}
_STARTS: Mapping[Kind, str] = {
    "delimited": "gate,opens\nnorth,nine\n",
    "mail": "Subject: Gates\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nThe gate opens at nine.\n",
    "subtitles": "1\n00:00:00,000 --> 00:00:01,000\nThe gate opens at nine.\n\n",
}


def _marked(kind: Kind, mark: str) -> Make:
    start = _STARTS.get(kind, "The gate opens at nine.\n\n")
    if kind == "rtf":
        return lambda n_bytes: rtf(f"The gate opens at nine.\\par {mark * (n_bytes // len(mark))}")
    return lambda n_bytes: (start + mark * (n_bytes // len(mark))).encode()


def _parts(write: Callable[[int], bytes], n_bytes_each: int) -> Make:
    """Return what makes a document of as many parts as there are ``n_bytes_each`` in its size."""
    return lambda n_bytes: write(n_bytes // n_bytes_each)


def _styles(n: int) -> bytes:
    """Return a document whose paragraphs are of the last of a chain of styles."""
    based = "".join(
        f'<w:style w:styleId="S{k}"><w:name w:val="s{k}"/><w:basedOn w:val="S{k - 1}"/></w:style>' for k in range(1, n)
    )
    return docx(docx_paragraph("Gate", f"S{n - 1}") * n, styles=based)


_WORD: Mapping[str, Make] = {
    "paragraphs": _parts(lambda n: docx(docx_paragraph("Gate opens") * n), 90),
    "runs": _parts(lambda n: docx("<w:p>" + "<w:r><w:t>a </w:t></w:r>" * n + "</w:p>"), 26),
    "breaks": _parts(lambda n: docx("<w:p><w:r><w:t>a</w:t>" + "<w:br/><w:tab/>" * n + "</w:r></w:p>"), 15),
    "items": _parts(lambda n: docx(docx_paragraph("Gate", level=0) * n), 150),
    "styles": _parts(_styles, 200),
    "rows": _parts(lambda n: docx("<w:tbl>" + f"<w:tr>{docx_cell('a')}{docx_cell('b')}</w:tr>" * n + "</w:tbl>"), 150),
    "cells": _parts(lambda n: docx(f"<w:tbl><w:tr>{docx_cell('a') * n}</w:tr></w:tbl>"), 60),
    "tables": _parts(lambda n: docx(f"<w:tbl><w:tr>{docx_cell('a')}</w:tr></w:tbl>" * n), 90),
    "notes": _parts(
        lambda n: docx(
            "".join(f'<w:p><w:r><w:t>a</w:t><w:footnoteReference w:id="{k}"/></w:r></w:p>' for k in range(n)),
            footnotes="".join(
                f'<w:footnote w:id="{k}"><w:p><w:r><w:t>b</w:t></w:r></w:p></w:footnote>' for k in range(n)
            ),
        ),
        140,
    ),
}
_OPEN_DOCUMENT: Mapping[str, Make] = {
    "paragraphs": _parts(lambda n: odt("<text:p>Gate opens</text:p>" * n), 27),
    "spaces": _parts(lambda n: odt("<text:p>a" + "<text:s/><text:span>b</text:span>" * n + "</text:p>"), 33),
    "items": _parts(
        lambda n: odt(f"<text:list>{'<text:list-item><text:p>a</text:p></text:list-item>' * n}</text:list>"), 52
    ),
    "rows": _parts(lambda n: odt(odt_table([[odt_cell("a"), odt_cell("b")]] * n)), 180),
    "cells": _parts(lambda n: odt(odt_table([[odt_cell("a")] * n])), 80),
    "headings": _parts(lambda n: odt('<text:h text:outline-level="2">a</text:h>' * n), 42),
}
_SHEETS: Mapping[str, Make] = {
    "rows": _parts(lambda n: xlsx({"A": _rows(n, 1)}), 60),
    "sparse rows": _parts(lambda n: xlsx({"A": _rows(n, 50)}), 60),
    "sheets": _parts(lambda n: xlsx({f"S{k}": _rows(1, 1) for k in range(n)}), 400),
    "merged": _parts(lambda n: xlsx({"A": _rows(n, 1) + _merged(n)}), 90),
}


def _rows(n: int, step: int) -> str:
    rows = (f'<row r="{r}"><c r="A{r}" t="inlineStr"><is><t>a</t></is></c></row>' for r in range(1, n * step, step))
    return f"<sheetData>{''.join(rows)}</sheetData>"


def _merged(n: int) -> str:
    cells = "".join(f'<mergeCell ref="A{r}:B{r}"/>' for r in range(1, n))
    return f"<mergeCells>{cells}</mergeCells>"


_SLIDES: Mapping[str, Make] = {
    "slides": _parts(lambda n: pptx([shape([("Gate opens", 0)])] * n), 400),
    "lines": _parts(lambda n: pptx([shape([("Gate", 0)] * n)]), 60),
    "shapes": _parts(lambda n: pptx([shape([("Gate", 0)]) * n]), 110),
    "rows": _parts(lambda n: pptx([pptx_table([[("a", ""), ("b", "")]] * n)]), 160),
}
_BOOKS: Mapping[str, Make] = {
    "chapters": _parts(lambda n: epub(["<p>The gate opens at nine.</p>"] * n), 400),
    **{
        unit: _parts(lambda n, unit=unit: epub([unit * n]), len(unit))
        for unit in ("<p>a</p>", "<b>a</b> ", "<br/>", "<ul><li>a</li></ul>", "<table><tr><td>a</td></tr></table>")
    },
    **{
        f"{outer} of {inner}": _parts(lambda n, outer=outer, inner=inner: epub([f"<{outer}>{inner * n}</{outer}>"]), 20)
        for outer, inner in (("table", "<tr><td>a</td><td>b</td></tr>"), ("ul", "<li>a</li>"), ("p", "a <i>b</i>"))
    },
}
_ARCHIVES: Mapping[str, Make] = {
    "files": _parts(lambda n: zipped({f"{k}.txt": f"Gate {k} opens at nine." for k in range(n)}), 130),
    "folders": _parts(lambda n: zipped({"a/" * k + "a.txt": f"Gate {k}." for k in range(1, n)}), 400),
}


def _json() -> Iterator[tuple[str, Make]]:
    for opening, unit, closing in (
        *(("[", '"a",', '"b"]'), ("[", "1,", "1]"), ("[", '{"a": "b", "c": 1},', "{}]"), ('{"a": "', "a ", '"}')),
        *(("[", "[1],", "1]"), ("", "[", ""), ("", '{"a":', ""), ('["', "\\u0041", '"]')),
    ):
        yield (
            unit,
            lambda n_bytes, given=(opening, unit, closing): (
                given[0] + given[1] * (n_bytes // len(given[1])) + given[2]
            ).encode(),
        )
    yield "keys", lambda n_bytes: ("{" + ",".join(f'"k{k}": {k}' for k in range(n_bytes // 12)) + "}").encode()


def _notebooks() -> Iterator[tuple[str, Make]]:
    cell = '{"cell_type": "markdown", "source": ["# a\\n", "b"]}'
    yield "cells", lambda n_bytes: f'{{"cells": [{",".join([cell] * (n_bytes // len(cell)))}]}}'.encode()
    lines = '"a\\n"'
    yield (
        "lines",
        lambda n_bytes: (
            f'{{"cells": [{{"cell_type": "markdown", "source": [{",".join([lines] * (n_bytes // 6))}]}}]}}'.encode()
        ),
    )


FORMAT_ATTACKS: Mapping[Kind, Mapping[str, Make]] = {
    **{kind: {mark: _marked(kind, mark) for mark in marks} for kind, marks in _MARKS.items()},
    "docx": _WORD,
    "opendocument": _OPEN_DOCUMENT,
    "spreadsheet": _SHEETS,
    "pptx": _SLIDES,
    "epub": _BOOKS,
    "archive": _ARCHIVES,
    "structured": dict(_json()),
    "notebook": dict(_notebooks()),
}
"""The documents tried against the reader of each format."""
