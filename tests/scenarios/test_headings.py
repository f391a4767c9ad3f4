"""The headings a passage stands under, from a file's bytes to the citation, for every kind of file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from hypothesis import given
from hypothesis import strategies as st

from core.chat.source_markdown import source_list
from core.generation.grounding.candidate_sentences import candidate_sentences
from core.knowledge.extract import extract
from core.knowledge.pdf_headings import MAX_LEVEL, with_headings
from core.knowledge.pdf_lines import Bookmark, PdfLine
from core.retrieval.chunk import chunk
from tests.passages import hit

BODY = (
    "The library opens on Tuesdays and Thursdays from two to six in the afternoon, and the volunteer of the day "
    "keeps the key of the room. "
)
OUTLINE = [("1 Rooms", 0), ("1.1 The library", 1), ("1.2 The kitchen", 1), ("2 Garden", 0)]


def pdf(write: Callable[[FPDF, str, int], None]) -> bytes:
    """Return a PDF of two pages; ``write`` sets a heading of a level from 0."""
    document = FPDF()
    document.add_page()
    for number, (title, level) in enumerate(OUTLINE):
        if number == 2:
            document.add_page()
        write(document, title, level)
        document.set_font("helvetica", size=11)
        document.multi_cell(0, 6, f"{BODY * 2}\nShelf {number} holds maps.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(document.output())


def larger(document: FPDF, title: str, level: int) -> None:
    document.set_font("helvetica", size=18 - 3 * level)
    document.multi_cell(0, 9, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def bolder(document: FPDF, title: str, level: int) -> None:
    document.set_font("helvetica", "B", size=12 - level)
    document.multi_cell(0, 9, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def bookmarked(document: FPDF, title: str, level: int) -> None:
    document.set_font("helvetica", size=11)
    document.start_section(title.partition(" ")[2], level)
    document.multi_cell(0, 9, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


@pytest.mark.parametrize("write", [larger, bolder, bookmarked])
def test_a_pdf_is_cut_at_its_headings(write: Callable[[FPDF, str, int], None]) -> None:
    found = extract(pdf(write), "house.pdf")
    assert {piece.heading for piece in chunk(found.text)} == {
        "1 Rooms",
        "1 Rooms > 1.1 The library",
        "1 Rooms > 1.2 The kitchen",
        "2 Garden",
    }
    assert found.text.startswith(f"# 1 Rooms\n{BODY.strip()}")
    assert "\n## 1.2 The kitchen\nThe library opens" in found.text


def test_a_pdf_set_in_one_type_has_no_headings() -> None:
    def same(document: FPDF, title: str, level: int) -> None:
        document.set_font("helvetica", size=11)
        document.multi_cell(0, 9, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    assert {piece.heading for piece in chunk(extract(pdf(same), "house.pdf").text)} == {""}


def test_a_word_broken_at_the_end_of_a_line_is_whole_again() -> None:
    document = FPDF()
    document.add_page()
    document.set_font("helvetica", size=11)
    document.multi_cell(0, 6, "Whoever wants more infor-\nmation asks the committee of the house.")
    assert extract(bytes(document.output()), "house.pdf").text == (
        "Whoever wants more information asks the committee of the house."
    )


def test_a_title_over_two_lines_is_one_heading() -> None:
    def long(document: FPDF, title: str, level: int) -> None:
        document.set_font("helvetica", size=24)
        document.multi_cell(90, 9, f"{title} and everything else that belongs to it", new_x=XPos.LMARGIN)

    assert extract(pdf(long), "house.pdf").text.startswith("# 1 Rooms and everything else that belongs to it\n")


PAGE = (
    f"<html><body><main><h1>House</h1><p>{BODY * 3}</p><h2>The library</h2><p>{BODY * 3}Shelf 1 holds maps.</p>"
    "</main></body></html>"
)
CODE = "class Library:\n    def shelf(self):\n        return 'Shelf 1 holds maps.'\n"
CHAT = "".join(
    f"[2026-01-0{day} 10:00] Ana: {BODY}\n[2026-01-0{day} 10:01] Rui: Shelf {day} holds maps.\n" for day in (1, 2)
)
MARKDOWN = f"# House\n\n{BODY}\n\n## The library\n\n{BODY}\n\nShelf 1 holds maps.\n"


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("house.md", MARKDOWN.encode(), "House › The library"),
        ("house.html", PAGE.encode(), "House › The library"),
        ("house.pdf", pdf(larger), "house › 1 Rooms › 1.1 The library"),
        ("house.py", CODE.encode(), "house › class Library › def shelf"),
        ("house.txt", CHAT.encode(), "house › 2026-01-01"),
    ],
)
def test_a_citation_shows_the_headings_of_what_it_quotes(name: str, data: bytes, shown: str) -> None:
    document = extract(data, name)
    pieces = chunk(document.text, kind=document.kind)
    hits = [hit(piece.text, document=document.title, heading=piece.heading) for piece in pieces]
    for each in hits:
        for sentence in candidate_sentences([each]):
            if "Shelf 1 holds maps" in sentence.verbatim:
                assert source_list([sentence.source], "") == f"📖 {shown}"
                return
    raise AssertionError("the sentence is in no passage")


def lines(*texts: str, size: float = 10.0, is_bold: bool = False) -> list[PdfLine]:
    return [PdfLine(text, size, is_bold) for text in texts]


BODY_LINES = lines(*["This line is like all the others in the document."] * 12)


def test_what_only_looks_large_is_no_heading() -> None:
    odd = lines("42 %", "4", "• A point in large type", "Contents .............. 3", "It ends here.", size=16)
    page = [*BODY_LINES, *(line for each in odd for line in (each, BODY_LINES[0]))]
    assert with_headings([page], []) == [[line.text for line in page]]


def test_a_text_in_large_type_is_no_heading() -> None:
    quote = lines(*["A saying that goes on and on over many lines"] * 4, size=16)
    assert with_headings([[*BODY_LINES, *quote]], []) == [[line.text for line in [*BODY_LINES, *quote]]]


def test_where_every_other_line_is_large_type_says_nothing() -> None:
    slides = [[*lines("A point", size=20), *lines("More of it is said here")] for _ in range(4)]
    assert with_headings(slides, []) == [["A point", "More of it is said here"]] * 4


def test_a_table_of_contents_that_leads_nowhere_is_not_gone_by() -> None:
    page = [*lines("Rooms", size=16), *BODY_LINES]
    lost = [Bookmark("Something else", 1, 0), Bookmark("Rooms", 3, 9), Bookmark("", 1, 0), Bookmark("Far", 1, -1)]
    assert with_headings([page], lost)[0][0] == "# Rooms"


def test_a_comment_in_code_is_no_heading() -> None:
    page = [*BODY_LINES, PdfLine("# made by a machine", 9.0)]
    assert with_headings([page], [])[0][-1] == "    # made by a machine"


@given(
    st.lists(
        st.lists(
            st.builds(
                PdfLine,
                st.text("aB #1.-", max_size=12).map(str.strip),
                st.sampled_from([0.0, 9, 10, 14, 20]),
                st.booleans(),
            ),
            max_size=8,
        ),
        max_size=4,
    ),
    st.lists(st.builds(Bookmark, st.text("aB #1.", max_size=6), st.integers(1, 15), st.integers(-1, 5)), max_size=4),
)
def test_no_word_is_lost_whatever_a_pdf_says_of_itself(pages: list[list[PdfLine]], bookmarks: list[Bookmark]) -> None:
    marked = with_headings(pages, bookmarks)
    assert len(marked) == len(pages)
    for page, texts in zip(pages, marked, strict=True):
        said = "".join(line.text for line in page).replace(" ", "").replace("#", "")
        assert "".join(texts).replace(" ", "").replace("#", "") == said
        assert all(len(text) - len(text.lstrip("#")) <= max(MAX_LEVEL, 12) for text in texts)
