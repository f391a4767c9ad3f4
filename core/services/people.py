"""What people do with answers, with each other, and about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from core.services.knowledge import Verdict


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


class GivenAnswers(Protocol):
    """What commands may do with the answers given in a space. Bound to the space and the person of the message."""

    async def sources(self, answer_id: int) -> str:
        """Return what an answer quotes, as Markdown, and note that somebody looked.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        ...

    async def question(self, answer_id: int) -> str:
        """Return the question of an answer so that it stands on its own. Raises ``BadInput`` as ``sources`` does."""
        ...

    async def learned(self) -> LearningReport | None:
        """Return what was learned from the thumbs of this space; ``None`` while the base model answers."""
        ...


@dataclass(frozen=True, slots=True)
class HandoffReply:
    """What became of a moderator's reply to ``question``; ``is_new`` is false when there was one before."""

    question: str
    is_new: bool


class HandoffRequests(Protocol):
    """What commands may do to bring a question before people. Bound to the message."""

    async def ask(self, answer_id: int) -> bool:
        """Bring the question of an answer before the moderators, once; ``False``: they have no channel.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        ...

    async def reply(self, number: int, text: str) -> HandoffReply:
        """Pass a moderator's reply on to who asked, if it is the first. Raises ``BadInput`` on an unknown number."""
        ...

    async def teach(self, number: int) -> Verdict | None:
        """Make a question and its reply a document, through review; ``None``: they are one, wait or were rejected.

        Raises ``BadInput`` on an unknown number, and before there is a reply.
        """
        ...


class Rights(Protocol):
    """What the sender of the message may ask of AION about themselves, and moderators about their space."""

    async def kept(self) -> Mapping[str, int]:
        """Return how much is kept of the person, by what it is."""
        ...

    async def copy(self) -> bytes:
        """Return all that is kept of the person, as a JSON file."""
        ...

    async def forget(self) -> Mapping[str, int]:
        """Erase the person everywhere, and return what was erased, by what it is."""
        ...

    async def may_train(self) -> bool:
        """Return whether models may learn from the person, where a community lets them."""
        ...

    async def set_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from the person."""
        ...

    async def space_trains(self) -> bool:
        """Return whether models may learn from what is asked and rated here."""
        ...

    async def set_space_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from what is asked and rated here."""
        ...


ChannelMode = Literal["free", "mention"]
"""When AION speaks in a channel: ``free``: also unasked, when it is sure; ``mention``: only when addressed."""


class Conversation(Protocol):
    """What commands may do with the channel, thread or chat they were called in."""

    async def start_afresh(self) -> None:
        """Forget what the caller said here, so that the next question follows nothing."""
        ...

    async def mode(self) -> ChannelMode:
        """Return when AION answers here."""
        ...

    async def set_mode(self, mode: ChannelMode) -> None:
        """Set when AION answers here."""
        ...

    async def gather_moderators(self) -> None:
        """Send what moderators should see here from now on: what waits for them, and what went wrong."""
        ...
