"""Feedback on answers: ratings, and who opened the sources.

One rating per person and answer; the other thumb changes it, the same thumb again withdraws it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.chat.source_markdown import quoted_source_list
from core.errors import BadInput
from core.generation.grounding.quotation import whole_text
from core.markdown import Markdown
from core.offload import offload
from core.ports import PassageStore
from core.privacy.pseudonyms import Pseudonyms
from core.services import LearningReport
from core.storage.answers import Answers
from core.storage.impressions import Impressions
from core.types import Message, Person, SpaceId, Thumb, readable_spaces


@dataclass(frozen=True, slots=True)
class Feedback:
    """Stores feedback under pseudonyms. ``learned`` reports what training on it changed in a space; it blocks."""

    answers: Answers
    passages: PassageStore
    impressions: Impressions
    pseudonyms: Pseudonyms
    learned: Callable[[SpaceId], LearningReport | None]

    async def press(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb) -> Thumb | None:
        """Press a thumb and return the person's rating after it. Raises ``BadInput`` for another space's answer."""
        pseudonym = self.pseudonyms.of(person.id)
        held = await self.answers.thumb_of(space, answer_id, pseudonym)
        wanted = None if held == thumb else thumb
        await self.answers.rate(space, answer_id, pseudonym, wanted)
        return wanted

    async def open_sources(self, space: SpaceId, answer_id: int, person: Person) -> Markdown:
        """Record that a person opened an answer's sources, and return these with their passages as Markdown.

        Raises ``BadInput`` for another space's answer.
        """
        answer = await self.answers.get(space, answer_id)
        if answer is None:
            raise BadInput("storage.elsewhere")
        await self.impressions.open_sources(space, answer_id, self.pseudonyms.of(person.id))
        ids = [source.passage_id for source in answer.sources]
        found = [
            passage for readable in readable_spaces(space) for passage in await self.passages.passages(readable, ids)
        ]
        texts = await offload(lambda: {passage.id: whole_text(passage) for passage in found})
        return quoted_source_list(answer.sources, answer.language, texts)

    def of(self, message: Message) -> SpaceAnswers:
        """Return the answers given in a message's space, for its sender."""
        return SpaceAnswers(self, message)


@dataclass(frozen=True, slots=True)
class SpaceAnswers:
    """The answers given in one space, for one person (``core.services.AnswersPort``)."""

    _feedback: Feedback
    _message: Message

    async def sources(self, answer_id: int) -> Markdown:
        """Return an answer's sources as Markdown, and record that they were opened."""
        return await self._feedback.open_sources(self._message.space, answer_id, self._message.person)

    async def question(self, answer_id: int) -> str:
        """Return the question of an answer so that it stands on its own."""
        answer = await self._feedback.answers.get(self._message.space, answer_id)
        if answer is None:
            raise BadInput("storage.elsewhere")
        return answer.searched or answer.question

    async def rate(self, answer_id: int, thumb: Thumb) -> None:
        """Store the person's thumb on an answer; the same one again changes nothing."""
        pseudonym = self._feedback.pseudonyms.of(self._message.person.id)
        await self._feedback.answers.rate(self._message.space, answer_id, pseudonym, thumb)

    async def learned(self) -> LearningReport | None:
        """Return what was learned from the thumbs of this space."""
        return await offload(self._feedback.learned, self._message.space)
