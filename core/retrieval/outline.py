"""Outline of program code and of chat logs: their parts, each with the path of headings it is under.

Code is matched by the definitions of common languages and by indentation, not parsed: a part is a definition with the
comments and decorators right above it, under the enclosing definitions (``class Pool > def open``). A chat log has
lines that start with a time and a name; a part is a day, made of messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\n\r\f]+")
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([a-z]+\))?|unsafe"
    r"|inline|override|sealed|data|open|declare|partial|virtual|const|extern)\s+)*"
)
_DEFINITION = re.compile(
    _MODIFIERS
    + r"(?P<what>class|def|function|func|fun|fn|interface|struct|enum|trait|impl|module|namespace|protocol)\b"
    r"(?:\s*\([^)]*\))?[\s*&]*(?P<name>[\w.:<>$, -]*[\w>])"
)
_C_HEAD = re.compile(
    r"(?!(?:if|for|while|switch|catch|return|else|do|with|using|lock)\b)(?:[\w:<>,\[\]*&~]++\s++)+[*&]*"
    r"(?P<name>[\w:~]+)\s*"
)
"""What is before the parameters of a function in C and the like."""
_ABOVE = re.compile(r"\s*(?:#(?!!)|//|/\*|\*|@|--|\[\w|\"\"\"|;;)")
_CLOSING = re.compile(r"\s*[\])}]|\s*(?:end|fi|done|else|elif|except|finally|catch|case)\b")
_MAX_NAME_CHARS = 80

_DAY = r"(?P<day>\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})"
_HOUR = r"\d{1,2}[:h.]\d\d(?:[:.]\d\d)?(?:\s?[ap]\.?m\.?)?"
_MESSAGE = re.compile(
    rf"[\u200e\u200f]?(?:\[?(?:{_DAY},?[ T]+)?{_HOUR}\]?)\s*(?:[-–—]\s*)?(?:<[^>\n]{{1,40}}>|[^:\n<]{{1,40}}:)\s"
    rf"|[^\n:]{{1,40}}\s[—–-]\s{_DAY.replace('day', 'day2')},?\s+{_HOUR}\s*$",
    re.IGNORECASE,
)
_MIN_MESSAGES = 3
_MIN_MESSAGE_SHARE = 0.5
"""Least share of a log's lines that start a message; the others continue one."""


@dataclass(frozen=True, slots=True)
class OutlinePart:
    """A part of a text, ``text[start:end]``, and the path it is under."""

    start: int
    end: int
    path: str


def code_parts(text: str) -> list[OutlinePart]:
    """Return the parts of program code in order; together they have every character but white space."""
    lines = [match for match in _LINE.finditer(text) if match.group().strip()]
    stack: list[tuple[int, str]] = []
    starts: list[tuple[int, str]] = []
    above: int | None = None
    is_bare = False
    for line in lines:
        content = line.group().expandtabs(4)
        indent = len(content) - len(content.lstrip())
        if _ABOVE.match(content):
            above = line.start() if above is None else above
            continue
        defined = _defined(content.lstrip())
        ended = bool(stack) and indent <= stack[-1][0] and not _CLOSING.match(content)
        if defined or ended or not starts:
            stack = [(depth, name) for depth, name in stack if depth < indent]
            if defined:
                stack.append((indent, defined))
            if is_bare and defined and len(stack) > 1:  # nothing stands between a definition and the first one in it
                above = starts.pop()[0]
            starts.append((line.start() if above is None else above, " > ".join(name for _, name in stack)))
            is_bare = bool(defined)
        else:
            is_bare = False
        above = None
    if lines and not starts:
        starts.append((lines[0].start(), ""))
    return list(_parts(text, starts))


def is_chat(text: str) -> bool:
    """Return whether a text is a chat log."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    n_messages = sum(bool(_MESSAGE.match(line)) for line in lines)
    return n_messages >= _MIN_MESSAGES and n_messages >= _MIN_MESSAGE_SHARE * len(lines)


def chat_parts(text: str) -> list[OutlinePart]:
    """Return the days of a chat log in order, their path the date as written; without dates, one part."""
    starts: list[tuple[int, str]] = []
    for line in _LINE.finditer(text):
        message = _MESSAGE.match(line.group())
        day = (message["day"] or message["day2"] or "") if message else ""
        if not starts or (day and day != starts[-1][1]):
            starts.append((line.start(), day))
    return list(_parts(text, starts))


def message_starts(text: str, part: OutlinePart) -> list[int]:
    """Return the start offsets of a part's messages; the part's own start is always the first."""
    starts = [m.start() + part.start for m in _LINE.finditer(text[part.start : part.end]) if _MESSAGE.match(m.group())]
    return starts if starts[:1] == [part.start] else [part.start, *starts]


def _parts(text: str, starts: list[tuple[int, str]]) -> Iterator[OutlinePart]:
    """Yield the parts at these starts, consecutive ones of the same path merged."""
    merged = [pair for n, pair in enumerate(starts) if n == 0 or pair[1] != starts[n - 1][1]]
    ends = [start for start, _ in merged[1:]] + [len(text)] * bool(merged)
    yield from (OutlinePart(start, end, path) for (start, path), end in zip(merged, ends, strict=True))


def _defined(line: str) -> str:
    """Return the name that a line of code defines (``class Pool``, ``open()``); empty for none."""
    if match := _DEFINITION.match(line):
        return f"{match['what']} {' '.join(match['name'].split())}"[:_MAX_NAME_CHARS]
    head, _, tail = line.partition("(")
    _, closing, rest = tail.rpartition(")")
    is_function = closing and rest.rstrip().endswith("{") and ";" not in tail and "=" not in rest
    match = _C_HEAD.fullmatch(head) if is_function else None
    return f"{match['name']}()"[:_MAX_NAME_CHARS] if match else ""
