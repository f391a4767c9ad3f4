"""Dialects of OpenAI's chat completions: what providers write in place of its fields, and what that means.

Covers finish reasons, content in parts, tool calls and refusals of one choice. Does not cover how a response is split
into JSON texts (``core.generation.providers.event_stream``), errors (``core.generation.providers.errors``), or marks
inside the text (``core.generation.prompting.reasoning_tags``). Nothing is assumed of a value's type: it is untrusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Finish(StrEnum):
    """Why a reply ended: by itself, at the limit of tokens, by a filter, for a tool, or by a fault."""

    WHOLE = "whole"
    CUT = "cut"
    FILTERED = "filtered"
    TOOL = "tool"
    FAULT = "fault"


FINISHES: Mapping[str, Finish] = {
    "length": Finish.CUT,
    "max_tokens": Finish.CUT,  # Gemini, Anthropic, Cohere
    "max_output_tokens": Finish.CUT,
    "model_length": Finish.CUT,  # Mistral: the context is full
    "other": Finish.CUT,  # Gemini: ended for a reason that is not stated
    "content_filter": Finish.FILTERED,
    "safety": Finish.FILTERED,  # Gemini, as are the next five
    "recitation": Finish.FILTERED,
    "prohibited_content": Finish.FILTERED,
    "blocklist": Finish.FILTERED,
    "spii": Finish.FILTERED,
    "language": Finish.FILTERED,
    "refusal": Finish.FILTERED,  # Anthropic
    "error_toxic": Finish.FILTERED,  # Cohere
    "sensitive": Finish.FILTERED,  # Zhipu
    "guardrail_intervened": Finish.FILTERED,  # Bedrock
    "tool_calls": Finish.TOOL,
    "tool_call": Finish.TOOL,
    "tool_use": Finish.TOOL,  # Anthropic
    "function_call": Finish.TOOL,
    "malformed_function_call": Finish.TOOL,  # Gemini, as is the next
    "unexpected_tool_call": Finish.TOOL,
    "error": Finish.FAULT,
    "abort": Finish.FAULT,  # vLLM
    "network_error": Finish.FAULT,  # Zhipu
    "insufficient_system_resource": Finish.FAULT,  # DeepSeek
}
"""Finish reasons in lower case, up to a colon; every other one, like ``stop`` and ``end_turn``, is ``WHOLE``."""

_UNFINISHED = frozenset({"", "null", "none", "finish_reason_unspecified"})
_REASONING_PARTS = frozenset({"thinking", "reasoning", "redacted_thinking", "thought"})


@dataclass(frozen=True, slots=True)
class ChoiceDelta:
    """What one event, or one body, adds to a reply; ``finish`` is ``None`` while it goes on.

    ``reason`` is the finish reason as the provider wrote it.
    """

    text: str = ""
    finish: Finish | None = None
    reason: str = ""


def delta_of(choice: Mapping[str, Any]) -> ChoiceDelta:
    """Return what a choice adds: streamed (``delta``), whole (``message``), or in the older form (``text``)."""
    reason = choice.get("finish_reason")
    finish, shown = _finish_of(reason), reason if isinstance(reason, str) else ""
    said = choice.get("delta") or choice.get("message")
    said = said if isinstance(said, dict) else {"content": choice.get("text")}
    if finish is Finish.TOOL or said.get("tool_calls") or said.get("function_call"):
        return ChoiceDelta("", Finish.TOOL, shown or "a tool call")
    text, refusal = _text_of(said.get("content")), said.get("refusal")
    if not text and refusal and isinstance(refusal, str):
        return ChoiceDelta("", Finish.FILTERED, "refusal")
    return ChoiceDelta(text, finish, shown)


def _finish_of(reason: Any) -> Finish | None:
    """Return what a finish reason means; ``None`` where the reply is not finished."""
    if not isinstance(reason, str):
        return None if not reason else Finish.WHOLE
    name = reason.partition(":")[0].strip().lower()
    return None if name in _UNFINISHED else FINISHES.get(name, Finish.WHOLE)


def _text_of(content: Any) -> str:
    """Return the text of a content: a string, or the text parts of a list; reasoning and pictures are left out."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    return "".join(map(_part_text, parts))


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("thought") is True or _is_reasoning(part.get("type")):
        return ""
    text = part.get("text")
    value = text.get("value") if isinstance(text, dict) else text
    return value if isinstance(value, str) else ""


def _is_reasoning(kind: Any) -> bool:
    return isinstance(kind, str) and kind in _REASONING_PARTS
