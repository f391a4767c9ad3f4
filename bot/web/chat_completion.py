"""Request and response of OpenAI's ``POST /v1/chat/completions`` for a text model, after its API reference.

Fields without effect here are ignored; a field that would change the reply and is not supported is refused.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from bot.web.fields import EncodableText
from bot.web.inference_service import TokenUsage
from core.types import Piece, PromptTurn, Sampling

DONE = b"data: [DONE]\n\n"

_DEFAULT = Sampling()
_ROLES: Mapping[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}


class TextPart(BaseModel):
    """A text part of a message with several parts."""

    type: Literal["text"]
    text: EncodableText


class ChatMessage(BaseModel):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: EncodableText | list[TextPart]

    @property
    def turn(self) -> PromptTurn:
        """Return the message as a turn of a prompt."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return PromptTurn(_ROLES[self.role], text)


class StreamOptions(BaseModel):
    """Options of a streamed response."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request for the next message of a conversation."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=200)]
    model: EncodableText = ""
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    max_completion_tokens: Annotated[int, Field(gt=0)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    n: Literal[1] | None = None
    stop: Annotated[list[Annotated[EncodableText, Field(min_length=1, max_length=200)]], Field(max_length=4)] = []
    logprobs: bool | None = None
    top_logprobs: Literal[0] | None = None
    tools: None = None
    response_format: None = None

    @field_validator("stop", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value or []

    @field_validator("tools", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """Accept an empty list as ``None``: some clients send one."""
        return value or None

    @field_validator("response_format", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return None if value == {"type": "text"} else value

    @property
    def prompt(self) -> tuple[PromptTurn, ...]:
        """Return the conversation as turns."""
        return tuple(message.turn for message in self.messages)

    @property
    def sampling(self) -> Sampling:
        """Return the sampling parameters; missing ones have the defaults of ``core.types.Sampling``."""
        return Sampling(
            _DEFAULT.temperature if self.temperature is None else self.temperature,
            self.top_p or _DEFAULT.top_p,
            self.max_completion_tokens or self.max_tokens or _DEFAULT.max_new_tokens,
            self.seed,
        )

    @property
    def wants_usage(self) -> bool:
        """Return whether a stream ends with a chunk of token usage."""
        return bool(self.stream_options and self.stream_options.include_usage)


@dataclass(frozen=True, slots=True)
class CompletionResponse:
    """One response: its id, and its body or stream events. ``wants_log_probs``: with the tokens' log-probabilities.

    ``system_fingerprint`` is the LoRA version that wrote the reply, ``null`` for the base model.
    """

    model: str
    wants_log_probs: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def body(self, pieces: Sequence[Piece], usage: TokenUsage) -> dict[str, Any]:
        """Return the body of a response that is not streamed."""
        message = {"role": "assistant", "content": "".join(piece.text for piece in pieces).strip()}
        log_probs = self._log_probs(pieces)
        choice = {"index": 0, "message": message, "logprobs": log_probs, "finish_reason": _finish_reason(usage)}
        head = self._head("chat.completion")
        version = next((piece.lora_version for piece in pieces), None)
        return {**head, "system_fingerprint": version, "choices": [choice], "usage": _usage_body(usage)}

    def chunk(self, piece: Piece, *, is_first: bool = False) -> bytes:
        """Return the event of one piece; the first carries the role.

        OpenAI's format cannot take text back: a restart is written as the closing tag that it was, which AION's own
        client and others understand.
        """
        role = {"role": "assistant"} if is_first else {}
        log_probs = {"logprobs": self._log_probs([piece])} if self.wants_log_probs else {}
        content = f"</think>{piece.text}" if piece.is_restart else piece.text
        choice = {"index": 0, "delta": {**role, "content": content}, **log_probs, "finish_reason": None}
        return self._event([choice], system_fingerprint=piece.lora_version)

    def last_chunk(self, usage: TokenUsage) -> bytes:
        """Return the event with the finish reason."""
        return self._event([{"index": 0, "delta": {}, "finish_reason": _finish_reason(usage)}])

    def usage_chunk(self, usage: TokenUsage) -> bytes:
        """Return the event with the token usage."""
        return self._event([], usage=_usage_body(usage))

    def _log_probs(self, pieces: Sequence[Piece]) -> dict[str, Any] | None:
        """Return one entry a token; of several tokens in one piece the last one carries the text."""
        if not self.wants_log_probs:
            return None
        entries = []
        for piece in pieces:
            texts = [""] * (len(piece.log_probs) - 1) + [piece.text]
            entries += [
                {"token": text, "logprob": log_prob, "bytes": list(text.encode()), "top_logprobs": []}
                for text, log_prob in zip(texts, piece.log_probs, strict=False)
            ]
        return {"content": entries, "refusal": None}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _event(self, choices: list[dict[str, Any]], **rest: Any) -> bytes:
        return event({**self._head("chat.completion.chunk"), "choices": choices, **rest})


def event(data: Mapping[str, Any]) -> bytes:
    """Return one server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _finish_reason(usage: TokenUsage) -> str:
    """Return OpenAI's finish reason: ``length`` or ``stop``."""
    return "length" if usage.is_cut else "stop"


def _usage_body(usage: TokenUsage) -> dict[str, int]:
    """Return OpenAI's usage object."""
    return {
        "prompt_tokens": usage.n_prompt,
        "completion_tokens": usage.n_completion,
        "total_tokens": usage.n_prompt + usage.n_completion,
    }
