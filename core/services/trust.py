"""Whose replies a space trusts, and what was learned from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from core.types import Person, Proposal


@dataclass(frozen=True, slots=True)
class TrustedPerson:
    """A person named as trusted; ``number`` is theirs in the space."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class TrustedCircle:
    """Whose replies teach beside moderators: members with one of these roles (names or ids), and these people."""

    roles: tuple[str, ...]
    people: tuple[TrustedPerson, ...]


@dataclass(frozen=True, slots=True)
class TaughtReply:
    """What became of a reply to an open question.

    ``learned``: it is known now; ``added``: to what was known of the question; ``proposed``: it waits for approval;
    ``known``: it was known, waits, or was rejected; ``asked``: its author is asked first.
    """

    outcome: Literal["learned", "added", "proposed", "known", "asked"]
    question: str


class TrustPort(Protocol):
    """Whose replies teach. Bound to the space and the person of the message."""

    async def circle(self) -> TrustedCircle:
        """Return whose replies teach here beside moderators."""
        ...

    async def add_role(self, role: str) -> None:
        """Trust the members with a role (its name or id). Raises ``BadInput`` where there are too many."""
        ...

    async def remove_role(self, role: str) -> bool:
        """Trust the members with a role no longer; return whether it was trusted."""
        ...

    async def add_person(self, person: Person) -> None:
        """Trust a person."""
        ...

    async def remove_person(self, who: Person | int) -> str | None:
        """Trust a person, or the one with a number, no longer; return their name, if they were trusted."""
        ...


class RepliesPort(Protocol):
    """Learning from replies to open questions. Bound to the space and the person of the message."""

    async def learn(self, answer_id: int, text: str, *, is_overheard: bool) -> TaughtReply:
        """Make the question of an answer and the sender's reply a document, or propose it, as the space wants it.

        What is known of the question already takes the reply in. Where else in the space the same was asked, a reply
        that was learned is shown. The author of a reply that is overheard, being meant for somebody else, must agree
        first. Raises ``BadInput`` when the answer was not given in the space, or the reply has personal data.
        """
        ...

    async def learn_agreed(self) -> None:
        """Learn the replies that waited for consent and wait for nobody any more, and say so where they were given."""
        ...

    async def tell_of(self, proposal: Proposal) -> None:
        """Show a reply that was approved just now where else the same was asked."""
        ...

    async def undo(self, key: str) -> str:
        """Take back what was learned from a message and what its author added to it; return the question.

        Raises ``BadInput`` when nothing is known of it, ``PermissionRefused`` for all but moderators and its author.
        """
        ...

    async def n_learned(self) -> int:
        """Return how many documents were learned from replies here."""
        ...
