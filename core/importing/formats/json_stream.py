"""JSON of any size read in pieces: the objects of named arrays one by one, and what stands beside them (ijson)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import ijson
from ijson.common import ObjectBuilder

MAX_VALUES = 200_000
"""The most values of one object; a message has a few dozen."""


MAX_TOKEN_BYTES = 8_000_000
"""The most bytes of one text or number, and between two values."""


class BrokenJson(Exception):
    """The JSON ends early, or is none; what was yielded before is whole."""


@dataclass(slots=True)
class _BoundedReader:
    """Reads a stream, as long as values are found in it."""

    stream: BinaryIO
    n_bytes: int = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises ``ValueError`` when nothing was found in what was read."""
        if self.n_bytes > MAX_TOKEN_BYTES:
            raise ValueError("a value is too long")
        data = self.stream.read(size)
        self.n_bytes += len(data)
        return data


@dataclass(slots=True)
class JsonStream:
    """Yields objects of the arrays at ``paths`` (``messages.item``).

    ``scalars`` are the values beside them read so far, by path (``guild.name``), the latest of each.
    """

    stream: BinaryIO
    paths: frozenset[str]
    scalars: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Yield each object. Raises ``BrokenJson``."""
        reader = _BoundedReader(self.stream)
        events = _counted(ijson.parse(reader, use_float=True), reader)
        try:
            for path, event, value in events:
                if path in self.paths and event == "start_map":
                    yield _object(path, events)
                elif event in _SCALARS:
                    self.scalars[path] = value
        except ijson.JSONError as error:
            raise BrokenJson(str(error).splitlines()[0]) from None
        except (UnicodeDecodeError, OverflowError, ValueError) as error:
            raise BrokenJson(str(error)) from None


_SCALARS = frozenset(("string", "number", "boolean", "null"))


def _counted(events: Iterator[tuple[str, str, Any]], reader: _BoundedReader) -> Iterator[tuple[str, str, Any]]:
    for event in events:
        reader.n_bytes = 0
        yield event


def _object(path: str, events: Iterator[tuple[str, str, Any]]) -> Mapping[str, Any]:
    """Return the object whose start was just read, with everything in it. Raises ``ValueError`` when it has no end."""
    builder = ObjectBuilder()
    builder.event("start_map", None)
    for n, (at, event, value) in enumerate(events):
        builder.event(event, value)
        if at == path and event == "end_map":
            return dict(builder.value)
        if n > MAX_VALUES:
            break
    raise ValueError("an object has no end")


def text_of(value: object) -> str:
    """Return a JSON value as text; empty for what is neither text nor a number."""
    if isinstance(value, bool):
        return ""
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def maps_of(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a JSON array; none for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def map_of(value: object) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
