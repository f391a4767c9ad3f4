"""Watching channels: what people say there is kept while it may go on, and what it teaches is proposed.

Conversations and what in them teaches are found as in exports (``core.importing``), and go through consent, the check
for personal data and review as those do. A lesson whose conversation goes on is proposed again in place of itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from core.chat.notices import Notices
from core.errors import UserError
from core.importing.export_reader import ExportReader
from core.importing.frames import read_message
from core.importing.history_import import HistoryImport, ImportRequest
from core.importing.lesson import Lesson
from core.offload import offload
from core.privacy.personal_data import without_mentions
from core.privacy.pseudonyms import Pseudonyms
from core.services.setting_schema import TRUSTED_ROLES
from core.storage.curation.channel_watches import ChannelWatches, KeptMessage
from core.storage.curation.watches import NewWatch, Watches
from core.storage.spaces import Spaces
from core.texts import say, say_markdown
from core.types import Button, ChannelPlace, ChannelProgress, Language, Message, Platform, Reply, SpaceId, Watch
from core.types.exported_message import ExportedMessage

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)
SETTLED = timedelta(minutes=30)
"""A lesson is proposed once nobody added to it for so long."""

MAX_TEXT_CHARS = 10_000

FRESH_S = 10.0
"""Seconds for which it is remembered which channels are watched: another process may stop one."""


@dataclass(frozen=True, slots=True)
class ChannelWatch:
    """Watches channels in any space, for the adapters that read them."""

    watches: Watches
    store: ChannelWatches
    reader: ExportReader
    imports: HistoryImport
    spaces: Spaces
    notices: Notices
    pseudonyms: Pseudonyms
    _known: dict[Platform, tuple[float, tuple[Watch, ...]]] = field(default_factory=dict)
    _news: dict[Platform, asyncio.Event] = field(default_factory=dict)

    def of(self, message: Message, language: Language) -> SpaceChannels:
        """Return the watched channels of a message's space, for its sender, who speaks ``language``."""
        return SpaceChannels(self, message, language)

    # --- for adapters -----------------------------------------------------------------------------

    async def watching(self, platform: Platform) -> Sequence[Watch]:
        """Return the watched channels of a platform, at most ``FRESH_S`` old."""
        read_at_s, known = self._known.get(platform, (-FRESH_S, ()))
        if time.monotonic() - read_at_s >= FRESH_S:
            everywhere = await self.watches.channels()
            known = tuple(watch for watch in everywhere if watch.space.partition(":")[0] == platform)
            self._known[platform] = time.monotonic(), known
        return known

    def news(self, platform: Platform) -> asyncio.Event:
        """Return an event that is set when a channel of the platform is watched anew."""
        return self._news.setdefault(platform, asyncio.Event())

    async def places(self, watch: Watch) -> Mapping[str, ChannelPlace]:
        """Return how far each place of a watched channel was read, by id."""
        return await self.store.places(watch.id)

    async def keep(
        self, watch: Watch, places: Sequence[ChannelPlace], messages: Sequence[ExportedMessage] = ()
    ) -> None:
        """Store how far places were read, with messages of the first of them, whose people are ids yet."""
        kept = await offload(lambda: [self._kept(message) for message in messages])
        await self.store.keep(watch.id, places, kept)

    async def fail(self, watch: Watch, key: str, **values: object) -> None:
        """Record that a channel cannot be read, and tell the moderators once a day."""
        await self.watches.record_check(watch, key)
        day = f"{datetime.now(UTC):%Y%m%d}"

        def compose(language: Language) -> Reply:
            return Reply(say_markdown(language, key, number=watch.id, **values), language)

        await self.notices.tell_moderators(watch.space, f"channel:{watch.id}:{key}:{day}", compose)

    async def settle(self, watch: Watch) -> int:
        """Propose what the kept messages of a channel teach, and forget those that are over; return how many are new.

        Raises ``UserError`` where they cannot be read.
        """
        n_new = 0
        for space, kept in (await self.store.messages(watch.id)).items():
            n_here = await self._propose(watch, space, kept)
            n_new += n_here
            if n_here:
                await self._announce(watch, space, n_here)
        await self.store.prune(watch.id)
        await self.watches.record_check(watch, "")
        return n_new

    async def _propose(self, watch: Watch, space: SpaceId, kept: Sequence[KeptMessage]) -> int:
        """Propose what messages teach to those who can read them; return how many proposals are new."""
        roles = await self.spaces.value(space, TRUSTED_ROLES)
        messages = [replace(read_message(each.values), key=each.key, author=each.person) for each in kept]
        lessons = await self.reader.lessons(messages, roles, watch.language)
        said_at = {each.key: each.said_at for each in kept}
        ready = [lesson for lesson in lessons if _is_settled(lesson, said_at)]
        request = ImportRequest(space, watch.created_by, watch.language, roles=roles)
        return await self.imports.propose_lessons(ready, request, _site(watch)) if ready else 0

    async def settle_all(self) -> str:
        """Propose what the watched channels of all spaces teach; return a line for the job's record."""
        n_new = n_failed = 0
        watched = await self.watches.channels()
        for watch in watched:
            try:
                n_new += await self.settle(watch)
            except UserError as error:
                n_failed += 1
                log.warning("channel %s of %s: %s", watch.target, watch.space, error)
        return f"{len(watched)} channels, {n_new} lessons proposed, {n_failed} failed"

    def note_new(self, platform: Platform) -> None:
        """Look again which channels of a platform are watched."""
        self._known.pop(platform, None)
        self.news(platform).set()

    def _kept(self, message: ExportedMessage) -> KeptMessage:
        """Return a message with pseudonyms for people, and none of its mentions."""
        author = self.pseudonyms.of(message.author)
        text = without_mentions(message.text[:MAX_TEXT_CHARS])
        mentions = tuple(map(self.pseudonyms.of, message.mentions))
        values = asdict(replace(message, author="", text=text, mentions=mentions))
        return KeptMessage(message.key, author, message.said_at, values | {"said_at": message.said_at.isoformat()})

    async def _announce(self, watch: Watch, space: SpaceId, n_new: int) -> None:
        """Tell the moderators that something waits, once for each moment."""

        def compose(language: Language) -> Reply:
            words = say_markdown(language, "channels.proposed", n=n_new, number=watch.id)
            return Reply(
                words, language, buttons=(Button(say(language, "channels.approve", n=n_new), "approve", _site(watch)),)
            )

        moment = f"{datetime.now(UTC):%Y%m%d%H%M%S}"
        await self.notices.tell_moderators(space, f"channel:{watch.id}:{space}:{moment}", compose)


