"""Reasoning is never part of a reply, in whatever marks it comes and wherever pieces split them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.generation.prompting.reasoning_tags import ReasoningFilter, opens_reasoning
from tests.growth import MAX_GROWTH, growth

ANSWER = "The key is under the red flowerpot."
ROWS = {
    "tag": "<think>plan</think>",
    "tag thinking": "<thinking>plan</thinking>",
    "tag thought": "<thought>plan</thought>",
    "tag thoughts": "<thoughts>plan</thoughts>",
    "tag reasoning": "<reasoning>plan</reasoning>",
    "tag with a namespace": "<seed:think>plan</seed:think>",
    "tag of Claude's prompts": "<antThinking>plan</antThinking>",
    "capitals": "<THINK>plan</Think>",
    "attributes": '<think type="x" n=1>plan</think>',
    "attributes over lines": "<thinking\nbudget='9'>plan</thinking >",
    "another name closes": "<think>plan</thinking>",
    "opening tag inside": "<think>a <think> b</think>",
    "closing tag twice": "<think>a</think>plan</think>",
    "closing tag alone": "plan</think>",
    "closing tag alone, another name": "plan\n</thought>\n",
    "brackets": "[THINK]plan[/THINK]",
    "triangles": "◁think▷plan◁/think▷",
    "thought tokens": "<|begin_of_thought|>plan<|end_of_thought|><|begin_of_solution|>",
    "thinking tokens": "<|START_THINKING|>plan<|END_THINKING|><|START_RESPONSE|>",
    "gemma": "<|channel>thought\nplan<channel|>",
    "gemma, closing mark alone": "plan<channel|>",
    "harmony": "<|channel|>analysis<|message|>plan<|end|><|start|>assistant<|channel|>final<|message|>",
    "harmony, several": "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary to=f "
    "<|constrain|>json<|message|>{}<|call|><|start|>assistant<|channel|>final<|message|>",
    "harmony, first marks missing": "plan<|end|><|start|>assistant<|channel|>final<|message|>",
    "harmony, no channel": "<|channel|>analysis<|message|>plan<|end|><|start|>assistant<|message|>",
}
MARKS = st.sampled_from(
    '<think> </think> <thin k> < /think> a <b> ` <think⎵x=" "> [THINK] [ ◁ <|channel|> <|message|> final '
    "<|end|> <|start|> <|channel> <channel|> <THOUGHT > ı \u212a ⎵b\n".replace(" ", "\x00")
    .replace("⎵", " ")
    .split("\x00")
)


def visible(pieces: list[str]) -> str:
    """Return what of a reply in these pieces is visible in the end."""
    reasoning, text = ReasoningFilter(), ""
    for shown in [*map(reasoning.feed, pieces), reasoning.end()]:
        text = shown.text if shown.is_restart else text + shown.text
    return text


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_reasoning_in_each_kind_of_marks_is_taken_out(row: str, size: int) -> None:
    text = f"{ROWS[row]}{ANSWER}"
    assert visible([text[i : i + size] for i in range(0, len(text), size)]).strip() == ANSWER


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("At <think>hmm</think>nine.", "At nine."),
        ("<think>a</think>x<think>b</think>y", "xy"),
        ("<think>never closed", ""),
        ("<|channel|>analysis<|message|>never ended", ""),
        ("It is nine.<|return|>", "It is nine."),
        ("1 < 2 and <thinker> is a word", "1 < 2 and <thinker> is a word"),
        ("Write `<think>` and `</think>` around it.", "Write `<think>` and `</think>` around it."),
        ("A list [think] of <b>things</b>", "A list [think] of <b>things</b>"),
        ("ends with <thi", "ends with <thi"),
        ("ends with `<think", "ends with `<think"),
        ("<think " + "x" * 300 + ">", "<think " + "x" * 300 + ">"),
        ("", ""),
    ],
)
def test_everything_else_is_left_as_it_is(text: str, shown: str) -> None:
    assert visible([text]) == shown
    assert visible(list(text)) == shown


@example(["`", "<think>", "`", "<think>"])
@given(st.lists(MARKS, max_size=20))
def test_how_a_text_is_cut_makes_no_difference(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert visible(pieces) == visible([text]) == visible(list(text))


@given(st.text("<>/think`[]|◁ ", max_size=80), st.integers(1, 9))
def test_nor_does_it_for_any_text(text: str, size: int) -> None:
    assert visible([text[i : i + size] for i in range(0, len(text), size)]) == visible([text])


def test_a_reply_starts_again_only_where_something_was_visible() -> None:
    reasoning = ReasoningFilter()
    assert not reasoning.feed("plan</think>a").is_restart
    assert reasoning.feed("b</think>").is_restart


@pytest.mark.parametrize(
    "text", ["<think>", "…assistant\n<think>\n", "<|im_start|>assistant\n<THINKING>\n\n", "[THINK]"]
)
def test_a_prompt_that_opens_reasoning_is_recognised(text: str) -> None:
    assert opens_reasoning(text)
    assert not opens_reasoning(f"{text}</think>\n\n")


HOSTILE = [
    "<",
    "<think>",
    "</think>",
    "<think ",
    "`<think>",
    "<|channel|>",
    "<|message|>",
    "[THINK",
    "`",
    "a</think>",
    "◁",
]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("size", [1, 10**9])
def test_the_time_is_linear_in_the_text(unit: str, size: int) -> None:
    def make(n: int) -> list[str]:
        text = unit * (n // len(unit))
        return [text[i : i + size] for i in range(0, len(text), size)]

    assert growth(visible, make, 8_000 if size == 1 else 200_000, 0.005) <= MAX_GROWTH
