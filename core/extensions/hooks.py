"""The hooks of plugins: what they are told of, and the decorator that marks a function as one (pluggy)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pluggy

from core.types import Language, SpaceId, Thumb

PROJECT = "aion"

hook = pluggy.HookimplMarker(PROJECT)
"""Marks a coroutine function of a plugin's module, named as in ``HookSpecs``, as one to be called."""

_spec = pluggy.HookspecMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question about to be answered."""

    space: SpaceId
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class DeliveredAnswer:
    """A question that was answered; ``used`` says how, ``confidence`` is 0..1."""

    space: SpaceId
    answer_id: int
    question: str
    text: str
    used: str
    confidence: float
    language: Language


@dataclass(frozen=True, slots=True)
class PressedThumb:
    """A rating of an answer; ``thumb`` is ``None`` where it was withdrawn. By whom is nobody's business."""

    space: SpaceId
    answer_id: int
    thumb: Thumb | None


@dataclass(frozen=True, slots=True)
class ChangedDocument:
    """A document that was learned or forgotten; ``name`` is its file's, address or title."""

    space: SpaceId
    name: str
    change: Literal["learned", "forgotten"]


class HookSpecs:
    """The hooks, each a coroutine function that pluggy checks a plugin's functions against."""

    @_spec
    async def before_answer(self, question: AskedQuestion) -> str | None:
        """Return other words to answer in place of the question's, or ``None`` to leave it. Within 2 s."""

    @_spec
    async def after_answer(self, answer: DeliveredAnswer) -> None:
        """Learn of an answer that was given."""

    @_spec
    async def on_rating(self, rating: PressedThumb) -> None:
        """Learn of a thumb that was pressed."""

    @_spec
    async def on_document(self, document: ChangedDocument) -> None:
        """Learn of a document that was learned or forgotten."""


class HookCaller(Protocol):
    """Calls the hooks of plugins (``core.extensions.host.PluginHost``)."""

    async def before_answer(self, question: AskedQuestion) -> str:
        """Return the words to answer in place of the question's, which may be the same."""
        ...

    def tell(self, hook: str, event: Any) -> None:
        """Tell plugins of an event, later."""
        ...


def new_manager() -> pluggy.PluginManager:
    """Return a manager of the hooks without a plugin."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    return manager
