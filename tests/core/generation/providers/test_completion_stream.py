"""A response is hostile input: it is read in bounded time and memory, and fails in one way alone."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.providers.completion_stream import CompletionStream
from core.generation.providers.errors import FailureKind, ProviderFailed
from tests.providers import DONE, USAGE, delta, event

KEY = "sk-PLANTED-0123456789abcdefghij"
NAMES = st.sampled_from(
    ["choices", "delta", "message", "content", "text", "type", "finish_reason", "error", "code"]
) | (st.sampled_from(["usage", "prompt_tokens", "completion_tokens", "logprobs", "logprob", "tool_calls", "refusal"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("\ud83d")
    | st.just("\ude00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
EVENTS = st.lists(
    VALUES.map(lambda value: b"data: " + json.dumps(value).encode() + b"\n\n")
    | VALUES.map(lambda content: delta(content))
    | st.sampled_from(["length", "stop", "SAFETY", "tool_calls", 7]).map(lambda reason: delta("x", reason))
    | st.sampled_from([DONE, USAGE, b"\n\n", b"data: {", b": \n", b"\xef\xbb\xbf", b"\xff\xfe"])
    | st.binary(max_size=8),
    max_size=8,
)


class Pieces(httpx.AsyncByteStream):
    """A body in these pieces."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def read(
    pieces: Sequence[bytes], status: int = 200, max_bytes: int = 10_000_000, **headers: str
) -> tuple[str, bool, bool, FailureKind | None]:
    """Return the text, whether it ended and was cut, and how it failed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx.Response(status, headers=named, stream=Pieces(pieces))
    text, is_last, is_cut = "", False, False
    try:
        async for chunk in CompletionStream(response, KEY, max_bytes, 0.0).chunks():
            text = chunk.text if chunk.is_restart else text + chunk.text
            is_last, is_cut = is_last or chunk.is_last, is_cut or chunk.is_cut
            text.encode()
    except ProviderFailed as failure:
        return text, is_last, is_cut, failure.kind
    return text, is_last, is_cut, None


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[i : i + size] for i in range(0, len(body), size)]


@given(
    EVENTS, st.integers(1, 40), st.sampled_from(["text/event-stream", "", "text/plain"]), st.sampled_from([200, 500])
)
async def test_how_a_response_is_cut_makes_no_difference(
    events: list[bytes], size: int, content_type: str, status: int
) -> None:
    body = b"".join(events)
    whole = await read([body], status, content_type=content_type)
    assert await read(cut(body, size), status, content_type=content_type) == whole
    assert await read(events, status, content_type=content_type) == whole


@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "deflate", "identity", "br", "x"]))
async def test_no_bytes_are_more_than_a_failure(body: bytes, encoding: str) -> None:
    await read([body], content_encoding=encoding)


@pytest.mark.parametrize(
    "body",
    [
        b"data: " + b'{"choices":[' * 100_000 + b"\n\n",
        b'{"error":' + b"[" * 30_000,
        b'{"error":{"message":' + b"[" * 900 + b"]" * 900 + b',"code":' + b"[" * 900 + b"]" * 900 + b"}}",
        event({"choices": [{"delta": {"content": "x"}}]}).replace(b'"x"', b"[" * 900 + b"]" * 900) + DONE,
        event({"usage": {"prompt_tokens": 7}}).replace(b"7", b"9" * 5_000),
        b"data: {" * 200_000,
    ],
)
async def test_deep_and_endless_json_is_survived(body: bytes) -> None:
    assert (await read([body]))[0] == ""


async def test_numbers_are_believed_within_bounds() -> None:
    odd = {"choices": [{"delta": {"content": "x"}, "logprobs": {"content": [{"logprob": 10**400}, {"logprob": -0.5}]}}]}
    nan = json.dumps({"choices": [{"logprobs": {"content": [{"logprob": float("nan")}]}}]})
    body = event({**odd, "usage": {"prompt_tokens": 10**300, "completion_tokens": 1}}) + event(nan) + USAGE
    response = httpx.Response(200, stream=Pieces([body]))
    chunks = [chunk async for chunk in CompletionStream(response, KEY, 10_000, 0.0).chunks()]
    assert [chunk.log_probs for chunk in chunks] == [(-0.5,), (), ()]
    assert [chunk.usage is not None for chunk in chunks] == [False, False, True]


@pytest.mark.parametrize("body", [b"data: " + b"x" * 2_000_000, b"{" + b"x" * 2_000_000, b"data: x\n" * 300_000])
async def test_an_endless_line_event_or_body_is_refused(body: bytes) -> None:
    assert (await read(cut(body, 64_000)))[3] is FailureKind.MALFORMED


@pytest.mark.parametrize(("encoding", "squeezed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@pytest.mark.parametrize("unit", [b"data: {}\n\n", b": stay\n"])
async def test_a_bomb_does_not_go_off(encoding: str, squeezed, unit: bytes) -> None:
    bomb = squeezed(unit * 5_000_000)
    begun_s = time.process_time()
    assert (await read([bomb], max_bytes=100_000, content_encoding=encoding))[3] is FailureKind.MALFORMED
    assert time.process_time() - begun_s < 1.0


@pytest.mark.parametrize(
    "unit", [b"\n", b"\r", b":\n", b"data\n", b"data: {}\n\n", b" ", b"data: <think>\n", b"\xef\xbb\xbf"]
)
@pytest.mark.parametrize("size", [1, 64_000])
async def test_the_time_is_linear_in_the_bytes(unit: bytes, size: int) -> None:
    async def seconds(n: int) -> float:
        pieces, taken_s = cut(unit * (n // len(unit)), size), []
        for _ in range(5):
            begun_s = time.process_time()
            await read(pieces)
            taken_s.append(time.process_time() - begun_s)
        return min(taken_s)

    n = 5_000 if size == 1 else 120_000
    for _ in range(4):  # other processes on the same caches disturb one measurement, not all
        if await seconds(2 * n) <= 2.6 * await seconds(n) + 0.01:
            return
    pytest.fail("twice the bytes take more than twice the time")
