"""The handbook as Office files, OpenDocument, RTF and EPUB, written part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from tests.corpus.handbook import Handbook, HandbookSection

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"'
)


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return stream.getvalue()


def relations(**targets: str) -> str:
    """Return the relations of a part: each target by its id, of the type before the id's number."""
    each = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{key.rstrip("0123456789")}" Target="{target}"/>'
        for key, target in targets.items()
    )
    return f'<Relationships xmlns="{_RELS}">{each}</Relationships>'


# --- Word ----------------------------------------------------------------------------------------


def docx(body: str, *, footnotes: str = "", styles: str = "", numbering: str = "", title: str = "") -> bytes:
    """Return a Word document with this body."""
    members = {
        "_rels/.rels": relations(officeDocument1="word/document.xml"),
        "word/document.xml": f"<w:document {_W} {_R}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations(
            styles1="styles.xml", footnotes1="footnotes.xml", numbering1="numbering.xml"
        ),
        "word/styles.xml": f"<w:styles {_W}>{styles or DOCX_STYLES}</w:styles>",
        "word/footnotes.xml": f"<w:footnotes {_W}>{footnotes}</w:footnotes>",
        "word/numbering.xml": f"<w:numbering {_W}>{numbering or DOCX_NUMBERING}</w:numbering>",
        "docProps/core.xml": f'<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></c>',
    }
    return zipped(members)


DOCX_STYLES = (
    '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="H1"/></w:style>'
)
DOCX_NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)


def docx_paragraph(text: str, style: str = "", level: int | None = None, more: str = "") -> str:
    """Return a paragraph, an item of list 1 at ``level``; ``more`` is XML after its text."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if level is not None:
        properties += f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
    half = len(text) // 2  # as Word does, a text is split into runs anywhere
    runs = "".join(
        f'<w:r><w:t xml:space="preserve">{escape(piece)}</w:t></w:r>' for piece in (text[:half], text[half:])
    )
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}{more}</w:p>"


def docx_cell(text: str, properties: str = "") -> str:
    """Return a cell of a table."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{docx_paragraph(text)}</w:tc>"


def write_docx(book: Handbook) -> bytes:
    """Return the handbook as a Word document."""
    parts = [docx_paragraph(book.title, "T")]
    for section in book.sections:
        parts += [docx_paragraph(section.heading, "Mine"), docx_paragraph(section.paragraph)]
        parts += [docx_paragraph(item, level=0) for item in section.items]
        parts += [docx_paragraph(item, level=1) for item in section.nested]
        rows = "".join(f"<w:tr>{''.join(map(docx_cell, row))}</w:tr>" for row in section.table)
        parts.append(f"<w:tbl>{rows}</w:tbl>")
    return docx("".join(parts))


# --- OpenDocument --------------------------------------------------------------------------------


def odt(body: str, *, kind: str = "text", manifest: str = "", title: str = "") -> bytes:
    """Return an OpenDocument file with this body."""
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {_ODF}><office:body><office:{kind}>{body}</office:{kind}>"
            "</office:body></office:document-content>",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
            "meta.xml": f"<office:document-meta {_ODF}><dc:title>{title}</dc:title></office:document-meta>",
        }
    )


def odt_table(rows: list[list[str]]) -> str:
    """Return a table of cells, each of them an element."""
    inside = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    return f"<table:table>{inside}</table:table>"


def odt_cell(text: str, attributes: str = "") -> str:
    """Return a cell of a table."""
    return (
        f'<table:table-cell office:value-type="string" {attributes}><text:p>{escape(text)}</text:p></table:table-cell>'
    )


