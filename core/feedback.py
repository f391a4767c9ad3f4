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
from core.privacy.pseudonyms import Pseudonyms
from core.services import LearningReport
from core.storage.answers import AnswerRecord, Answers
from core.storage.impressions import Impressions
from core.storage.passages import Passages
from core.types import Message, Person, Scope, SpaceId, Thumb, community_of


@dataclass(frozen=True, slots=True)
class Feedback:
    """Stores feedback under pseudonyms. ``learned`` reports what training on it changed in a space; it blocks.

    ``rated`` is told of every press.
    """

    answers: Answers
    passages: Passages
    impressions: Impressions
    pseudonyms: Pseudonyms
    learned: Callable[[SpaceId], LearningReport | None]
    rated: Callable[[SpaceId, int, Thumb | None], None] = lambda space, answer_id, thumb: None

    async def press(self, space: SpaceId, answer_id: int, person: Person, thumb: Thumb, key: str = "") -> Thumb | None:
        """Press a thumb and return the person's rating after it. Raises ``BadInput`` for another community's answer.

        ``key`` names the press on its platform: delivered again, it changes nothing. Who reads the channel may have
        changed since the answer; whoever sees it may rate it.
        """
        pseudonym = self.pseudonyms.of(person.id)
        space = await self.answers.home(space, answer_id) or space
        held = await self.answers.thumb_of(space, answer_id, pseudonym)
        wanted = None if held == thumb else thumb
        if not await self.answers.rate(space, answer_id, pseudonym, wanted, key):
            return held
        self.rated(space, answer_id, wanted)
        return wanted

    async def open_sources(self, scope: Scope, answer_id: int, person: Person) -> Markdown:
        """Record that a person opened an answer's sources, and return these with their passages as Markdown.

        Passages that may not be read there any more are left out. Raises ``BadInput`` for an answer of elsewhere.
        """
        answer = await self.find(scope, answer_id)
        await self.impressions.open_sources(answer.space, answer_id, self.pseudonyms.of(person.id))
        ids = [source.passage_id for source in answer.sources]
        found = [passage for readable in scope.readable for passage in await self.passages.passages(readable, ids)]
        texts = await offload(lambda: {passage.id: whole_text(passage) for passage in found})
        hidden = await self.passages.hidden(scope, ids)
        readable = [source for source in answer.sources if source.passage_id not in hidden]
        addresses = await self.passages.addresses({passage.document_id for passage in found})
        links = {passage.id: addresses.get(passage.document_id, "") for passage in found}
        return quoted_source_list(readable, answer.language, texts, links)

    async def find(self, scope: Scope, answer_id: int) -> AnswerRecord:
        """Return an answer given where ``scope`` may read. Raises ``BadInput`` when there is none of that id."""
        answer = await self.answers.find(scope, answer_id)
        if answer is None:
            raise BadInput("storage.elsewhere")
        return answer

    def of(self, message: Message) -> SpaceAnswers:
        """Return the answers that may be read where a message is, for its sender."""
        return SpaceAnswers(self, message)


@dataclass(frozen=True, slots=True)
class SpaceAnswers:
    """The answers of one scope, for one person (``core.services.AnswersPort``)."""

    _feedback: Feedback
    _message: Message

    async def sources(self, answer_id: int) -> Markdown:
        """Return an answer's sources as Markdown, and record that they were opened."""
        return await self._feedback.open_sources(self._message.scope, answer_id, self._message.person)

    async def question(self, answer_id: int) -> str:
        """Return the question of an answer so that it stands on its own."""
        answer = await self._feedback.find(self._message.scope, answer_id)
        return answer.searched or answer.question

    async def rate(self, answer_id: int, thumb: Thumb) -> None:
        """Store the person's thumb on an answer; the same one again changes nothing."""
        pseudonym = self._feedback.pseudonyms.of(self._message.person.id)
        answer = await self._feedback.find(self._message.scope, answer_id)
        await self._feedback.answers.rate(answer.space, answer_id, pseudonym, thumb)

    async def learned(self) -> LearningReport | None:
        """Return what was learned from the thumbs of this space."""
        return await offload(self._feedback.learned, community_of(self._message.space))
