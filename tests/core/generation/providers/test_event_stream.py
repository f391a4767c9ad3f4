"""Bodies are split into JSON texts the same way however the network cuts them, within bounds."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.providers.errors import FailureKind, ProviderFailed
from core.generation.providers.event_stream import DONE, EventStream

PIECES = st.lists(
    st.sampled_from(
        [b"data: ", b"data", b": ", b":", b"\r", b"\n", b"\r\n", b"\n\n", b"{}", b"[", b" ", b"x", b"\xc3", b"\xa9"]
    )
    | st.sampled_from([b"\xef\xbb\xbf", b"\xef\xbb", b"event: e", b"id:1", b"retry", b"<html>", b"[DONE]", b'{"a": 1}'])
    | st.binary(max_size=6),
    max_size=20,
)


def texts(pieces: Iterable[bytes], content_type: str = "", max_bytes: int = 1_000) -> list[str] | FailureKind:
    """Return the texts of a body, or the kind of the failure."""
    stream, found = EventStream(content_type, max_bytes), list[str]()
    try:
        for piece in pieces:
            found += stream.feed(piece)
        return [*found, *stream.end()]
    except ProviderFailed as failure:
        return failure.kind


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\ndata:  b\r\n\r\n", ["a\n b"]),
        (b"data\n\ndata:\rdata:\r\r", ["", "\n"]),
        (b": comment\nevent: e\nid: 1\nretry: 2\nother: x\ndata: a\n\n", ["a"]),
        (b"data: a\n\ndata: never ended", ["a"]),
        (b"\xef\xbb\xbf\n\ndata: \xc3\xa9\xff\n\n", ["é\ufffd"]),
        (b"\n\n", []),
        (b"", []),
        (b' \n{"a":\n1}\n', ['{"a":\n1}\n', DONE]),
        (b"\xef\xbb\xbf[]", ["[]", DONE]),
        (b"<html>: data", ["<html>: data", DONE]),
        (b"dat", ["dat", DONE]),
        (b"database: a\n\n", ["database: a\n\n", DONE]),
    ],
)
def test_the_body_tells_what_it_is(body: bytes, found: list[str]) -> None:
    assert texts([body]) == found


@pytest.mark.parametrize(("body", "found"), [(b"x: 1\n\ndata: a\n\n", ["a"]), (b" {}", ["{}", DONE]), (b"<html>", [])])
def test_what_is_declared_counts_where_the_body_does_not_tell(body: bytes, found: list[str]) -> None:
    assert texts([body], "Text/Event-Stream; charset=utf-8") == found


@given(PIECES, st.sampled_from(["", "text/event-stream", "application/json"]))
def test_how_a_body_is_cut_makes_no_difference(pieces: list[bytes], content_type: str) -> None:
    body = b"".join(pieces)
    assert texts(pieces, content_type) == texts([body], content_type)
    assert texts((body[i : i + 1] for i in range(len(body))), content_type) == texts([body], content_type)


@pytest.mark.parametrize(
    "body", [b"data: " + b"x" * 2_000, b": " + b"x" * 2_000, b"data: x\n" * 300, b"{" + b" " * 2_000]
)
@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_endless_lines_events_and_bodies_are_refused(body: bytes, size: int) -> None:
    assert texts(body[i : i + size] for i in range(0, len(body), size)) is FailureKind.MALFORMED
