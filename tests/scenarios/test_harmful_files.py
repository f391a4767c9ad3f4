"""Files that are small and unpack to much, or bring programs: refused in one sentence, and nothing in them is run."""

from __future__ import annotations

import io
import zipfile

import pytest

from core.errors import BadInput
from core.knowledge.extract import extract
from core.knowledge.formats.document_text import MAX_CHARS
from core.knowledge.formats.zip_package import MAX_MEMBER_BYTES, MAX_MEMBERS
from tests.corpus.office import (
    docx,
    docx_paragraph,
    odt,
    odt_cell,
    odt_table,
    relations,
    rtf,
    xlsx,
    zipped,
)


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(BadInput) as error:
        extract(data, name)
    return error.value.key.removeprefix("knowledge.")


def with_member(data: bytes, name: str, n_bytes: int) -> bytes:
    """Return a zip file with one more member of ``n_bytes`` zeros, which take a thousandth of that."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as file, file.open(name, "w", force_zip64=True) as member:
        for _ in range(n_bytes // 1_000_000):
            member.write(bytes(1_000_000))
    return stream.getvalue()


def bomb(member: str, n_bytes: int = MAX_MEMBER_BYTES + 1_000_000) -> bytes:
    return with_member(zipped({}), member, n_bytes)


def test_a_document_whose_text_unpacks_to_much_is_refused() -> None:
    data = with_member(
        zipped({"_rels/.rels": relations(officeDocument1="word/document.xml")}), "word/document.xml", 60_000_000
    )
    assert len(data) < 100_000
    assert refusal(data, "a.docx") == "too_much_text"


@pytest.mark.parametrize(
    ("name", "member"), [("a.odt", "content.xml"), ("a.xlsx", "xl/workbook.xml"), ("a.zip", "a.txt")]
)
def test_a_package_that_unpacks_to_much_is_refused(name: str, member: str) -> None:
    assert refusal(bomb(member), name) == "too_much_text"


def test_an_archive_of_many_members_is_refused() -> None:
    assert refusal(zipped(dict.fromkeys((f"{n}.txt" for n in range(MAX_MEMBERS + 1)), "x")), "a.zip") == "too_much_text"
    assert refusal(zipped({f"{n}.txt": "word" for n in range(501)}), "a.zip") == "too_much_text"


def test_archives_within_archives_are_left_out() -> None:
    inner = zipped({"secret.txt": "inside"})
    text = extract(zipped({"inner.zip": inner, "a.txt": "outside", "__MACOSX/._a.txt": "x"}), "a.zip").text
    assert text == "# a.txt\n\noutside"


def test_a_member_that_cannot_be_read_leaves_the_others() -> None:
    assert extract(zipped({"b.docx": b"PK no", "a.txt": "outside"}), "a.zip").text == "# a.txt\n\noutside"
    assert refusal(zipped({"b.docx": b"PK no"}), "a.zip") == "damaged"


def test_a_member_that_leads_out_of_its_archive_is_only_a_name() -> None:
    assert extract(zipped({"../../etc/notes.txt": "inside"}), "a.zip").text.endswith("inside")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
DOCTYPE = f'<!DOCTYPE x [<!ENTITY l0 "ha"><!ENTITY file SYSTEM "file:///etc/hostname">{LAUGHS}]>'


def test_entities_of_xml_are_not_read() -> None:
    members = {"content.xml": f"{DOCTYPE}<x><body><text><p>Word &file;and more</p></text></body></x>"}
    assert extract(zipped(members), "a.odt").text == "Word and more"
    members = {"content.xml": f"{DOCTYPE}<x><body><text><p>Word &l11;</p></text></body></x>"}
    assert refusal(zipped(members), "a.odt") == "damaged"


def test_references_of_yaml_that_repeat_without_end_are_refused() -> None:
    lines = ["a0: &a0 [word, word, word, word, word, word, word, word, word]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert refusal("\n".join(lines).encode(), "a.yaml") == "too_much_text"


def test_a_table_that_repeats_a_cell_without_end_is_cut() -> None:
    cell = odt_cell("word", 'table:number-columns-repeated="99999999"')
    text = extract(odt(odt_table([[cell], [odt_cell("other")]])), "a.odt").text
    assert len(text) < MAX_CHARS
    assert "other" in text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"[" * 200_000),
        ("a.yaml", b"[" * 3_000),
        ("a.rtf", rtf("{" * 5_000)),
        ("a.toml", b"a = " + b"[" * 3_000),
        ("a.ipynb", b'{"cells": ' * 50_000),
    ],
)
def test_what_is_nested_without_end_is_refused(name: str, data: bytes) -> None:
    assert refusal(data, name) in ("damaged", "too_much_text")


@pytest.mark.parametrize("name", ["a.odt", "a.docx"])
def test_xml_nested_without_end_is_refused(name: str) -> None:
    deep = "<x>" * 5_000 + "</x>" * 5_000
    assert refusal(odt(deep) if name == "a.odt" else docx(deep), name) == "damaged"


def test_formulas_show_what_they_last_gave_and_are_not_run() -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Sum</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>What</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>7</v></c><c r="B2" t="str"><f>WEBSERVICE("http://127.0.0.1/")</f><v>seven</v></c>'
        "</row>"
    )
    text = extract(xlsx({"Sheet": f"<sheetData>{cells}</sheetData>"}), "a.xlsx").text
    assert text == "## Sheet\n\n| Sum | What |\n|---|---|\n| 7 | seven |"


def test_macros_and_what_is_linked_stay_unread() -> None:
    body = docx_paragraph("Word", more='<w:r><w:instrText>INCLUDETEXT "/etc/hostname"</w:instrText></w:r>')
    members = {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0Sub AutoOpen()"}
    stream = io.BytesIO(docx(body))
    with zipfile.ZipFile(stream, "a") as file:
        file.writestr(*members.popitem())
    assert extract(stream.getvalue(), "a.docm").text == "Word"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.rst", b"Word\n\n.. include:: /etc/hostname\n\n.. raw:: html\n   :file: /etc/hostname\n"),
        ("a.rst", b"Word\n\n.. csv-table::\n   :file: /etc/hostname\n"),
        ("a.adoc", b"Word\n\ninclude::/etc/hostname[]\n"),
        ("a.org", b'Word\n\n#+INCLUDE: "/etc/hostname"\n'),
        ("a.tex", rb"Word \input{/etc/hostname}\include{/etc/hostname}"),
    ],
)
def test_other_files_are_not_included(name: str, data: bytes) -> None:
    assert extract(data, name).text == "Word"
