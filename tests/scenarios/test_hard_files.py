"""The nine things that are hard in every format: each is read right, or refused in one sentence."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.knowledge.extract import extract
from core.retrieval.chunk import MAX_CHARS, chunk
from core.texts import explain
from core.types import LANGUAGES
from tests.corpus import hard
from tests.corpus.handbook import handbook
from tests.scenarios.test_formats import SECTIONED, WITHOUT_SECTIONS


def text_of(data: bytes, name: str) -> str:
    return extract(data, name).text


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(BadInput) as error:
        extract(data, name)
    assert all(name in explain(language, error.value) for language in LANGUAGES)
    return error.value.key.removeprefix("knowledge.")


@pytest.mark.parametrize("name", hard.MERGED)
def test_a_cell_merged_over_rows_is_in_each_of_them(name: str) -> None:
    assert "| Room | Door |\n|---|---|\n| Hall | North |\n| Hall | South |" in text_of(hard.MERGED[name], name)


@pytest.mark.parametrize("name", hard.NESTED)
def test_nested_lists(name: str) -> None:
    lines = text_of(hard.NESTED[name], name).split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines]
    assert [line.lstrip("-1234567890. ") for line in lines] == ["Before leaving", "Lights", "Lock"]
    assert indents[0] == indents[2] < indents[1]


@pytest.mark.parametrize("name", hard.FOOTNOTES)
def test_a_footnote_is_found_where_it_belongs(name: str) -> None:
    (piece,) = [piece for piece in chunk(text_of(hard.FOOTNOTES[name], name)) if "desk" in piece.text]
    assert "Ask Odalys for it." in piece.text
    assert piece.heading.endswith("Keys")


@pytest.mark.parametrize("name", hard.COLUMNS)
def test_columns_are_read_one_after_the_other(name: str) -> None:
    text = text_of(hard.COLUMNS[name], name)
    assert text.index("The left column ends here.") < text.index("The right column begins here.")


@pytest.mark.parametrize("name", hard.TEXTS)
def test_what_is_written_from_right_to_left_stays_in_the_order_it_is_read(name: str) -> None:
    assert hard.RTL in text_of(hard.TEXTS[name](hard.RTL), name)


@pytest.mark.parametrize("name", hard.TEXTS)
def test_a_very_long_line_is_read_whole_and_cut(name: str) -> None:
    line = "word " * 20_000 + "and at last the key"
    found = extract(hard.TEXTS[name](line), name)
    assert "and at last the key" in found.text
    assert max(len(piece.text) for piece in chunk(found.text, kind=found.kind)) <= MAX_CHARS


@pytest.mark.parametrize("name", hard.EMPTY)
def test_an_empty_file_is_refused(name: str) -> None:
    assert refusal(hard.EMPTY[name], name) == "empty"


@pytest.mark.parametrize("name", hard.PROTECTED)
def test_a_file_with_a_password_is_refused(name: str) -> None:
    assert refusal(hard.PROTECTED[name], name) == "encrypted"


@pytest.mark.parametrize(
    "name", ["a.docx", "a.odt", "a.ods", "a.xlsx", "a.pptx", "a.epub", "a.zip", "a.json", "a.toml", "a.ipynb"]
)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_half_a_file_is_refused(name: str, share: float) -> None:
    data = SECTIONED[name](handbook(2))
    assert refusal(data[: int(len(data) * share)] or b"{", name) == "damaged"


@pytest.mark.parametrize("name", sorted({*SECTIONED, *WITHOUT_SECTIONS} - {"README", "a.zip"}))
def test_what_is_no_file_of_its_kind_is_refused_in_a_sentence_or_read_as_text(name: str) -> None:
    noise = bytes(range(256)) * 40
    assert refusal(noise, name) in ("damaged", "not_text", "empty")


@pytest.mark.parametrize("name", ["a.doc", "a.ppt"])
def test_files_of_older_offices_are_refused_with_the_way_out(name: str) -> None:
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), name) == "old_office"