def write_odt(book: Handbook) -> bytes:
    """Return the handbook as an OpenDocument text."""
    parts = [f'<text:p text:style-name="Title">{book.title}</text:p>']
    for section in book.sections:
        nested = "".join(f"<text:list-item><text:p>{item}</text:p></text:list-item>" for item in section.nested)
        first, last = section.items
        items = (
            f"<text:list-item><text:p>{first}</text:p></text:list-item>"
            f"<text:list-item><text:p>{last}</text:p><text:list>{nested}</text:list></text:list-item>"
        )
        paragraph = section.paragraph.replace(" ", '<text:s text:c="1"/>', 3)
        parts += [
            f'<text:h text:outline-level="2">{section.heading}</text:h><text:p>{paragraph}</text:p>',
            f"<text:list>{items}</text:list>",
            odt_table([[odt_cell(cell) for cell in row] for row in section.table]),
        ]
    return odt("".join(parts))


def write_ods(book: Handbook) -> bytes:
    """Return the handbook as an OpenDocument spreadsheet: a sheet for each section."""
    sheets = "".join(
        odt_table([[odt_cell(cell) for cell in row] for row in sheet_rows(section)]).replace(
            "<table:table>", f'<table:table table:name="{section.heading}">'
        )
        for section in book.sections
    )
    return odt(sheets, kind="spreadsheet")


def sheet_rows(section: HandbookSection) -> list[tuple[str, ...]]:
    """Return a section as rows: its table, then everything else a word a cell, three to a row."""

    texts = [section.paragraph.replace(".", ""), *section.items, *section.nested]
    words = [word for text in texts for word in text.split()]
    return [*section.table, *(tuple(words[n : n + 3]) for n in range(0, len(words), 3))]


# --- Excel and PowerPoint ------------------------------------------------------------------------


def xlsx(sheets: Mapping[str, str]) -> bytes:
    """Return a workbook; each sheet is the inside of its ``worksheet``, by name."""
    names = list(sheets)
    book = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="worksheet{n}"/>' for n, name in enumerate(names, 1))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return zipped(
        {
            "_rels/.rels": relations(officeDocument1="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{main}" {_R}><sheets>{book}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relations(
                **{f"worksheet{n}": f"worksheets/sheet{n}.xml" for n in range(1, len(names) + 1)}
            ),
            **{
                f"xl/worksheets/sheet{n}.xml": f'<worksheet xmlns="{main}">{sheets[name]}</worksheet>'
                for n, name in enumerate(names, 1)
            },
        }
    )


def xlsx_rows(rows: list[tuple[str, ...]]) -> str:
    """Return the data of a sheet."""
    shown = "".join(
        f'<row r="{r}">'
        + "".join(
            f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
            for c, cell in enumerate(row)
            if cell
        )
        + "</row>"
        for r, row in enumerate(rows, 1)
    )
    return f"<sheetData>{shown}</sheetData>"


def write_xlsx(book: Handbook) -> bytes:
    """Return the handbook as a workbook: a sheet for each section."""
    return xlsx({section.heading: xlsx_rows(sheet_rows(section)) for section in book.sections})


_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


def pptx(slides: list[str], notes: str = "") -> bytes:
    """Return a presentation; each slide is the inside of its shape tree. ``notes`` are those of the first."""
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="slide{n}"/>' for n in range(1, len(slides) + 1))
    members = {
        "_rels/.rels": relations(officeDocument1="ppt/presentation.xml"),
        "ppt/presentation.xml": f"<p:presentation {_P} {_R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            **{f"slide{n}": f"slides/slide{n}.xml" for n in range(1, len(slides) + 1)}
        ),
        "ppt/slides/_rels/slide1.xml.rels": relations(notesSlide1="../notesSlides/notesSlide1.xml"),
        "ppt/notesSlides/notesSlide1.xml": f"<p:notes {_P}><p:cSld><p:spTree>{notes}</p:spTree></p:cSld></p:notes>",
    }
    members |= {
        f"ppt/slides/slide{n}.xml": f"<p:sld {_P}><p:cSld><p:spTree>{slide}</p:spTree></p:cSld></p:sld>"
        for n, slide in enumerate(slides, 1)
    }
    return zipped(members)


