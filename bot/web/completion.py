"""OpenAI's chat completion, as far as a text model goes: the request as it may come, and the replies we give.

After the API reference of ``POST /v1/chat/completions``. Fields that change nothing here are ignored; what would
change the reply and cannot be done is refused.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from bot.web.service import TokenTally
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
    """One part of a message that comes in parts."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    @property
    def turn(self) -> PromptTurn:
        """Return the message as a turn of a prompt."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return PromptTurn(_ROLES[self.role], text)


class StreamOptions(BaseModel):
    """What a stream ends with."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request for the next message of a conversation."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=200)]
    model: str = ""
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    max_completion_tokens: Annotated[int, Field(gt=0)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    n: Literal[1] | None = None
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=4)] = []
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
        """Take an empty list for nothing, as some clients send it."""
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
        """Return how to draw tokens; what is not said is as the specification has it."""
        return Sampling(
            _DEFAULT.temperature if self.temperature is None else self.temperature,
            self.top_p or _DEFAULT.top_p,
            self.max_completion_tokens or self.max_tokens or _DEFAULT.max_new_tokens,
            self.seed,
        )

    @property
    def wants_usage(self) -> bool:
        """Tell whether a stream is to end with what it took."""
        return bool(self.stream_options and self.stream_options.include_usage)


@dataclass(frozen=True, slots=True)
class CompletionResponse:
    """One reply's identity, and the forms it is given in; ``wants_log_probs``: with those of its tokens.

    What OpenAI calls its system's fingerprint is the version of the LoRA weights; null: the base model's alone.
    """

    model: str
    wants_log_probs: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, pieces: Sequence[Piece], tally: TokenTally) -> dict[str, Any]:
        """Return the reply in one piece."""
        message = {"role": "assistant", "content": "".join(piece.text for piece in pieces).strip()}
        told = self._log_probs(pieces)
        choice = {"index": 0, "message": message, "logprobs": told, "finish_reason": finish(tally)}
        head = self._head("chat.completion")
        version = next((piece.lora_version for piece in pieces), None)
        return {**head, "system_fingerprint": version, "choices": [choice], "usage": usage(tally)}

    def chunk(self, piece: Piece, *, is_first: bool = False) -> bytes:
        """Return the event of one piece of text."""
        role = {"role": "assistant"} if is_first else {}
        told = {"logprobs": self._log_probs([piece])} if self.wants_log_probs else {}
        choice = {"index": 0, "delta": {**role, "content": piece.text}, **told, "finish_reason": None}
        return self._event([choice], system_fingerprint=piece.lora_version)

    def end(self, tally: TokenTally) -> bytes:
        """Return the event that says why there is no more."""
        return self._event([{"index": 0, "delta": {}, "finish_reason": finish(tally)}])

    def used(self, tally: TokenTally) -> bytes:
        """Return the event that says what it took."""
        return self._event([], usage=usage(tally))

    def _log_probs(self, pieces: Sequence[Piece]) -> dict[str, Any] | None:
        """Return the log-probabilities by token; of several in one piece the last has the text."""
        if not self.wants_log_probs:
            return None
        told = []
        for piece in pieces:
            texts = [""] * (len(piece.log_probs) - 1) + [piece.text]
            told += [
                {"token": text, "logprob": log_prob, "bytes": list(text.encode()), "top_logprobs": []}
                for text, log_prob in zip(texts, piece.log_probs, strict=False)
            ]
        return {"content": told, "refusal": None}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _event(self, choices: list[dict[str, Any]], **rest: Any) -> bytes:
        return event({**self._head("chat.completion.chunk"), "choices": choices, **rest})


def event(data: Mapping[str, Any]) -> bytes:
    """Return one server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def finish(tally: TokenTally) -> str:
    """Return why a reply ended, in OpenAI's words."""
    return "length" if tally.is_cut else "stop"


def usage(tally: TokenTally) -> dict[str, int]:
    """Return what a reply took, in OpenAI's form."""
    return {
        "prompt_tokens": tally.n_prompt,
        "completion_tokens": tally.n_completion,
        "total_tokens": tally.n_prompt + tally.n_completion,
    }
