from __future__ import annotations

import asyncio
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sandbox.frames import MAX_BODY_BYTES, Frame, MalformedFrame, read_frame, receive_frame

values = st.recursive(st.none() | st.integers() | st.text(st.characters(codec="utf-8")), st.lists, max_leaves=5)


async def received(data: bytes) -> Frame:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await receive_frame(reader)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), values), st.binary())
def test_a_frame_arrives_as_it_was_sent(header, body):
    frame = Frame(header, body)
    stream = io.BytesIO(frame.encode() * 2)
    assert [read_frame(stream), read_frame(stream), read_frame(stream)] == [frame, frame, None]
    assert asyncio.run(received(frame.encode())) == frame


def test_half_of_a_surrogate_pair_is_sent_as_a_question_mark():
    assert read_frame(io.BytesIO(Frame({"title": "a\ud800"}).encode())) == Frame({"title": "a?"})


@pytest.mark.parametrize("header", [b"[]", b"1", b"{", b"\xff", b"[" * 100_000, b'{"n":' + b"9" * 5_000 + b"}"])
async def test_what_is_no_header_is_refused(header):
    with pytest.raises(MalformedFrame):
        await received(struct.pack(">II", len(header), 0) + header)


async def test_a_frame_that_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(MalformedFrame, match="too many"):
        await received(struct.pack(">II", 2, MAX_BODY_BYTES + 1))


@pytest.mark.parametrize("data", [b"", b"\0\0", Frame({"a": 1}, b"body").encode()[:-1]])
async def test_a_stream_that_ends_within_a_frame_is_an_end(data):
    with pytest.raises(EOFError):
        await received(data)