def shape(lines: list[tuple[str, int]], placeholder: str = "") -> str:
    """Return a shape with lines at their levels."""
    kind = f'<p:nvSpPr><p:nvPr><p:ph type="{placeholder}"/></p:nvPr></p:nvSpPr>' if placeholder else ""
    paragraphs = "".join(
        f'<a:p><a:pPr lvl="{level}"/><a:r><a:t>{escape(text)}</a:t></a:r></a:p>' for text, level in lines
    )
    return f"<p:sp>{kind}<p:txBody>{paragraphs}</p:txBody></p:sp>"


def pptx_table(rows: list[list[tuple[str, str]]]) -> str:
    """Return a frame with a table; each cell is its text and its attributes."""
    inside = "".join(
        "<a:tr>"
        + "".join(
            f"<a:tc {attributes}><a:txBody><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></a:txBody></a:tc>"
            for text, attributes in row
        )
        + "</a:tr>"
        for row in rows
    )
    table = f"<a:graphic><a:graphicData><a:tbl>{inside}</a:tbl></a:graphicData></a:graphic>"
    return f"<p:graphicFrame>{table}</p:graphicFrame>"


def write_pptx(book: Handbook) -> bytes:
    """Return the handbook as a presentation: a slide for each section."""
    return pptx(
        [
            shape([(section.heading, 0)], "title")
            + shape([(section.paragraph, 0)])
            + shape([*((item, 0) for item in section.items), *((item, 1) for item in section.nested)])
            + pptx_table([[(cell, "") for cell in row] for row in section.table])
            for section in book.sections
        ]
    )


# --- EPUB and RTF --------------------------------------------------------------------------------


def epub(chapters: list[str], *, title: str = "A book", encryption: str = "") -> bytes:
    """Return a book; each chapter is the inside of its body."""
    items = "".join(
        f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": f'<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>{title}</dc:title>'
        f"</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
    }
    members |= {
        f"OPS/text/c {n}.xhtml": "<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml'>"
        f"<head><title>x</title></head><body>{chapter}</body></html>"
        for n, chapter in enumerate(chapters)
    }
    if encryption:
        members["META-INF/encryption.xml"] = encryption
    return zipped(members)


def html_of(book: Handbook) -> list[str]:
    """Return each section as the inside of a page's body."""
    return [
        f"<h2>{section.heading}</h2><p>{section.paragraph}</p><ul>"
        + "".join(f"<li>{item}</li>" for item in section.items[:-1])
        + f"<li>{section.items[-1]}<ul>{''.join(f'<li>{item}</li>' for item in section.nested)}</ul></li></ul><table>"
        + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in section.table)
        + "</table>"
        for section in book.sections
    ]


def write_epub(book: Handbook) -> bytes:
    """Return the handbook as a book: a chapter for each section."""
    return epub(html_of(book), title=book.title)


def rtf(body: str) -> bytes:
    """Return an RTF document with this body."""
    return (
        r"{\rtf1\ansi\ansicpg1252\uc1{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial Cyr;}}"
        r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}}{\info{\title A title}{\author Nobody}}" + body + "}"
    ).encode("ascii")


def rtf_text(text: str) -> str:
    """Return a text with the signs of RTF escaped, and letters beyond ASCII as Word writes them."""
    signed = text.replace("\\", r"\\").replace("{", r"\{").replace("}", r"\}")
    return "".join(
        each if each.isascii() else rf"\u{ord(each)}?" if ord(each) > 255 else rf"\'{ord(each):02x}" for each in signed
    )


def write_rtf(book: Handbook) -> bytes:
    """Return the handbook as RTF."""
    parts = []
    for section in book.sections:
        parts.append(rf"\pard\s1 {rtf_text(section.heading)}\par\pard {rtf_text(section.paragraph)}\par")
        parts += [rf"\pard{{\listtext\'b7\tab}}\ilvl0 {rtf_text(item)}\par" for item in section.items]
        parts += [rf"\pard{{\listtext\'b7\tab}}\ilvl1 {rtf_text(item)}\par" for item in section.nested]
        for row in section.table:
            parts.append(r"\trowd\pard\intbl " + "".join(rf"{rtf_text(cell)}\cell " for cell in row) + r"\row")
        parts.append(r"\pard")
    return rtf("\n".join(parts))
