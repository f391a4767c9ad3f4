"""Every row of the tables of dialects, over a real socket."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence

import pytest

from core.generation.providers.dialects import FINISHES, ChoiceDelta, Finish, delta_of
from core.generation.providers.errors import FailureKind, ProviderFailed
from core.types import Piece, Sampling
from tests.providers import DONE, Canned, delta, event, says, streamed, whole
from tests.routing import PROMPT, Walk

ANSWER = "The key is under the red flowerpot."
STREAM = b"".join(says("The key is ", "under the ", "red flowerpot.").steps)  # type: ignore[arg-type]
TOOL = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}]


def text(value: object) -> dict[str, object]:
    return {"type": "text", "text": value}


DIALECTS = {
    "another content type": streamed(STREAM, content_type="text/plain; charset=utf-8"),
    "the content type of JSON": streamed(STREAM, content_type="application/json"),
    "no content type": streamed(STREAM, content_type=None),
    "no content type, comments first": streamed(b": hello\n\n\n", STREAM, content_type=None),
    "JSON under the content type of a stream": whole({"content": ANSWER}, content_type="text/event-stream"),
    "JSON without a content type": whole({"content": ANSWER}, content_type=None),
    "a byte order mark": streamed(b"\xef\xbb\xbf" + STREAM),
    "a byte order mark, cut": streamed(b"\xef", b"\xbb", b"\xbf" + STREAM, content_type=None),
    "a byte order mark before JSON": streamed(b"\xef\xbb\xbf", *whole({"content": ANSWER}).steps, content_type=None),
    "spaces that keep JSON alive": streamed(b" \n", b"\n ", *whole({"content": ANSWER}).steps, content_type=None),
    "CR LF": streamed(STREAM.replace(b"\n", b"\r\n")),
    "CR": streamed(STREAM.replace(b"\n", b"\r")),
    "no space after the colon": streamed(STREAM.replace(b"data: ", b"data:")),
    "data on two lines": streamed(STREAM.replace(b'"index": 0,', b'"index":\ndata: 0,')),
    "gzip": Canned((gzip.compress(STREAM),), headers={"content-encoding": "gzip"}),
    "parts in a stream": streamed(
        delta([{"type": "thinking", "thinking": [text("plan")]}]),
        delta([text("The key is under "), text("the ")]),
        delta([{"type": "output_text", "text": {"value": "red "}}, "flowerpot."]),
        delta([], "stop"),
        DONE,
    ),
    "parts in JSON": whole({"content": [{"type": "reasoning", "text": "plan"}, text(ANSWER)]}),
    "one part that is no list": whole({"content": text(ANSWER)}),
    "parts of reasoning, marked": whole({"content": [{"text": "plan", "thought": True}, {"text": ANSWER}]}),
    "reasoning beside the content": streamed(
        delta(None, reasoning_content="plan"), delta("", reasoning="plan", reasoning_details=[{}]), STREAM
    ),
    "messages in a stream": streamed(
        *(event({"choices": [{"message": {"content": word + " "}}]}) for word in ANSWER.split()), delta({}, "stop")
    ),
    "the older form": streamed(*(event({"choices": [{"text": f"{word} "}]}) for word in ANSWER.split()), DONE),
    "empty finish reasons": streamed(*(delta(f"{word} ", "") for word in ANSWER.split()), delta("", "stop")),
    "no tool calls": streamed(delta(ANSWER, tool_calls=[], function_call=None), delta(None, "stop", tool_calls=None)),
    "no refusal": whole({"content": ANSWER, "refusal": None, "tool_calls": None}),
    "tags, cut": says("<thin", "king>I should look.</th", "inking>\n", ANSWER),
    "closing tag alone": says("I should look. ", "</thi", "nk>", "\n\n", ANSWER),
    "harmony, cut": says(
        "<|chan", "nel|>analysis<|message|>plan<|end|><|start|>assistant<|channel|>fin", "al<|message|>", ANSWER
    ),
    "gemma, cut": says("<|channel>thought\npl", "an<chan", "nel|>", ANSWER),
}


async def pieces_of(answer: Canned) -> tuple[Sequence[Piece], ProviderFailed | None]:
    """Return the pieces of a reply, and how it failed."""
    pieces: list[Piece] = []
    async with Walk(groq=[answer]) as walk:
        (generator,) = walk.router()._generators.values()
        try:
            async for piece in generator.stream(PROMPT, Sampling()):
                pieces.append(piece)  # noqa: PERF401 (it may fail in between)
        except ProviderFailed as failure:
            return pieces, failure
    return pieces, None


def said(pieces: Sequence[Piece]) -> str:
    reply = ""
    for piece in pieces:
        reply = piece.appended_to(reply)
    return reply.strip()


@pytest.mark.parametrize("name", DIALECTS)
async def test_the_answer_is_read_in_every_dialect(name: str) -> None:
    pieces, failure = await pieces_of(DIALECTS[name])
    assert (said(pieces), failure) == (ANSWER, None)
    assert not any(piece.is_cut for piece in pieces)


@pytest.mark.parametrize("halves", [("is \ud83d", "\ude00!"), ("is ", "\ud83d", "\ude00", "!"), ("is \ud83d\ude00!",)])
async def test_the_halves_of_a_character_come_together(halves: Sequence[str]) -> None:
    pieces, failure = await pieces_of(says(*halves))
    assert (said(pieces), failure) == ("is 😀!", None)


@pytest.mark.parametrize(("lone", "shown"), [("a\ud83db", "a\ufffdb"), ("a\ude00b", "a\ufffdb"), ("ab\ud83d", "ab")])
async def test_half_a_character_never_leaves(lone: str, shown: str) -> None:
    pieces, failure = await pieces_of(says(lone))
    assert (said(pieces), failure) == (shown, None)


KINDS = {
    Finish.FILTERED: FailureKind.FILTERED,
    Finish.TOOL: FailureKind.EMPTY,
    Finish.FAULT: FailureKind.SERVER,
}
SPELLINGS = [*FINISHES, "content_filter: RECITATION", "SAFETY", "MAX_TOKENS", " Tool_Calls "]


@pytest.mark.parametrize("reason", SPELLINGS)
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_each_finish_reason_is_known_for_what_it_is(reason: str, is_streamed: bool) -> None:
    answer = (
        streamed(delta("The key is"), delta({}, reason), DONE)
        if is_streamed
        else whole({"content": "The key is"}, reason)
    )
    pieces, failure = await pieces_of(answer)
    finish = FINISHES[reason.partition(":")[0].strip().lower()]
    assert (failure.kind if failure else None) == KINDS.get(finish)
    assert any(piece.is_cut for piece in pieces) == (finish is Finish.CUT)
    assert said(pieces) == ("" if finish is Finish.TOOL else "The key is")


@pytest.mark.parametrize(
    "reason", ["stop", "STOP", "end_turn", "stop_sequence", "eos", "COMPLETE", "anything else", True, 3]
)
async def test_every_other_finish_reason_ends_a_whole_reply(reason: object) -> None:
    pieces, failure = await pieces_of(streamed(delta(ANSWER), delta(None, reason)))
    assert (said(pieces), failure) == (ANSWER, None)


@pytest.mark.parametrize(
    "answer",
    [
        streamed(delta("Let me search for that."), delta(None, tool_calls=TOOL), delta(None, "tool_calls"), DONE),
        streamed(delta("Let me search for that."), delta(None, tool_calls=TOOL), delta(None, "stop"), DONE),
        streamed(delta("Let me search for that.", function_call={"name": "search"}), DONE),
        streamed(delta(None, tool_calls=TOOL), delta(None, "tool_calls"), DONE),
        whole({"content": "Let me search for that.", "tool_calls": TOOL}, "tool_calls"),
    ],
)
async def test_words_before_a_tool_call_are_no_answer(answer: Canned) -> None:
    pieces, failure = await pieces_of(answer)
    assert said(pieces) == ""
    assert failure is not None and failure.kind is FailureKind.EMPTY


async def test_a_refusal_is_no_answer() -> None:
    _, failure = await pieces_of(streamed(delta(None, refusal="I will not say that."), delta(None, "stop")))
    assert failure is not None and failure.kind is FailureKind.FILTERED


@pytest.mark.parametrize(
    "cut", [streamed(delta("<think>plan"), delta(None, "length")), streamed(delta(None, "length"))]
)
async def test_reasoning_that_reached_the_limit_is_no_answer(cut: Canned) -> None:
    pieces, failure = await pieces_of(cut)
    assert pieces == []
    assert failure is not None and failure.kind is FailureKind.EMPTY


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"delta": 3},
        {"delta": {"content": 3}},
        {"delta": {"content": [{"type": [], "text": []}, 3, None]}},
        {"text": {}},
        {"delta": {"refusal": 3, "content": {"text": {"value": {}}}}},
        {"message": [], "finish_reason": {}},
    ],
)
def test_a_choice_of_any_shape_is_survived(choice: dict[str, object]) -> None:
    assert delta_of(json.loads(json.dumps(choice))) == ChoiceDelta()
