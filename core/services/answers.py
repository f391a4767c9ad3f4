"""The answers given in a space: their sources, their questions, and what ratings of them changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.markdown import Markdown
from core.types import Thumb


@dataclass(frozen=True, slots=True)
class LearningReport:
    """What a LoRA ``version`` that writes a ``share`` (0..1) of the answers learned: disliked answers, asked again.

    ``n_right`` now say what somebody liked, ``n_same`` say what they said; of ``n_unsure`` nobody can tell.
    """

    version: str
    share: float
    n_right: int
    n_same: int
    n_unsure: int


class AnswersPort(Protocol):
    """The answers given in a space. Bound to the space and the person of the message."""

    async def sources(self, answer_id: int) -> Markdown:
        """Return what an answer quotes, as Markdown, and note that somebody looked.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        ...

    async def question(self, answer_id: int) -> str:
        """Return the question of an answer so that it stands on its own. Raises ``BadInput`` as ``sources`` does."""
        ...

    async def rate(self, answer_id: int, thumb: Thumb) -> None:
        """Store the person's thumb on an answer. Raises ``BadInput`` when it was not given in the space."""
        ...

    async def learned(self) -> LearningReport | None:
        """Return what was learned from the thumbs of this space; ``None`` while the base model answers."""
        ...
