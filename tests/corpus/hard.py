"""Files that are hard to read: merged cells, nested lists, footnotes, columns, right to left, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

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
    rtf_text,
    shape,
    xlsx,
    xlsx_rows,
    zipped,
)

_MERGE = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"

MERGED: Mapping[str, bytes] = {  # below the header ``Hall``, merged over two rows, beside ``North`` and ``South``
    "a.docx": docx(
        "<w:tbl>"
        f"<w:tr>{docx_cell('Room')}{docx_cell('Door')}</w:tr>"
        f"<w:tr>{docx_cell('Hall', _MERGE[0])}{docx_cell('North')}</w:tr>"
        f"<w:tr>{docx_cell('', _MERGE[1])}{docx_cell('South')}</w:tr></w:tbl>"
    ),
    "a.odt": odt(
        odt_table(
            [
                [odt_cell("Room"), odt_cell("Door")],
                [odt_cell("Hall", 'table:number-rows-spanned="2"'), odt_cell("North")],
                ["<table:covered-table-cell/>", odt_cell("South")],
            ]
        )
    ),
    "a.pptx": pptx(
        [
            pptx_table(
                [
                    [("Room", ""), ("Door", "")],
                    [("Hall", 'rowSpan="2"'), ("North", "")],
                    [("", 'vMerge="1"'), ("South", "")],
                ]
            )
        ]
    ),
    "a.xlsx": xlsx(
        {
            "Plan": xlsx_rows([("Room", "Door"), ("Hall", "North"), ("", "South")])
            + '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
        }
    ),
    "a.epub": epub(
        [
            "<table><tr><th>Room</th><th>Door</th></tr>"
            "<tr><td rowspan='2'>Hall</td><td>North</td></tr><tr><td>South</td></tr></table>"
        ]
    ),
    "a.rst": b"+------+-------+\n| Room | Door  |\n+======+=======+\n"
    b"| Hall | North |\n|      +-------+\n|      | South |\n+------+-------+\n",
    "a.adoc": b"|===\n|Room |Door\n\n.2+|Hall |North\n|South\n|===\n",
    "a.tex": rb"\begin{tabular}{ll} Room & Door \\ \multirow{2}{*}{Hall} & North \\ & South \\ \end{tabular}",
}

NESTED: Mapping[str, bytes] = {
    "a.docx": docx(
        docx_paragraph("Before leaving", level=0) + docx_paragraph("Lights", level=1) + docx_paragraph("Lock", level=0)
    ),
    "a.odt": odt(
        "<text:list><text:list-item><text:p>Before leaving</text:p><text:list><text:list-item><text:p>Lights</text:p>"
        "</text:list-item></text:list></text:list-item><text:list-item><text:p>Lock</text:p></text:list-item></text:list>"
    ),
    "a.rtf": rtf(
        r"\pard{\listtext 1.\tab}\ilvl0 Before leaving\par\pard{\listtext\'b7\tab}\ilvl1 Lights\par"
        r"\pard{\listtext 2.\tab}\ilvl0 Lock\par"
    ),
    "a.pptx": pptx([shape([("Before leaving", 0), ("Lights", 1), ("Lock", 0)])]),
    "a.epub": epub(["<ol><li>Before leaving<ul><li>Lights</li></ul></li><li>Lock</li></ol>"]),
    "a.rst": b"1. Before leaving\n\n   * Lights\n\n2. Lock\n",
    "a.adoc": b". Before leaving\n** Lights\n. Lock\n",
    "a.org": b"1. Before leaving\n   - Lights\n2. Lock\n",
    "a.tex": rb"\begin{enumerate}\item Before leaving\begin{itemize}\item Lights\end{itemize}\item Lock\end{enumerate}",
    "a.yaml": b"- Before leaving\n- [Lights]\n- Lock\n",
}

_DOCX_NOTE = '<w:r><w:footnoteReference w:id="2"/></w:r>'
FOOTNOTES: Mapping[str, bytes] = {
    "a.docx": docx(
        docx_paragraph("Keys", "H1")
        + docx_paragraph("The key is at the desk", more=_DOCX_NOTE)
        + docx_paragraph("End", "H1"),
        footnotes=f'<w:footnote w:id="2">{docx_paragraph("Ask Odalys for it.")}</w:footnote>',
    ),
    "a.odt": odt(
        "<text:h>Keys</text:h><text:p>The key is at the desk<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>Ask Odalys for it.</text:p></text:note-body></text:note></text:p><text:h>End</text:h>"
    ),
    "a.rtf": rtf(
        r"\pard\s1 Keys\par\pard The key is at the desk{\footnote\pard Ask Odalys for it.}\par\pard\s1 End\par"
    ),
    "a.epub": epub(
        [
            "<h1>Keys</h1><p>The key is at the desk<a href='#n'>1</a></p>"
            "<aside id='n'>Ask Odalys for it.</aside><h1>End</h1>"
        ]
    ),
    "a.rst": b"Keys\n====\n\nThe key is at the desk [#]_\n\n.. [#] Ask Odalys for it.\n\nEnd\n===\n",
    "a.adoc": b"= A\n\n== Keys\n\nThe key is at the desk footnote:[Ask Odalys for it.]\n\n== End\n",
    "a.org": b"* Keys\nThe key is at the desk[fn:1]\n\n[fn:1] Ask Odalys for it.\n* End\n",
    "a.tex": rb"\section{Keys} The key is at the desk\footnote{Ask Odalys for it.} \section{End}",
    "a.md": b"# Keys\n\nThe key is at the desk[^1]\n\n[^1]: Ask Odalys for it.\n\n# End\n",
}

_LEFT, _RIGHT = "The left column ends here.", "The right column begins here."
COLUMNS: Mapping[str, bytes] = {
    "a.docx": docx(
        docx_paragraph(_LEFT)
        + '<w:p><w:r><w:br w:type="column"/></w:r></w:p>'
        + docx_paragraph(_RIGHT)
        + '<w:sectPr><w:cols w:num="2"/></w:sectPr>'
    ),
    "a.odt": odt(f"<text:section><text:p>{_LEFT}</text:p><text:p>{_RIGHT}</text:p></text:section>"),
    "a.rtf": rtf(rf"\cols2\pard {_LEFT}\par\column\pard {_RIGHT}\par"),
    "a.pptx": pptx([shape([(_LEFT, 0)]) + shape([(_RIGHT, 0)])]),
    "a.tex": rf"\begin{{multicols}}{{2}}{_LEFT}\columnbreak {_RIGHT}\end{{multicols}}".encode(),
    "a.epub": epub([f"<div style='column-count:2'><p>{_LEFT}</p><p>{_RIGHT}</p></div>"]),
}

RTL = "הספרייה פתוחה ביום שלישי. المفتاح عند الباب."
"""Hebrew and Arabic, in the order in which they are read."""

TEXTS: Mapping[str, Callable[[str], bytes]] = {
    "a.docx": lambda text: docx(docx_paragraph(text)),
    "a.odt": lambda text: odt(f"<text:p>{text}</text:p>"),
    "a.rtf": lambda text: rtf(rf"\pard {rtf_text(text)}\par"),
    "a.pptx": lambda text: pptx([shape([(text, 0)])]),
    "a.epub": lambda text: epub([f"<p>{text}</p>"]),
    "a.xlsx": lambda text: xlsx({"Sheet": xlsx_rows([("Text", "More"), (text, "1")])}),
    "a.ods": lambda text: odt(
        odt_table([[odt_cell("Text")], [odt_cell(text)]]).replace("<table:table>", '<table:table table:name="Sheet">'),
        kind="spreadsheet",
    ),
    "a.csv": lambda text: f'Text,More\n"{text}",1\n'.encode(),
    "a.rst": lambda text: text.encode(),
    "a.adoc": lambda text: text.encode(),
    "a.org": lambda text: text.encode(),
    "a.tex": lambda text: text.encode(),
    "a.ipynb": lambda text: f'{{"cells": [{{"cell_type": "markdown", "source": "{text}"}}]}}'.encode(),
    "a.json": lambda text: f'{{"text": "{text}"}}'.encode(),
    "a.yaml": lambda text: f'text: "{text}"'.encode(),
    "a.toml": lambda text: f'text = "{text}"'.encode(),
    "a.srt": lambda text: f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n".encode(),
    "a.eml": lambda text: f"Subject: x\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode(),
    "a.zip": lambda text: zipped({"a.txt": text}),
}
"""A file of each format whose text is the one given."""

EMPTY: Mapping[str, bytes] = {
    "a.docx": docx(""),
    "a.odt": odt(""),
    "a.rtf": rtf(""),
    "a.pptx": pptx([]),
    "a.epub": epub(["<p> </p>"]),
    "a.xlsx": xlsx({"Sheet": xlsx_rows([])}),
    "a.ods": odt(odt_table([]), kind="spreadsheet"),
    "a.ipynb": b'{"cells": []}',
    "a.json": b"{}",
    "a.yaml": b"# nothing\n",
    "a.toml": b"",
    "a.eml": b"Subject: \n\n\n",
    "a.zip": zipped({}),
    **{f"a.{suffix}": b" \n" for suffix in ("csv", "rst", "adoc", "org", "tex", "md")},
}

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
_WITH_PASSWORD = _OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600)
_ODF_KEY = '<file-entry full-path="content.xml"><encryption-data/></file-entry>'


def _zip_with_password() -> bytes:
    """Return an archive whose member says that it is encrypted."""
    data = bytearray(zipped({"a.txt": "secret"}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as file:
        start = file.start_dir
    data[6] |= 1
    data[start + 8] |= 1
    return bytes(data)


PROTECTED: Mapping[str, bytes] = {
    "a.docx": _WITH_PASSWORD,
    "a.xlsx": _WITH_PASSWORD,
    "a.pptx": _WITH_PASSWORD,
    "a.odt": odt("<text:p>x</text:p>", manifest=_ODF_KEY),
    "a.ods": odt(odt_table([]), kind="spreadsheet", manifest=_ODF_KEY),
    "a.epub": epub(
        ["<p>x</p>"],
        encryption='<e><EncryptedData><CipherData><CipherReference URI="OPS/text/c%200.xhtml"/></CipherData>'
        "</EncryptedData></e>",
    ),
    "a.zip": _zip_with_password(),
}
