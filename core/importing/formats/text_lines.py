"""Lines of a text of any size, decoded one by one, each of bounded length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

MAX_LINE_BYTES = 1_000_000
"""A longer line comes in pieces of this size."""

_INVISIBLE = str.maketrans("", "", "\ufeff\u200e\u200f\u202a\u202b\u202c")


def decoded_lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of UTF-8 text without their ends, and without marks of writing direction."""
    while line := stream.readline(MAX_LINE_BYTES):
        yield line.decode("utf-8", "replace").rstrip("\r\n").translate(_INVISIBLE).replace("\u202f", " ")
