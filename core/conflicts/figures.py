"""Figures of a statement: amounts, shares, times, dates, durations, weekdays and numbers, each in one unit.

By patterns for English and Portuguese over folded text (lower case, without accents). *two weeks* and *14 days* are the
same duration, *9 am* and *9:00* the same time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan janeiro", "february feb fevereiro fev", "march mar marco", "april apr abril abr",
            "may maio mai",
            "june jun junho", "july jul julho", "august aug agosto ago", "september sep sept setembro set",
            "october oct outubro out", "november nov novembro", "december dec dezembro dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_WEEKDAYS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        ("monday segunda", "tuesday terca", "wednesday quarta", "thursday quinta", "friday sexta", "saturday sabado",
         "sunday domingo"),
    )
    for name in names.split()
}  # fmt: skip

_NUMBER_WORDS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        ("two dois duas", "three tres", "four quatro", "five cinco", "six seis", "seven sete", "eight oito",
         "nine nove",
         "ten dez", "eleven onze", "twelve doze"),
        start=2,
    )
    for name in names.split()
}  # fmt: skip

_SECONDS: Mapping[str, int] = {
    name: seconds
    for seconds, names in (
        (1, "second seconds segundo segundos"),
        (60, "minute minutes min minuto minutos"),
        (3_600, "hour hours hora horas"),
        (86_400, "day days dia dias"),
        (604_800, "week weeks semana semanas"),
        (2_592_000, "month months mes meses"),
        (31_536_000, "year years ano anos"),
    )
    for name in names.split()
}


def _any(words: Mapping[str, object]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_N = r"\d{1,12}(?:[.,]\d{1,3}){0,4}"
_CURRENCY = (
    r"€|\$|£|euros?\b|eur\b|dollars?\b|usd\b|reais\b|real\b|brl\b|pounds?\b|gbp\b|libras?\b|cents?\b|centimos?\b"
    r"|centavos?\b|pence\b"
)
_MONTH, _DAY = _any(MONTHS), r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|º|o)?"
_FIGURE = re.compile(
    rf"(?P<money>(?:r\$|us\$|[€$£]) ?{_N}|{_N} ?(?:{_CURRENCY}))"
    rf"|(?P<percent>{_N} ?(?:%|percent\b|per cent\b|por cento\b))"
    r"|(?P<iso>\b(?:19|20)\d\d-\d\d-\d\d\b)"
    r"|(?P<slashed>\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d\b)"
    rf"|(?P<date>\b{_DAY}(?: de| of)? (?:{_MONTH})\b(?:,? (?:de )?(?:19|20)\d\d)?"
    rf"|\b(?:{_MONTH}) {_DAY}\b(?:,? (?:19|20)\d\d\b)?)"
    r"|(?P<time>\b\d{1,2}(?::\d\d|h(?:\d\d)?) ?(?:[ap]\.?m\b)?|\b\d{1,2} ?[ap]\.?m\b|\bnoon\b|\bmidnight\b"
    r"|\bmeio-dia\b|\bmeia-noite\b)"
    rf"|(?P<duration>\b(?:{_N}|{_any(_NUMBER_WORDS)})[ -](?:{_any(_SECONDS)})\b)"
    rf"|(?P<weekday>\b(?:{_any(_WEEKDAYS)})(?:s|-feiras?)?\b)"
    r"|(?P<year>\b(?:19|20)\d\d\b(?![.,:/-]\d))"
    rf"|(?P<number>\b{_N}(?![\w/-])|\b(?:{_any(_NUMBER_WORDS)})\b)"
)
_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)\d\d\b")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_NEXT_WORD = re.compile(r" ([a-z][a-z-]{2,30})\b")
_LAST_WORD = re.compile(r"([a-z][a-z-]{1,30})\W{1,3}$")
_SUBUNIT = re.compile(r"cents?\b|centimos?\b|centavos?\b|pence\b")
_SYMBOLS = (("euro", ("€", "eur")), ("pound", ("£", "pound", "gbp", "libra")), ("real", ("r$", "rea", "brl")))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its kind, its unit where figures of several units do not compare, and its value in that unit.

    A date is ``(year or 0, month, day)``; a duration has seconds; a time, minutes since midnight.
    """

    kind: str
    unit: str
    value: float | tuple[int, int, int]
    start: int
    end: int


