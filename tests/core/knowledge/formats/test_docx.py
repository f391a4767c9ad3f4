"""Word documents: what counts as a heading, a title and text."""

from __future__ import annotations

import pytest

from core.knowledge.extract import extract
from tests.corpus.office import docx, docx_cell, docx_paragraph


def bold(text: str) -> str:
    return f"<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{text}</w:t></w:r></w:p>"


def text_of(body: str, **parts: str) -> str:
    return extract(docx(body, **parts), "a.docx").text


def test_bold_lines_are_headings_where_there_are_no_others() -> None:
    plain = docx_paragraph("The shed is open at six.")
    assert text_of(bold("Opening hours") + plain) == "## Opening hours\n\nThe shed is open at six."
    assert text_of(docx_paragraph("House", "H1") + bold("Opening hours") + plain) == (
        "# House\n\nOpening hours\n\nThe shed is open at six."
    )
    assert text_of(bold("Never lock it.") + plain) == "Never lock it.\n\nThe shed is open at six."


def test_a_heading_by_a_style_based_on_one_or_by_its_own_level() -> None:
    body = docx_paragraph("One", "Mine") + docx_paragraph("x")
    body += '<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr><w:r><w:t>Deep</w:t></w:r></w:p>' + docx_paragraph("y")
    assert text_of(body) == "# One\n\nx\n\n### Deep\n\ny"


@pytest.mark.parametrize(
    ("metadata", "title"),
    [("House rules", "House rules"), ("Document1", "a"), ("(anonymous)", "a"), ("rules.docx", "a"), ("", "a")],
)
def test_a_title_of_the_metadata_counts_where_it_tells_something(metadata: str, title: str) -> None:
    assert extract(docx(docx_paragraph("Word"), title=metadata), "a.docx").title == title


def test_a_title_in_the_document_counts_more_than_the_metadata() -> None:
    assert extract(docx(docx_paragraph("Seen", "T"), title="Template"), "a.docx").title == "Seen"


def test_what_is_deleted_or_written_twice_is_read_once() -> None:
    deleted = "<w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
    box = "<w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent>"
    both = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    twice = f'<w:r><mc:AlternateContent xmlns:mc="m">{both}</mc:AlternateContent></w:r>'
    assert text_of(f"<w:p>{deleted}{twice}</w:p>") == "new\n\nIn a box"


def test_numbers_of_a_list_count_on_past_what_is_nested() -> None:
    items = [docx_paragraph(text, level=level) for text, level in (("a", 0), ("b", 1), ("c", 0), ("d", 0))]
    assert text_of("".join(items)) == "1. a\n  - b\n2. c\n3. d"


def test_a_header_merged_over_columns_names_each_of_them() -> None:
    merge = '<w:gridSpan w:val="2"/>'
    head = f"<w:tr>{docx_cell('When', merge)}</w:tr>"
    row = f"<w:tr>{docx_cell('Monday')}{docx_cell('nine')}</w:tr>"
    assert text_of(f"<w:tbl>{head}{row}</w:tbl>") == "| When | When |\n|---|---|\n| Monday | nine |"


def test_a_large_table_is_rows_that_say_what_they_are() -> None:
    rows = [f"<w:tr>{docx_cell('Room')}{docx_cell('Door')}</w:tr>"]
    rows += [f"<w:tr>{docx_cell(f'Room {n}')}{docx_cell(f'the door with the number {n}')}</w:tr>" for n in range(60)]
    lines = text_of(f"<w:tbl>{''.join(rows)}</w:tbl>").split("\n")
    assert lines[7] == "- Room: Room 7; Door: the door with the number 7"


def test_a_footnote_in_a_cell_follows_its_table() -> None:
    mark = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    cell = f"<w:tc>{docx_paragraph('25 euros', more=mark)}</w:tc>"
    table = f"<w:tbl><w:tr>{docx_cell('Key')}{docx_cell('Price')}</w:tr><w:tr>{docx_cell('Red')}{cell}</w:tr></w:tbl>"
    note = f'<w:footnote w:id="2">{docx_paragraph("Cash only.")}</w:footnote>'
    assert text_of(table, footnotes=note).endswith("| Red | 25 euros[^1] |\n\n[^1]: Cash only.")
