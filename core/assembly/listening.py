"""What is learned of what people say to each other, put together."""

from __future__ import annotations

from dataclasses import dataclass

from core.assembly.stores import Stores
from core.chat.notices import Notices
from core.importing.history_import import HistoryImport
from core.listening.channel_watch import ChannelWatch
from core.listening.lesson_keeper import LessonKeeper
from core.listening.listener import Listener
from core.listening.trust import TrustService
from core.listening.trusted_replies import TrustedReplies


@dataclass(frozen=True, slots=True)
class Listening:
    """The parts that listen to people, over the same stores."""

    trust: TrustService
    keeper: LessonKeeper
    replies: TrustedReplies
    listener: Listener
    channels: ChannelWatch


def open_listening(stores: Stores, imports: HistoryImport, notices: Notices) -> Listening:
    """Return the parts that listen to people."""
    reviews, pseudonyms = imports.reviews, imports.pseudonyms
    trust = TrustService(stores.spaces, stores.trusted_people, pseudonyms)
    keeper = LessonKeeper(stores.chat_lessons, stores.consents, reviews, trust)
    replies = TrustedReplies(stores.answers, keeper, trust, notices, pseudonyms)
    channels = ChannelWatch(
        stores.watches, stores.channel_watches, imports.reader, imports, stores.spaces, notices, pseudonyms
    )
    listener = Listener(stores.answers, keeper, trust, pseudonyms, stores.channel_watches)
    return Listening(trust, keeper, replies, listener, channels)
