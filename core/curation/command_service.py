"""Learning from the web as commands see it: ``core.services.LearningPort``, bound to one space and person.

A space's policy says what waits for approval. What a search found waits unless the space says otherwise; a page that
a moderator names is their own teaching.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.curation.chat_teaching import ChatTeachingService, SpaceChatTeaching
from core.curation.curator import Curator, Research
from core.curation.fetch import readable_address
from core.curation.gaps import GapFinder, SpaceGaps
from core.curation.reading_log import recorded
from core.curation.review_policy import SETTING, policy_of
from core.curation.watch import SpaceWatches, Watcher
from core.curation.websearch import WebResult
from core.language import detect_language
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.services import Finding, ReviewPolicy, Tell
from core.storage.curation.reading_log import ReadingLog
from core.storage.spaces import Spaces
from core.types import IndexedDocument, Language, Message, Person, ReadingReport, SpaceId


@dataclass(frozen=True, slots=True)
class LearningService:
    """Every space's learning from the web."""

    curator: Curator
    finder: GapFinder
    watcher: Watcher
    sayings: ChatTeachingService
    spaces: Spaces
    pseudonyms: Pseudonyms

    def of(self, space: SpaceId, person: Person, language: Language) -> SpaceLearning:
        """Return one space's, for one person; ``language`` is for themes too short to tell theirs."""
        return SpaceLearning(self, space, person, language)


@dataclass(frozen=True, slots=True)
class SpaceLearning:
    """One space's learning from the web, for one person (``core.services.LearningPort``)."""

    _learners: LearningService
    _space: SpaceId
    _person: Person
    _language: Language

    async def learn_page(self, url: str, tell: Tell) -> tuple[Finding, ...]:
        """Read one page; learned or proposed, as the space wants it."""
        is_trusted = await self.policy() != "all"
        research = self._research("", self._language, is_trusted)
        reading = self._learners.curator.read(research, [WebResult(readable_address(url), "", "")], tell)
        return await recorded(self._readings, self._space, url, self._pseudonym, reading)

    async def index_page(self, url: str) -> IndexedDocument:
        """Store one page somebody named, without judging it. Raises ``BadInput`` when it cannot be had."""
        indexed: list[IndexedDocument] = []

        async def read() -> tuple[Finding, ...]:
            indexed.append(await self._learners.curator.ingest.index_page(self._space, url))
            return (Finding(url, "", "learned" if indexed[0].outcome in ("added", "replaced") else "known"),)

        await recorded(self._readings, self._space, url, self._pseudonym, read())
        return indexed[0]

    async def readings(self, n_readings: int) -> tuple[ReadingReport, ...]:
        """Return what was read for this space last, newest first."""
        return await self._readings.latest(self._space, n_readings)

    async def learn_theme(self, theme: str, tell: Tell) -> tuple[Finding, ...]:
        """Search the web for a theme and keep the best pages, as the space wants it."""
        is_trusted = await self.policy() == "none"
        language = await offload(detect_language, theme, self._language)
        return await self._learners.curator.research(self._research(theme, language, is_trusted), tell)

    @property
    def gaps(self) -> SpaceGaps:
        """Return what AION could not answer here."""
        return self._learners.finder.of(self._space, self._pseudonym)

    def said(self, message: Message) -> SpaceChatTeaching:
        """Return what may be learned of what people say where a message was said, for its sender."""
        return self._learners.sayings.of(message, self._language)

    @property
    def watches(self) -> SpaceWatches:
        """Return what is looked at again and again here."""
        return SpaceWatches(self._learners.watcher, self._space, self._pseudonym, self._language)

    async def policy(self) -> ReviewPolicy:
        """Return what waits for approval here."""
        return await policy_of(self._learners.spaces, self._space)

    async def set_policy(self, policy: ReviewPolicy) -> None:
        """Set what waits for approval here."""
        await self._learners.spaces.change_settings(self._space, lambda settings: {**settings, SETTING: policy})

    def _research(self, theme: str, language: Language, is_trusted: bool) -> Research:
        return Research(self._space, theme, language, self._pseudonym, is_trusted)

    @property
    def _readings(self) -> ReadingLog:
        return self._learners.curator.readings

    @property
    def _pseudonym(self) -> str:
        return self._learners.pseudonyms.of(self._person.id)
