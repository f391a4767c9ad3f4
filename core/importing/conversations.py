"""Conversations of an export: which messages belong together, by threads, replies, mentions, pauses and words.

Several people talk at once in a channel, so several conversations are open in it. Memory is bounded: of each channel
the latest conversations are held, of each conversation the first messages.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from core.importing.speech_acts import asks, content_terms, does
from core.types.exported_message import ExportedMessage

PAUSE = timedelta(minutes=30)
"""A message that replies to nobody belongs to no conversation that paused for longer."""

LONG_PAUSE = timedelta(hours=20)
"""As ``PAUSE``, where nobody said anything else in the channel meanwhile."""

CONTINUES = timedelta(minutes=5)
"""What an author says within this time of their last message belongs with it."""

MAX_MESSAGES = 300
N_OPEN = 24
"""Conversations of a channel that are held; replies to older ones find them no more."""

N_THREADS = 2_000
_MIN_QUESTION_TERMS = 2
"""A question of fewer telling words opens no conversation while others are active."""

_MIN_OWN_TERMS = 3
"""A question of fewer, in which nobody needs anything themselves, asks back where another question waits."""

_OWN_NEED = re.compile(
    r"(?<!\w)(?:i|i'm|my|we|our|any ?one|anybody|somebody|someone|eu|meus?|minhas?|alguem|alguém|a gente|n[oó]s"
    r"|posso|podemos|consigo|faço|preciso|quero)(?!\w)",
    re.IGNORECASE,
)

_FEW_TERMS = 4
"""A message of fewer telling words goes with small talk before it goes with a question."""


@dataclass(slots=True)
class ChatConversation:
    """Messages that belong together, in the order of the export; at least one."""

    messages: list[ExportedMessage]
    terms: set[str] = field(default_factory=set)

    @property
    def opener(self) -> ExportedMessage:
        """Return the first message."""
        return self.messages[0]

    def add(self, message: ExportedMessage, terms: frozenset[str]) -> None:
        """Append a message; of one too long the rest is left out."""
        if len(self.messages) < MAX_MESSAGES:
            self.messages.append(message)
            self.terms |= terms

    def has(self, author: str) -> bool:
        """Tell whether someone said anything in it."""
        return any(message.author == author for message in self.messages)

    def is_answered(self) -> bool:
        """Tell whether anybody but its opener said anything."""
        return any(message.author != self.opener.author for message in self.messages)


class ConversationSplitter:
    """Sorts the messages of an export into conversations, channel by channel."""

    def __init__(self) -> None:
        self._channels: dict[str, _ChannelSplitter] = {}
        self._threads: OrderedDict[str, ChatConversation] = OrderedDict()

    def add(self, message: ExportedMessage) -> Iterator[ChatConversation]:
        """Take the next message; yield the conversations that are complete by it."""
        if message.thread_key:
            return self._add_to_thread(message)
        return self._channels.setdefault(message.channel, _ChannelSplitter()).add(message)

    def close(self) -> Iterator[ChatConversation]:
        """Yield the conversations that are held, at the end of the export."""
        yield from self._threads.values()
        self._threads.clear()
        for channel in self._channels.values():
            yield from channel.close()
        self._channels.clear()

    def _add_to_thread(self, message: ExportedMessage) -> Iterator[ChatConversation]:
        thread = self._threads.get(message.thread_key)
        if thread is None:
            self._threads[message.thread_key] = ChatConversation([message])
        else:
            thread.add(message, frozenset())
            self._threads.move_to_end(message.thread_key)
        while len(self._threads) > N_THREADS:
            yield self._threads.popitem(last=False)[1]


class _ChannelSplitter:
    """The conversations of one channel, the one that was added to last at the end."""

    def __init__(self) -> None:
        self._open: list[ChatConversation] = []
        self._of_key: dict[str, ChatConversation] = {}
        self._last: ExportedMessage | None = None

    def add(self, message: ExportedMessage) -> Iterator[ChatConversation]:
        terms = content_terms(message.text)
        conversation = self._of_key.get(message.reply_to) or self._fitting(message, terms)
        if conversation is None:
            conversation = ChatConversation([message], set(terms))
        else:
            self._open.remove(conversation)
            conversation.add(message, terms)
        self._open.append(conversation)
        self._of_key[message.key] = conversation
        self._last = message
        if len(self._open) > N_OPEN:
            yield self._forget(self._open.pop(0))

    def close(self) -> Iterator[ChatConversation]:
        yield from self._open
        self._open, self._of_key = [], {}

    def _forget(self, conversation: ChatConversation) -> ChatConversation:
        for message in conversation.messages:
            self._of_key.pop(message.key, None)
        return conversation

    def _fitting(self, message: ExportedMessage, terms: frozenset[str]) -> ChatConversation | None:
        """Return the open conversation that a message without a reply belongs to, if any."""
        active = self._active(message)
        if not active:
            return None
        addressed = next((each for each in active if any(map(each.has, message.mentions))), None)
        if addressed is not None:
            return addressed
        own = next((each for each in active if each.has(message.author)), None)
        if own is not None and own is active[0] and self._continues(message):
            return None if _begins_anew(own, message, terms) else own
        if does(message.text, "thanks") or does(message.text, "worked"):
            return next((each for each in active if each.opener.author == message.author), own or active[0])
        if _opens(message, terms, own, active[0]):
            return None
        return max(active, key=lambda each: _fit(each, message, terms, active))

    def _active(self, message: ExportedMessage) -> list[ChatConversation]:
        """Return the conversations that did not pause for too long, the latest first."""
        if self._last is None:
            return []
        if message.said_at - self._last.said_at > PAUSE:
            latest = self._open[-1]
            is_near = message.said_at - self._last.said_at <= LONG_PAUSE
            return [latest] if is_near and _goes_on(latest, message) else []
        return [each for each in reversed(self._open) if message.said_at - each.messages[-1].said_at <= PAUSE]

    def _continues(self, message: ExportedMessage) -> bool:
        last = self._last
        return last is not None and last.author == message.author and message.said_at - last.said_at <= CONTINUES


def _begins_anew(conversation: ChatConversation, message: ExportedMessage, terms: frozenset[str]) -> bool:
    """Tell whether someone who goes on talking asks something else."""
    if not asks(message.text) or len(terms) < _MIN_QUESTION_TERMS:
        return False
    return not terms & conversation.terms and (asks(conversation.opener.text) or conversation.is_answered())


def _opens(
    message: ExportedMessage, terms: frozenset[str], own: ChatConversation | None, latest: ChatConversation
) -> bool:
    """Tell whether a message asks something new, and does not ask back."""
    if not asks(message.text) or len(terms) < _MIN_QUESTION_TERMS or does(message.text, "clarify"):
        return False
    if own is not None:
        return own.is_answered() or own.opener.author != message.author
    return len(terms) >= _MIN_OWN_TERMS or not _waits(latest) or _OWN_NEED.search(message.text) is not None


def _waits(conversation: ChatConversation) -> bool:
    """Tell whether a conversation is a question that nobody answered yet."""
    return "?" in conversation.opener.text and not conversation.is_answered()


def _goes_on(conversation: ChatConversation, message: ExportedMessage) -> bool:
    """Tell whether a message after a long silence belongs with what was said before: an answer, or thanks for one."""
    is_settling = does(message.text, "thanks") or does(message.text, "worked") or does(message.text, "failed")
    if conversation.opener.author == message.author:
        return is_settling and conversation.is_answered()
    return asks(conversation.opener.text) and not conversation.is_answered() and "?" not in message.text


def _fit(
    conversation: ChatConversation, message: ExportedMessage, terms: frozenset[str], active: list[ChatConversation]
) -> float:
    """Return how well a message goes with a conversation: shared words, who talks in it, and how recent it is."""
    shared = len(terms & conversation.terms) / math.sqrt(1 + len(terms))
    takes_part = 0.6 if conversation.has(message.author) else 0.0
    waits = 0.4 if _waits(conversation) else 0.0
    chats = 0.4 if waits and len(terms) < _FEW_TERMS and not asks(conversation.opener.text) else 0.0
    return shared + takes_part + waits + chats - 0.3 * active.index(conversation)
