"""Frames: what a sandbox and its parent send each other.

A frame is two lengths (big-endian, 4 bytes each), a header of JSON in UTF-8, and a body of bytes.
Reading one runs nothing of the sender's.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">II")

MAX_HEADER_BYTES = 16_000_000
MAX_BODY_BYTES = 256_000_000


class MalformedFrame(ValueError):
    """What came is no frame, or a larger one than allowed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A request or a reply."""

    header: Mapping[str, Any]
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the frame as bytes."""
        header = json.dumps(self.header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return _LENGTHS.pack(len(header), len(self.body)) + header + self.body


def read_frame(stream: BinaryIO) -> Frame | None:
    """Return the next frame of a stream, ``None`` at its end. Blocks."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    n_header, n_body = _LENGTHS.unpack(lengths)
    return _decoded(stream.read(n_header), stream.read(n_body))


async def receive_frame(reader: asyncio.StreamReader) -> Frame:
    """Return the next frame from an untrusted sender.

    Raises ``MalformedFrame``, and ``EOFError`` where the stream ends.
    """
    n_header, n_body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if n_header > MAX_HEADER_BYTES or n_body > MAX_BODY_BYTES:
        raise MalformedFrame(f"{n_header} bytes of header and {n_body} of body are too many")
    return _decoded(await reader.readexactly(n_header), await reader.readexactly(n_body))


def _decoded(header: bytes, body: bytes) -> Frame:
    try:
        values = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise MalformedFrame(f"a header is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise MalformedFrame("a header is not an object")
    return Frame(values, body)
