"""Bytes to text, and bytes that are none."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.control_characters import without_controls
from core.knowledge.charset import NotText, decode, normalise_text

TEXT = "A reunião é às 19h — “não falte”.\nÜber die Straße."
PLAIN = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "S"]), min_size=1, max_size=300)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_text_in_a_known_character_set(charset: str) -> None:
    assert decode(TEXT.encode(charset)) == TEXT


@pytest.mark.parametrize(
    ("charset", "said"),
    [
        ("utf-8", "Open \u202eat\u202c \u2066\u200fnine\x1b.\x9b"),
        ("utf-16", "Open \u202eat\u202c \u2066\u200fnine\x1b.\x9b"),
        ("cp1252", "Open \x1bat\x07 \x7fnine."),
    ],
)
def test_controls_of_terminals_and_of_direction_are_removed(charset: str, said: str) -> None:
    read = decode((said + " Bring a card, and your own cup." * 30).encode(charset))
    assert read.startswith("Open at nine.")
    assert without_controls(read) == read


def test_a_letter_and_its_mark_are_composed_although_a_control_stood_between() -> None:
    assert normalise_text("Conceic\u202e\u0327a\u200b\u0303o") == "Conceição"


def test_a_declared_character_set_goes_first() -> None:
    assert decode("Привет, сад".encode("koi8-r"), "koi8-r") == "Привет, сад"
    assert decode(TEXT.encode(), "no-such-charset") == TEXT
    assert decode(TEXT.encode("cp1252"), "utf-8") == TEXT


@pytest.mark.parametrize(
    "data",
    [
        bytes(1000),
        b"text\0with\0nuls and more text",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        b"PK\x03\x04\x14\x00\x00\x00" * 50,
        b"\x7fELF\x02\x01\x01" + bytes(200),
        b"\xff\xfe" + b"\x00\xd8" * 40,
    ],
)
def test_bytes_that_are_no_text(data: bytes) -> None:
    with pytest.raises(NotText):
        decode(data)


def test_random_bytes_are_no_text() -> None:
    for size in (200, 5_000, 200_000):
        with pytest.raises(NotText):
            decode(os.urandom(size))


@given(PLAIN)
def test_every_text_survives_utf8(text: str) -> None:
    assert decode(text.encode()) == normalise_text(text)


@given(st.text(max_size=300))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert normalise_text(normalise_text(text)) == normalise_text(text)
    assert "\r" not in normalise_text(text)


@given(st.binary(max_size=500))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    with suppress(NotText):
        assert "\0" not in decode(data)


def test_tidying() -> None:
    assert normalise_text("\ufeffa\u00adb  \r\n\r\n\r\n\r\nc\xa0d\re\u0301 ") == "ab\n\nc d\né"


def test_one_bad_byte_does_not_make_mojibake_of_utf8() -> None:
    text = "A associação abre às 7h15; a responsável é a Conceição. Café à mão."
    broken = text.encode().replace("Café".encode(), b"Caf\xe9")
    assert decode(broken) == text.replace("Café", "Caf\ufffd")


@pytest.mark.parametrize("charset", ["cp1252", "latin-1", "utf-8", "utf-16", "utf-16-le"])
def test_western_text_in_any_usual_charset(charset: str) -> None:
    text = "Reunião às 19h na biblioteca; não é preciso inscrição. Até amanhã, João!"
    assert decode(text.encode(charset)) == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Ворота открываются в девять часов утра, а закрываются в восемь вечера каждый день недели. " * 4, "cp1251"),
        ("Η πύλη ανοίγει στις εννέα το πρωί και κλείνει στις οκτώ το βράδυ κάθε μέρα της εβδομάδας. " * 4, "cp1253"),
    ],
)
def test_another_alphabet_is_recognised_or_refused_and_never_mojibake(text: str, charset: str) -> None:
    try:
        read = decode(text.encode(charset))
    except NotText:
        return
    assert read == text.strip()


def test_ligatures_are_letters_and_a_nul_is_nothing() -> None:
    assert decode("The \ufb01re o\ufb03ce \ufb02ies a \ufb02ag.".encode()) == "The fire office flies a flag."
    assert decode(b"The shed opens.\0 Paddles hang there, on the northern wall of it.") == (
        "The shed opens. Paddles hang there, on the northern wall of it."
    )
