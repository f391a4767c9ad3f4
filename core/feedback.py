"""Thumbs: one rating per person per answer, changed by pressing the other, withdrawn by pressing the same again."""

from __future__ import annotations

from dataclasses import dataclass

from core.privacy import Pseudonyms
from core.storage.answers import Answers
from core.types import Person, SpaceId, Thumb


@dataclass(frozen=True, slots=True)
class Feedback:
    """Stores what people think of answers, under pseudonyms."""

    answers: Answers
    pseudonyms: Pseudonyms

    async def press(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb) -> Thumb | None:
        """Press a thumb and return the person's rating after it. Raises ``BadInput`` for another space's answer."""
        pseudonym = self.pseudonyms.of(person.id)
        held = await self.answers.thumb_of(space, answer_id, pseudonym)
        wanted = None if held == thumb else thumb
        await self.answers.rate(space, answer_id, pseudonym, wanted)
        return wanted
