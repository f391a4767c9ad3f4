"""Detection and masking of secrets and personal data in texts, so that they are not learned.

Phone numbers are found by phonenumbers (Google's rules, strict enough to leave dates and versions alone); cards, CPFs
and IBANs by their check digits; keys and tokens by the shapes their issuers give them. Names are not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["private_key", "key", "password", "email", "iban", "card", "cpf", "phone"]

REGIONS = ("BR", "PT", "US", "GB")
"""Regions (ISO 3166) tried for a phone number without a country code."""


@dataclass(frozen=True, slots=True)
class PersonalDataSpan:
    """A match: ``text[start:end]`` is of this kind."""

    kind: Kind
    start: int
    end: int


def find(text: str) -> tuple[PersonalDataSpan, ...]:
    """Return the secrets and personal data of a text in its order, overlapping matches joined. Blocks."""
    found: list[PersonalDataSpan] = []
    for span in sorted(_all(text), key=lambda span: (span.start, -span.end)):
        if not found or span.start >= found[-1].end:
            found.append(span)
        elif span.end > found[-1].end:  # two that overlap are one, so that no end of either is left to read
            found[-1] = PersonalDataSpan(found[-1].kind, found[-1].start, span.end)
    return tuple(found)


def mask(text: str) -> str:
    """Return a text with ``[kind]`` in place of whatever is secret or personal. Blocks."""
    pieces, end = [], 0
    for span in find(text):
        pieces += [text[end : span.start], f"[{span.kind}]"]
        end = span.end
    return "".join([*pieces, text[end:]])


def without_mentions(text: str) -> str:
    """Return a text with ``@…`` in place of whoever it mentions, by id or by name."""
    return _MENTION.sub("@…", text)


def is_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def is_cpf(digits: str) -> bool:
    """Tell whether eleven digits are a CPF: the last two check the others, and not all are the same."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return all(_cpf_digit(digits[:known]) == int(digits[known]) for known in (9, 10))


def is_iban(code: str) -> bool:
    """Tell whether letters and digits are an IBAN (ISO 13616: the remainder by 97 is one)."""
    return int("".join(str(int(character, 36)) for character in code[4:] + code[:4])) % 97 == 1


def _cpf_digit(digits: str) -> int:
    weighed = sum(int(digit) * (len(digits) + 1 - place) for place, digit in enumerate(digits))
    return weighed * 10 % 11 % 10


_MENTION = re.compile(r"<@[!&]?\d+>|(?<![\w@])@\w{4,32}")

_SHAPES: Mapping[Kind, re.Pattern[str]] = {
    "private_key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    "key": re.compile(
        r"""(?<![\w-])(?:
            eyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*                 # JWT
          | (?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}                   # OpenAI and its likes, Stripe
          | gh[pousr]_[A-Za-z0-9]{30,} | github_pat_\w{30,} | glpat-[\w-]{20,}
          | (?:AKIA|ASIA)[A-Z0-9]{16} | AIza[\w-]{30,}
          | (?:hf|gsk|npm)_[A-Za-z0-9]{30,} | pypi-[\w-]{30,} | xox[abeoprs]-[\w-]{10,}
          | [MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}            # Discord
          | \d{8,10}:[\w-]{35}                                 # Telegram
        )(?![\w-])""",
        re.VERBOSE,
    ),
    "password": re.compile(
        r"(?i)(?<!\w)(?:password|passwd|passphrase|senha|palavra-passe|api[ _-]?key|secret|token|bearer)"
        r"(?:\s*[:=]\s*|\s+(?:is|é)(?:\s*+:)?\s++)[\"'`]?(?=\S{0,64}[\d!@#$%^&*])[^\s\"'`]{6,}"
    ),
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)"),
}

_CHECKED: Mapping[Kind, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "iban": (re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"), is_iban),
    "card": (re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-]|\.\d)"), is_luhn),
    "cpf": (re.compile(r"(?<![\w.-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![\w-]|\.\d)"), is_cpf),
}


def _all(text: str) -> Iterator[PersonalDataSpan]:
    for kind, shape in _SHAPES.items():
        yield from (PersonalDataSpan(kind, *match.span()) for match in shape.finditer(text))
    for kind, (shape, is_valid) in _CHECKED.items():
        for match in shape.finditer(text):
            if is_valid(re.sub(r"\W", "", match[0])):
                yield PersonalDataSpan(kind, *match.span())
    yield from _phones(text)


def _phones(text: str) -> Iterator[PersonalDataSpan]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in REGIONS:
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            yield PersonalDataSpan("phone", match.start, match.end)
