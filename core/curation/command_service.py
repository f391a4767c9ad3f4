"""Learning from the web as commands see it (``core.services.LearningPort``).

The space's review policy decides which pages wait for approval: by default those a search found, and not those that a
moderator names.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.curation.chat_teaching import ChatTeachingService, SpaceChatTeaching
from core.curation.curator import Curator, Research
from core.curation.gaps import GapFinder, SpaceGaps
from core.curation.guarded_http import readable_address
from core.curation.reading_log import log_reading
from core.curation.watch import SpaceWatches, Watcher
from core.curation.websearch import WebResult
from core.knowledge.storage_quota import StorageQuota
from core.language import detect_language
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.services import Finding, FindingsListener, ReviewPolicy
from core.services.setting_schema import REVIEW
from core.storage.curation.reading_log import ReadingLog
from core.storage.spaces import Spaces
from core.types import IndexedDocument, Language, Message, Person, ReadingReport, Scope, SpaceId


@dataclass(frozen=True, slots=True)
class LearningService:
    """Makes the ``SpaceLearning`` of any space."""

    curator: Curator
    finder: GapFinder
    watcher: Watcher
    chat_teaching: ChatTeachingService
    spaces: Spaces
    pseudonyms: Pseudonyms
    quota: StorageQuota

    def of(self, scope: Scope, person: Person, language: Language) -> SpaceLearning:
        """Return the learning of a scope, bound to a person; ``language`` is that of themes too short for detection."""
        return SpaceLearning(self, scope, person, language)


@dataclass(frozen=True, slots=True)
class SpaceLearning:
    """Learning from the web, bound to one scope and person (``core.services.LearningPort``): its own space learns."""

    _service: LearningService
    _scope: Scope
    _person: Person
    _language: Language

    async def learn_page(self, url: str, tell: FindingsListener) -> tuple[Finding, ...]:
        """Read one page; stored, or proposed under the policy ``all``."""
        await self._service.quota.require_pages(self._space)
        is_trusted = await self.policy() != "all"
        research = self._research("", self._language, is_trusted)
        reading = self._service.curator.read(research, [WebResult(readable_address(url), "", "")], tell)
        return await log_reading(self._readings, self._space, url, self._pseudonym, reading)

    async def index_page(self, url: str) -> IndexedDocument:
        """Store one page without judging its quality. Raises ``BadInput`` when it cannot be fetched or read."""
        await self._service.quota.require_pages(self._space)
        indexed: list[IndexedDocument] = []

        async def read() -> tuple[Finding, ...]:
            indexed.append(await self._service.curator.ingest.index_page(self._space, url))
            return (Finding(url, "", "learned" if indexed[0].outcome in ("added", "replaced") else "known"),)

        await log_reading(self._readings, self._space, url, self._pseudonym, read())
        return indexed[0]

    async def readings(self, n_readings: int) -> tuple[ReadingReport, ...]:
        """Return the last readings, newest first."""
        found = [each for space in self._scope.community for each in await self._readings.latest(space, n_readings)]
        return tuple(sorted(found, key=lambda each: each.started_at, reverse=True)[:n_readings])

    async def learn_theme(self, theme: str, tell: FindingsListener) -> tuple[Finding, ...]:
        """Search the web for a theme; the best pages are proposed, or stored under the policy ``none``."""
        await self._service.quota.require_pages(self._space)
        is_trusted = await self.policy() == "none"
        language = await offload(detect_language, theme, self._language)
        return await self._service.curator.research(self._research(theme, language, is_trusted), tell)

    @property
    def gaps(self) -> SpaceGaps:
        """Return the gaps of the space."""
        return self._service.finder.of(self._scope, self._pseudonym)

    def said(self, message: Message) -> SpaceChatTeaching:
        """Return the teaching from chat messages, bound to a message's space and sender."""
        return self._service.chat_teaching.of(message, self._language)

    @property
    def watches(self) -> SpaceWatches:
        """Return the watches of the space."""
        return SpaceWatches(self._service.watcher, self._scope, self._pseudonym, self._language)

    async def policy(self) -> ReviewPolicy:
        """Return the review policy of the space."""
        return await self._service.spaces.value(self._space, REVIEW)

    async def set_policy(self, policy: ReviewPolicy) -> None:
        """Set the review policy of the space."""
        await self._service.spaces.set_value(self._space, REVIEW, policy)

    def _research(self, theme: str, language: Language, is_trusted: bool) -> Research:
        return Research(self._space, theme, language, self._pseudonym, is_trusted)

    @property
    def _space(self) -> SpaceId:
        return self._scope.space

    @property
    def _readings(self) -> ReadingLog:
        return self._service.curator.readings

    @property
    def _pseudonym(self) -> str:
        return self._service.pseudonyms.of(self._person.id)
