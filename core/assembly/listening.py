"""What is learned of what people say, put together: of exported histories, and of what they say to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from core.assembly.stores import Stores
from core.chat.notices import Notices
from core.importing.export_reader import ExportReader, open_export_pool
from core.importing.history_import import HistoryImport
from core.knowledge.review import ReviewService
from core.listening.channel_watch import ChannelWatch
from core.listening.lesson_keeper import LessonKeeper
from core.listening.listener import Listener
from core.listening.trust import TrustService
from core.listening.trusted_replies import TrustedReplies
from core.privacy.pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True)
class Listening:
    """The parts that learn of what people say, over the same stores."""

    imports: HistoryImport
    trust: TrustService
    keeper: LessonKeeper
    replies: TrustedReplies
    listener: Listener
    channels: ChannelWatch


@asynccontextmanager
async def open_listening(
    stores: Stores, reviews: ReviewService, notices: Notices, pseudonyms: Pseudonyms, max_file_bytes: int
) -> AsyncIterator[Listening]:
    """Yield the parts that learn of what people say; their sandbox ends with the block."""
    async with aclosing(open_export_pool()) as pool:
        reader, lessons = ExportReader(pool), stores.chat_lessons
        imports = HistoryImport(reader, stores.consents, reviews, pseudonyms, max_file_bytes, lessons)
        trust = TrustService(stores.spaces, stores.trusted_people, pseudonyms)
        keeper = LessonKeeper(lessons, stores.consents, reviews, trust)
        replies = TrustedReplies(stores.answers, keeper, trust, notices, pseudonyms)
        kept = stores.channel_watches
        channels = ChannelWatch(stores.watches, kept, reader, imports, stores.spaces, notices, pseudonyms)
        listener = Listener(stores.open_questions, keeper, trust, pseudonyms, kept)
        yield Listening(imports, trust, keeper, replies, listener, channels)
