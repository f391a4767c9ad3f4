"""Events of a community that other programs may be told of (``core.webhooks``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

EventKind = Literal[
    "answer.given",
    "answer.declined",
    "answer.rated",
    "document.learned",
    "document.forgotten",
    "proposal.waiting",
    "conflict.found",
    "source.failing",
    "lora.promoted",
    "backup.overdue",
]

EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
"""Every kind of event, as it is written in a webhook's list."""


@dataclass(frozen=True, slots=True)
class CommunityEvent:
    """Something that happened in a space. ``data`` are its JSON values, without people.

    ``answer_id`` is that of the answer whose words it quotes, with which it is forgotten.
    """

    kind: EventKind
    data: Mapping[str, str | int | float | None]
    answer_id: int | None = None


def answer_events(
    answer_id: int, question: str, answer: str, written_by: str, confidence: float, language: str
) -> tuple[CommunityEvent, ...]:
    """Return the event of an answer; none of small talk, and of a question that nobody put to AION."""
    if written_by in ("talk", "silent"):
        return ()
    data: dict[str, str | int | float | None] = {
        "answer_id": answer_id,
        "question": question,
        "answer": answer,
        "written_by": written_by,
        "confidence": round(confidence, 4),
        "language": language,
    }
    is_declined = written_by in ("abstained", "closest")
    return (CommunityEvent("answer.declined" if is_declined else "answer.given", data, answer_id),)
