"""Secrets and personal data are found by shape and check digit; what only looks like them is left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy.personal_data import find, is_cpf, is_iban, is_luhn, mask

DISCORD = "M" + "A" * 23 + ".Made_u." + "p" * 38
TELEGRAM = "1234567890:" + "AAMadeUp" * 4 + "AAA"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to ana.silva+club@mail.example.org, please.", "email"),
        ("Escreva para josé@exemplo.com.br.", "email"),
        ("Ligue 11 98765-4321 à noite", "phone"),
        ("call +1 415 555 2671", "phone"),
        ("o meu número é 912 345 678", "phone"),
        ("ring (212) 555-0142", "phone"),
        ("card 4111 1111 1111 1111", "card"),
        ("5500-0000-0000-0004", "card"),
        ("CPF 529.982.247-25", "cpf"),
        ("cpf 52998224725", "cpf"),
        ("IBAN GB82 WEST 1234 5698 7654 32", "iban"),
        ("PT50000201231234567890154", "iban"),
        ("key sk-proj-Made1Up2Made3Up4Made5", "key"),
        ("ghp_" + "madeup" * 6, "key"),
        ("AKIAMADEUPMADEUP1234", "key"),
        ("hf_" + "MadeUp" * 6, "key"),
        ("AIza" + "MadeUp12" * 4 + "abc", "key"),
        ("xoxb-1234567890-madeup", "key"),
        ("gsk_" + "madeup" * 6, "key"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJtYWRlIjoidXAifQ.bWFkZS11cA", "key"),
        (f"the bot's token: {TELEGRAM}", "password"),
        (TELEGRAM, "key"),
        (DISCORD, "key"),
        ("password: hunter2!", "password"),
        ("a senha é: Praia123", "password"),
        ("API_KEY=made-up-1234", "password"),
        ("-----BEGIN RSA PRIVATE KEY-----\nbWFkZSB1cA==\n-----END RSA PRIVATE KEY-----", "private_key"),
    ],
)
def test_what_is_personal_or_secret_is_found_and_masked(text: str, kind: str) -> None:
    kinds = [span.kind for span in find(text)]
    assert kinds == [kind]
    assert f"[{kind}]" in mask(text)
    [span] = find(text)
    assert text[span.start : span.end] not in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "The library opens at nine and closes at 17:30, Monday to Friday.",
        "On 2026-11-23 at 10:20 version 1.2.3.4 came out, 3.14159265358979 times better.",
        "Open 9:00-17:00 since 2019-2024; ISBN 978-3-16-148410-0.",
        "The server is 192.168.0.1, port 8080, order 1234567890123456.",
        "Use @ana or user@localhost; a@b is no address.",
        "The token is in the drawer, the password is written on the wall.",
        "A senha é pedida na portaria; o segredo é simples.",
        "O CPF 111.111.111-11 não existe.",
        "In 1914 1918 1939 1945 it was closed.",
        "R$ 1.234.567,89 and 10 000 000 people.",
        "task-management-for-everyone-in-the-club, sk-8 skating",
    ],
)
def test_what_is_neither_is_left_alone(text: str) -> None:
    assert find(text) == ()
    assert mask(text) == text


def test_several_are_told_apart_in_their_order() -> None:
    text = "Ana: ana@example.org, 11 98765-4321, CPF 529.982.247-25."
    assert [span.kind for span in find(text)] == ["email", "phone", "cpf"]
    assert mask(text) == "Ana: [email], [phone], CPF [cpf]."


@given(st.integers(0, 10**15 - 1))
def test_a_wrong_digit_is_no_card(number: int) -> None:
    digits = f"{number:015d}"
    [check] = [digit for digit in "0123456789" if is_luhn(digits + digit)]
    assert check in "0123456789"


@given(st.integers(0, 10**9 - 1))
def test_of_a_hundred_endings_one_is_a_cpf(number: int) -> None:
    digits = f"{number:09d}"
    valid = [ending for ending in range(100) if is_cpf(f"{digits}{ending:02d}")]
    assert len(valid) == (0 if len(set(digits)) == 1 else 1)


def test_an_iban_with_two_digits_swapped_is_none() -> None:
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("GB82WEST12345698765423")


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))
