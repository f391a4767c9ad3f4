"""Unicode normal forms in linear time.

The standard library sorts a run of combining marks by insertion, in time that grows with its square. So a run is cut
at ``MAX_MARKS``, the limit of the Stream-Safe Text Format (UAX #15, section 13), before it is sorted. No other module
calls ``unicodedata.normalize`` on text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

NormalForm = Literal["NFC", "NFKC", "NFKD"]

MAX_MARKS = 30
"""How many combining marks of one character are kept; no language writes more than a few."""

_MARKS_UNTIL = 0x1E94B
"""The code point after the last combining mark of Unicode 16."""

_DECOMPOSED_TO_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"
"""Characters of combining class 0 whose decompositions begin with a combining mark."""


def normal_form(form: NormalForm, text: str) -> str:
    """Return ``text`` in a normal form, without what exceeds ``MAX_MARKS`` combining marks in a row."""
    return text if text.isascii() else unicodedata.normalize(form, _long_runs().sub(r"\1", text))


@cache
def _long_runs() -> re.Pattern[str]:
    """Return the pattern of a run of more than ``MAX_MARKS`` marks, the marks to keep being its group."""
    marks = filter(unicodedata.combining, map(chr, range(0x300, _MARKS_UNTIL)))
    one = f"[{''.join(marks)}{_DECOMPOSED_TO_MARKS}]"
    return re.compile(f"({one}{{{MAX_MARKS}}}){one}+")
