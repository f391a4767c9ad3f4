"""The same handbook in every format: each word is found under its heading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from core.knowledge.extract import extract
from tests.corpus import office, texts
from tests.corpus.handbook import Handbook, handbook, share_found

LEAST = 0.995

Writer = Callable[[Handbook], bytes]

SECTIONED: Mapping[str, Writer] = {
    "a.docx": office.write_docx,
    "a.odt": office.write_odt,
    "a.ods": office.write_ods,
    "a.xlsx": office.write_xlsx,
    "a.pptx": office.write_pptx,
    "a.epub": office.write_epub,
    "a.rtf": office.write_rtf,
    "a.md": texts.write_markdown,
    "README": texts.write_markdown,
    "a.mdx": texts.write_markdown,
    "a.html": texts.write_html,
    "a.rst": texts.write_rst,
    "a.adoc": texts.write_adoc,
    "a.org": texts.write_org,
    "a.tex": texts.write_tex,
    "a.ipynb": texts.write_notebook,
    "a.json": texts.write_json,
    "a.yaml": texts.write_yaml,
    "a.toml": texts.write_toml,
    "a.mbox": texts.write_mbox,
    "a.mhtml": texts.write_mhtml,
    "a.zip": texts.write_zip,
}
WITHOUT_SECTIONS: Mapping[str, Writer] = {
    "a.csv": texts.write_csv,
    "a.tsv": texts.write_csv,
    "a.srt": texts.write_srt,
    "a.vtt": texts.write_vtt,
}


@pytest.mark.parametrize("name", SECTIONED)
def test_each_word_is_found_under_its_heading(name: str) -> None:
    assert share_found(handbook(), SECTIONED[name], name) >= LEAST


@pytest.mark.parametrize("name", WITHOUT_SECTIONS)
def test_each_word_is_found(name: str) -> None:
    assert share_found(handbook(), WITHOUT_SECTIONS[name], name, is_sectioned=False) >= LEAST


def test_a_message_is_found_under_its_subject() -> None:
    assert share_found(handbook(1), texts.write_eml, "a.eml") >= LEAST


def test_a_word_in_the_wrong_place_is_not_counted() -> None:
    def shifted(book: Handbook) -> bytes:
        headings = [section.heading for section in book.sections]
        moved = zip(book.sections, headings[1:] + headings[:1], strict=True)
        return texts.write_markdown(Handbook("x", tuple(replace(section, heading=other) for section, other in moved)))

    assert share_found(handbook(), shifted, "a.md") == 0


@pytest.mark.parametrize("name", ["a.docx", "a.odt", "a.epub", "a.rst", "a.adoc", "a.org", "a.tex", "a.md", "a.html"])
def test_the_title_is_the_documents_own(name: str) -> None:
    book = handbook()
    assert extract(SECTIONED[name](book), name).title == book.title