def figures(folded: str) -> list[Figure]:
    """Return the figures of a folded text in order, with their offsets in it."""
    return list(_figures(folded))


def _figures(text: str) -> Iterator[Figure]:
    for match in _FIGURE.finditer(text):
        kind = str(match.lastgroup)
        unit, value = _READERS[kind](match, text)
        if value is not None:
            yield Figure(_KINDS.get(kind, kind), unit, value, match.start(), match.end())


_KINDS: Mapping[str, str] = {"iso": "date", "slashed": "date"}

_Read = tuple[str, float | tuple[int, int, int] | None]


def _money(match: re.Match[str], _: str) -> _Read:
    said = match[0]
    amount = _number_in(said)
    if _SUBUNIT.search(said):
        return "cents", amount / 100
    return next((name for name, signs in _SYMBOLS if any(sign in said for sign in signs)), "dollar"), amount


def _percent(match: re.Match[str], _: str) -> _Read:
    return "", _number_in(match[0])


def _iso(match: re.Match[str], _: str) -> _Read:
    year, month, day = (int(part) for part in match[0].split("-"))
    return "", (year, month, day)


def _slashed(match: re.Match[str], _: str) -> _Read:
    day, month, year = (int(part) for part in _DIGITS.findall(match[0]))
    return "", (year, month, day)


def _date(match: re.Match[str], _: str) -> _Read:
    said = match[0]
    year = _YEAR.search(said)
    day = next(int(each) for each in _DIGITS.findall(said))
    month = next(number for word in re.findall(r"[a-z]+", said) if (number := MONTHS.get(word)))
    return "", (int(year[0]) if year else 0, month, day)


def _time(match: re.Match[str], _: str) -> _Read:
    said = match[0]
    digits = [int(each) for each in _DIGITS.findall(said)]
    if not digits:
        return "", float(0 if said in ("midnight", "meia-noite") else 720)
    hour, minute = digits[0], digits[1] if len(digits) > 1 else 0
    if "m" in said and hour <= 12:
        hour = hour % 12 + (12 if "p" in said else 0)
    return "", float(hour * 60 + minute) if hour <= 24 and minute < 60 else None


def _duration(match: re.Match[str], _: str) -> _Read:
    number, unit = re.split(r"[ -]", match[0], maxsplit=1)
    return "", _number_in(number) * _SECONDS[unit]


def _weekday(match: re.Match[str], text: str) -> _Read:
    word = match[0].removesuffix("s").removesuffix("-feira")
    is_ordinal = word in ("segunda", "terca", "quarta", "quinta", "sexta") and "feira" not in match[0]
    return "", None if is_ordinal else float(_WEEKDAYS[word])


def _year(match: re.Match[str], _: str) -> _Read:
    return "", float(match[0])


def _number(match: re.Match[str], text: str) -> _Read:
    following, before = (
        _NEXT_WORD.match(text, match.end()),
        _LAST_WORD.search(text, max(0, match.start() - 34), match.start()),
    )
    unit = following[1] if following else before[1] if before else ""
    return unit, _number_in(match[0])


def _number_in(text: str) -> float:
    """Return the number that a text begins or ends with: ``1.000`` is a thousand, ``1,5`` one and a half."""
    word = next((number for name, number in _NUMBER_WORDS.items() if text.split()[0] == name), None)
    if word is not None:
        return float(word)
    found = re.search(_N, text)
    said = found[0] if found else "0"
    if _THOUSANDS.fullmatch(said):
        return float(re.sub(r"[.,]", "", said))
    *whole, rest = re.split(r"[.,]", said)
    return float(f"{''.join(whole)}.{rest}") if whole else float(rest)


_READERS: Mapping[str, Callable[[re.Match[str], str], _Read]] = {
    "money": _money,
    "percent": _percent,
    "iso": _iso,
    "slashed": _slashed,
    "date": _date,
    "time": _time,
    "duration": _duration,
    "weekday": _weekday,
    "year": _year,
    "number": _number,
}
