"""Splits the body of a response into JSON texts: the data of server-sent events, or the whole body where it is JSON.

The body decides, not its Content-Type, which some servers leave out or set wrongly. Events are read as the HTML
standard says (section 9.2.6); a byte order mark and white space before the first are skipped. How the network cuts the
bytes makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.generation.providers.errors import FailureKind, ProviderFailed

DONE = "[DONE]"
"""OpenAI's last event."""

MAX_EVENT_BYTES = 1_000_000
"""Most bytes of one line, one event, or one JSON body."""

_FIELDS = frozenset({b"", b"data", b"event", b"id", b"retry"})
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD_END = re.compile(rb"[:\r\n]")
_BLANK = re.compile(rb"(?:\xef\xbb\xbf|\s)+")
_N_FIRST = 6
"""Bytes that tell a field name, with the colon or line end after it, from anything else."""


class EventStream:
    """Turns bytes into JSON texts. A JSON body is one text, followed by ``DONE``.

    Its methods raise ``ProviderFailed`` (``malformed``) for a line, event or body of more than ``max_bytes``.
    """

    def __init__(self, content_type: str, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._is_declared = content_type.strip().lower().startswith("text/event-stream")
        self._max_bytes = max_bytes
        self._start = b""
        self._is_events: bool | None = None  # until the first bytes tell
        self._held: list[bytes] = []  # of the line or body that has not ended
        self._n_held = 0
        self._data: list[bytes] = []  # of the event that has not ended
        self._n_data = 0
        self._is_after_cr = False

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the texts that these bytes complete."""
        if self._is_events is None:
            data = self._start = _from_text(self._start + data)
            if len(data) < _N_FIRST and not _FIELD_END.search(data):
                return
            self._is_events = self._looks_like_events(data)
        if self._is_events:
            yield from self._events(data)
        else:
            self._hold(data)

    def end(self) -> Iterator[str]:
        """Yield what the end of the response completes; an event without its empty line is dropped."""
        body = self._start if self._is_events is None else b"".join(self._held)
        if body and not self._is_events:
            yield body.decode(errors="replace")
            yield DONE

    def _looks_like_events(self, data: bytes) -> bool:
        first = _FIELD_END.split(data[:_N_FIRST], maxsplit=1)
        is_field = len(first) > 1 and first[0] in _FIELDS
        return is_field or (self._is_declared and not data.startswith((b"{", b"[")))

    def _events(self, data: bytes) -> Iterator[str]:
        if self._is_after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._is_after_cr = False
        if not data:
            return
        self._is_after_cr = data.endswith(b"\r")
        *lines, rest = _LINE_END.split(data)
        for line in lines:
            self._hold(line)
            yield from self._line(b"".join(self._held))
            self._held, self._n_held = [], 0
        self._hold(rest)

    def _line(self, line: bytes) -> Iterator[str]:
        if not line:
            if self._data:
                yield b"\n".join(self._data).decode(errors="replace")
            self._data, self._n_data = [], 0
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._n_data += len(line) + 1
            self._limit(self._n_data)
            self._data.append(value.removeprefix(b" "))

    def _hold(self, data: bytes) -> None:
        self._n_held += len(data)
        self._limit(self._n_held)
        self._held.append(data)

    def _limit(self, n_bytes: int) -> None:
        if n_bytes > self._max_bytes:
            raise ProviderFailed(FailureKind.MALFORMED, f"more than {self._max_bytes} bytes in one piece", status=200)


def _from_text(data: bytes) -> bytes:
    """Return ``data`` without white space and byte order marks before its first text."""
    blank = _BLANK.match(data)
    return data[blank.end() :] if blank else data
