"""Texts that make a regular expression backtrack: repetitions of what its own parts match, and classic ones."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The parser has no public name; ``sre_parse`` is deprecated.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

CLASSIC = (
    *"a1A é \t\n\r.,:;!-_*`#<[(|'\"@/\\\u0300",
    *("<a>", "a ", "a.", "1,", "a\n", "1.", ". ", "a-", "a@", "://", "\r\n", " \n", "```\n", "[1]", "**a", "a. 1. "),
)
_ENDINGS = ("", "\0", "é")
"""After the repetition: nothing, a character hardly any pattern accepts, and a letter that is not ASCII."""

_MAX_UNITS = 120
_LETTERS = 'a1 .x-_é"\n'
_CATEGORY = {
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_NOT_DIGIT: "a",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_WORD: "-",
}
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


@dataclass(frozen=True)
class Attack:
    """A text of any size: ``before``, then ``unit`` again and again, then ``after``."""

    before: str
    unit: str
    after: str

    def text(self, n_chars: int) -> str:
        return self.before + self.unit * (n_chars // len(self.unit)) + self.after


def attacks(pattern: re.Pattern[Any]) -> list[Attack]:
    """Return the texts that are tried against a pattern."""
    parts = list(_parts(_parser.parse(pattern.pattern, pattern.flags), ""))
    units: dict[tuple[str, str], None] = {}
    for before, part in parts:
        units |= dict.fromkeys([("", part), (before, part), ("", before), ("", before + part)])
    units |= dict.fromkeys(("", unit) for unit in CLASSIC)
    short = list(dict.fromkeys(part for _, part in parts if 0 < len(part) < 4))[:8]
    units |= dict.fromkeys(("", "".join(pair)) for pair in itertools.permutations(short, 2))
    kept = [(before, unit) for before, unit in units if unit][:_MAX_UNITS]
    return [Attack(before, unit, after) for before, unit in kept for after in _ENDINGS]


def _parts(items: Iterable[Any], before: str) -> Iterator[tuple[str, str]]:
    """Yield a text matched by each part of a pattern, with one matched by what is before it."""
    for item in items:
        operator, value = item
        part = _matched(item)
        yield before, part
        if operator in _REPEATS:
            yield from _parts(value[2], before)
        elif operator is sre.SUBPATTERN:
            yield from _parts(value[3], before)
        elif operator is sre.ATOMIC_GROUP:
            yield from _parts(value, before)
        elif operator is sre.BRANCH:
            for branch in value[1]:
                yield from _parts(branch, before)
        elif operator is sre.IN and value[0][0] is not sre.NEGATE:
            yield from ((before, _character([each])) for each in value[:6])
        before += part


def _matched(item: Any) -> str:
    """Return a text that one part of a pattern matches."""
    operator, value = item
    match operator:
        case sre.LITERAL:
            return chr(value)
        case sre.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        case sre.ANY:
            return "a"
        case sre.IN:
            return _character(value)
        case sre.SUBPATTERN:
            return _all(value[3])
        case sre.ATOMIC_GROUP:
            return _all(value)
        case sre.BRANCH:
            return _all(value[1][0])
        case _ if operator in _REPEATS:
            return _all(value[2]) * max(value[0], 1)
    return ""


def _all(items: Iterable[Any]) -> str:
    return "".join(map(_matched, items))


def _character(members: Any) -> str:
    """Return a character of a set."""
    if members[0][0] is sre.NEGATE:
        return next((each for each in _LETTERS if not any(_has(member, each) for member in members[1:])), "z")
    operator, value = members[0]
    if operator is sre.CATEGORY:
        return _CATEGORY[value]
    return chr(value[0] if operator is sre.RANGE else value)


def _has(member: Any, character: str) -> bool:
    operator, value = member
    if operator is sre.RANGE:
        return value[0] <= ord(character) <= value[1]
    if operator is sre.LITERAL:
        return value == ord(character)
    return {
        sre.CATEGORY_DIGIT: character.isdigit(),
        sre.CATEGORY_NOT_DIGIT: not character.isdigit(),
        sre.CATEGORY_SPACE: character.isspace(),
        sre.CATEGORY_NOT_SPACE: not character.isspace(),
        sre.CATEGORY_WORD: character.isalnum() or character == "_",
        sre.CATEGORY_NOT_WORD: not (character.isalnum() or character == "_"),
    }[value]