def _site(watch: Watch) -> str:
    """Return what the proposals of a channel are approved by together."""
    return f"channel:{watch.id}"


def _is_settled(lesson: Lesson, said_at: Mapping[str, datetime]) -> bool:
    last = max((said_at[part.key] for part in lesson.parts if part.key in said_at), default=None)
    return last is not None and datetime.now(UTC) - last >= SETTLED


@dataclass(frozen=True, slots=True)
class SpaceChannels:
    """The watched channels of one space, for one person (``core.services.ChannelsPort``)."""

    _service: ChannelWatch
    _message: Message
    _language: Language

    async def watch(self, conversation: str) -> Watch:
        """Watch a channel, and say so there, with buttons to agree or to refuse."""
        service, space = self._service, self._message.space
        person = service.pseudonyms.of(self._message.person.id)
        made = await service.watches.add(space, NewWatch("channel", conversation, self._language, EVERY, person))
        service.note_new(self._message.platform)
        language = await service.notices.language(space)
        buttons = (
            Button(say(language, "consent.yes"), "consent", "yes"),
            Button(say(language, "consent.no"), "consent", "no"),
        )
        told = Reply(say_markdown(language, "channels.told"), language, buttons=buttons)
        await service.notices.tell(space, conversation, f"watched:{made.id}", told)
        return made

    async def progress(self) -> Mapping[int, ChannelProgress]:
        """Return how far the watched channels here were read."""
        return await self._service.store.progress(self._message.scope)
