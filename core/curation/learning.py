"""Learning from the web as commands see it: ``core.services.Curation``, bound to one space and person.

A space's policy says what waits for approval. What a search found waits unless the space says otherwise; a page that
a moderator names is their own teaching.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from core.curation.curator import Curator, Research
from core.curation.fetch import readable_address
from core.curation.gaps import GapFinder, SpaceGaps
from core.curation.websearch import Result
from core.language import detect_language
from core.offload import offload
from core.privacy import Pseudonyms
from core.services import Finding, ReviewPolicy, Tell
from core.storage.spaces import Spaces
from core.types import Language, Person, SpaceId

SETTING = "review_policy"
"""The space's setting: a ``ReviewPolicy``."""

DEFAULT: ReviewPolicy = "found"


@dataclass(frozen=True, slots=True)
class Learners:
    """Every space's learning from the web."""

    curator: Curator
    finder: GapFinder
    spaces: Spaces
    pseudonyms: Pseudonyms

    def of(self, space: SpaceId, person: Person, language: Language) -> Learner:
        """Return one space's, for one person; ``language`` is for themes too short to tell theirs."""
        return Learner(self, space, person, language)


@dataclass(frozen=True, slots=True)
class Learner:
    """One space's learning from the web, for one person (``core.services.Curation``)."""

    _learners: Learners
    _space: SpaceId
    _person: Person
    _language: Language

    async def learn_page(self, url: str, tell: Tell) -> tuple[Finding, ...]:
        """Read one page; learned or proposed, as the space wants it."""
        is_trusted = await self.policy() != "all"
        research = self._research("", self._language, is_trusted)
        return await self._learners.curator.read(research, [Result(readable_address(url), "", "")], tell)

    async def learn_theme(self, theme: str, tell: Tell) -> tuple[Finding, ...]:
        """Search the web for a theme and keep the best pages, as the space wants it."""
        is_trusted = await self.policy() == "none"
        language = await offload(detect_language, theme, self._language)
        return await self._learners.curator.research(self._research(theme, language, is_trusted), tell)

    @property
    def gaps(self) -> SpaceGaps:
        """Return what AION could not answer here."""
        return self._learners.finder.of(self._space, self._learners.pseudonyms.of(self._person.id))

    async def policy(self) -> ReviewPolicy:
        """Return what waits for approval here."""
        known = await self._learners.spaces.get(self._space)
        return cast(ReviewPolicy, known.settings.get(SETTING, DEFAULT)) if known else DEFAULT

    async def set_policy(self, policy: ReviewPolicy) -> None:
        """Set what waits for approval here."""
        await self._learners.spaces.change_settings(self._space, lambda settings: {**settings, SETTING: policy})

    def _research(self, theme: str, language: Language, is_trusted: bool) -> Research:
        return Research(self._space, theme, language, self._learners.pseudonyms.of(self._person.id), is_trusted)
