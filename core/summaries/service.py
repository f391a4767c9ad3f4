"""Summaries of channels (``core.services.SummaryPort``): what was said is read where it is, and nothing of it kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import BadInput, Unavailable
from core.generation.writer import Writers
from core.importing.frames import read_message
from core.offload import offload
from core.ports import Embedder
from core.privacy.pseudonyms import Pseudonyms
from core.services import ChannelSummary
from core.storage.curation.channel_watches import ChannelWatches
from core.storage.delivery.rate_buckets import RateBuckets
from core.summaries.extractive import points_of
from core.summaries.period import DAY, Period, read_period
from core.summaries.written import confidential_models, written_points
from core.types import ExportedMessage, Language, Message, Platform, Rate, is_private

MAX_MESSAGES = 500
"""Messages that are read for a summary, the last ones."""

PER_PERSON, PER_SPACE = Rate(1), Rate(6)
"""Summaries, each of which reads ``MAX_MESSAGES`` and embeds sentences."""

MIN_WRITTEN = 8
"""Of fewer messages no model writes: they are as quickly read."""


_UNSEEN: Mapping[Platform, str] = {"discord": "summary.unseen_discord", "telegram": "summary.unseen_telegram"}
"""What says how to let AION see what was said, by platform."""


@dataclass(frozen=True, slots=True)
class SummaryService:
    """Makes the ``SpaceSummary`` of any message."""

    watches: ChannelWatches
    embedder: Embedder
    writers: Writers
    pseudonyms: Pseudonyms
    buckets: RateBuckets
    now: Callable[[], datetime]

    def of(self, message: Message, language: Language) -> SpaceSummary:
        """Return the summaries of the channel of a message, for its sender, in their language."""
        return SpaceSummary(self, message, language)


@dataclass(frozen=True, slots=True)
class SpaceSummary:
    """The summaries of one channel, for one person."""

    _service: SummaryService
    _message: Message
    _language: Language

    async def read(self, since: str) -> ChannelSummary:
        """Return what happened since a moment. Raises ``BadInput`` and ``Unavailable`` as the port says."""
        if is_private(self._message.space):
            raise BadInput("summary.private")
        period = read_period(since, self._service.now())
        await self._require_admitted()
        said, begun_at = _after(await self._said(period), period, self._own_ids, self._service.now())
        if not said:
            raise BadInput("summary.nothing")
        points = await offload(points_of, said, self._service.embedder)
        if len(said) >= MIN_WRITTEN:
            models = confidential_models(self._service.writers)
            if written := await written_points(said, models, self._language):
                points = (*written, *(point for point in points if point.part != "said"))
        n_people = len({message.author for message in said})
        return ChannelSummary(points, len(said), n_people, begun_at, is_cut=len(said) >= MAX_MESSAGES)

    async def _said(self, period: Period) -> Sequence[ExportedMessage]:
        """Return what was said: read from the platform, or else as it was kept of a watched channel."""
        message, service = self._message, self._service
        if message.history is not None:
            return await message.history(period.since, MAX_MESSAGES)
        if not await service.watches.is_watched(message.scope, message.conversation):
            raise BadInput(_UNSEEN.get(message.platform, "summary.unseen"))
        kept = await service.watches.said_in(message.scope, message.conversation, period.since, MAX_MESSAGES)
        return [replace(read_message(each.values), key=each.key, author=each.person) for each in kept]

    @property
    def _own_ids(self) -> frozenset[str]:
        person = self._message.person.id
        return frozenset({person, self._service.pseudonyms.of(person)})

    async def _require_admitted(self) -> None:
        """Count a summary against the limits of its sender and its space, in all processes. Raises ``Unavailable``."""
        person = self._service.pseudonyms.of(self._message.person.id)
        wanted = {f"summaries for {person}": PER_PERSON, f"summaries in {self._message.space}": PER_SPACE}
        if (wait_s := await self._service.buckets.take(wanted)) > 0:
            raise Unavailable("limit.wait", wait_s=math.ceil(wait_s))


def _after(
    found: Sequence[ExportedMessage], period: Period, own: frozenset[str], now: datetime
) -> tuple[Sequence[ExportedMessage], datetime]:
    """Return the messages of a period, and since when it is; a day where someone's own last message is not found."""
    if not period.after_own:
        return found, period.since
    last = next((n for n in reversed(range(len(found))) if found[n].author in own), None)
    if last is None:
        return [message for message in found if message.said_at >= now - DAY], now - DAY
    return found[last + 1 :], found[last].said_at
