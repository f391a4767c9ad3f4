"""Extractive summaries: what messages say themselves, found by speech acts, replies and embeddings; no model writes.

Highlights are the sentences nearest to all others (centrality), no two of them alike (MMR).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from core.importing.conversations import ChatConversation, ConversationSplitter
from core.importing.solved_questions import SolvedQuestionFinder
from core.importing.speech_acts import asking_sentences, asks, content_terms, does
from core.ports import Embedder
from core.privacy.personal_data import without_mentions
from core.retrieval import mmr
from core.retrieval.sentences import sentences
from core.services import SummaryPoint
from core.types.exported_message import ExportedMessage

N_POINTS = 4
"""Points of each part."""

N_HIGHLIGHTS = 6
LAMBDA = 0.4
"""Of MMR: what everybody says again and again is said once."""

N_EMBEDDED = 80
"""Sentences that are embedded, those with most telling words: embedding dominates the time."""

MAX_CHARS = 240
"""Characters of a quotation."""

MIN_TERMS = 4
"""Telling words of a sentence that can stand alone."""

MIN_REPLIES = 2

_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|`]{1,500}")


def points_of(messages: Sequence[ExportedMessage], embedder: Embedder) -> tuple[SummaryPoint, ...]:
    """Return the points of messages, oldest first, part by part. Blocks while embedding."""
    answered, waiting = _questions(messages)
    decided = _decisions(messages)
    used = {point.text for point in (*answered, *waiting, *decided)}
    return (
        *decided,
        *answered,
        *waiting,
        *highlights(messages, embedder, used),
        *_discussed(messages),
        *_shared(messages),
    )


def highlights(
    messages: Sequence[ExportedMessage], embedder: Embedder, used: Collection[str] = ()
) -> list[SummaryPoint]:
    """Return the central sentences of messages that are unlike each other, as they were said. Blocks."""
    found = [each for each in _sentences(messages) if quoted(each[1]) not in used]
    found = sorted(found, key=lambda each: -each[2])[:N_EMBEDDED]
    if not found:
        return []
    vectors = embedder.embed_passages([text for _, text, _ in found])
    central = mmr.relative((vectors @ vectors.T).mean(axis=1))
    chosen = sorted(mmr.select(central, vectors, N_HIGHLIGHTS, LAMBDA), key=lambda i: found[i][0])
    return [SummaryPoint("said", quoted(found[i][1]), _urls(messages[found[i][0]])) for i in chosen]


def quoted(text: str) -> str:
    """Return words on one line, shortened, without mentions."""
    line = " ".join(without_mentions(text).split())
    return line if len(line) <= MAX_CHARS else line[:MAX_CHARS].rsplit(" ", 1)[0] + "…"


def _sentences(messages: Sequence[ExportedMessage]) -> Iterator[tuple[int, str, int]]:
    """Yield the sentences that can stand alone: the place of their message, their text and its telling words."""
    for place, message in enumerate(messages):
        text = _ADDRESS.sub("", message.text)
        for span in sentences(text):
            sentence = text[span.start : span.end].strip()
            n_terms = len(content_terms(sentence))
            if n_terms >= MIN_TERMS and not sentence.endswith("?"):
                yield place, sentence, n_terms


def _decisions(messages: Sequence[ExportedMessage]) -> list[SummaryPoint]:
    found = []
    for message in messages:
        spans = sentences(message.text)
        words = next((s for s in (message.text[a.start : a.end] for a in spans) if does(s, "decided")), "")
        if words and not asks(words):
            found.append(SummaryPoint("decided", quoted(words), _urls(message)))
    return found[-N_POINTS:]


def _questions(messages: Sequence[ExportedMessage]) -> tuple[list[SummaryPoint], list[SummaryPoint]]:
    """Return the questions that were answered, with the answer, and those that nobody replied to."""
    said = {message.key: message for message in messages}
    finder, answered, waiting = SolvedQuestionFinder(), [], []
    for conversation in _conversations(messages):
        if (lesson := finder.find(conversation)) is not None:
            reply = next((words for words in lesson.said if not words.is_question and words.text), None)
            asked = _urls(conversation.opener)
            replied = _urls(said[reply.key]) if reply is not None and reply.key in said else ()
            text = quoted(reply.text) if reply is not None else ""
            answered.append(SummaryPoint("answered", quoted(lesson.title), (*asked, *replied), text))
        elif asks(conversation.opener.text) and not conversation.is_answered():
            question = asking_sentences(conversation.opener.text) or conversation.opener.text
            waiting.append(SummaryPoint("open", quoted(question), _urls(conversation.opener)))
    return answered[-N_POINTS:], waiting[-N_POINTS:]


def _conversations(messages: Sequence[ExportedMessage]) -> list[ChatConversation]:
    splitter = ConversationSplitter()
    found = [each for message in messages for each in splitter.add(message)]
    return sorted((*found, *splitter.close()), key=lambda each: each.opener.said_at)


def _discussed(messages: Sequence[ExportedMessage]) -> list[SummaryPoint]:
    """Return the messages that were replied to most."""
    said: Mapping[str, ExportedMessage] = {message.key: message for message in messages}
    counted = Counter(message.reply_to for message in messages if message.reply_to in said)
    return [
        SummaryPoint("discussed", quoted(said[key].text), _urls(said[key]), n=n)
        for key, n in counted.most_common(N_POINTS)
        if n >= MIN_REPLIES and said[key].text.strip()
    ]


def _shared(messages: Sequence[ExportedMessage]) -> list[SummaryPoint]:
    """Return the last links that were shared, each once, from the message that has it first."""
    found: dict[str, ExportedMessage] = {}
    for message in messages:
        for address in _ADDRESS.findall(message.text):
            found.setdefault(address.rstrip(".,;:!?'\""), message)
    return [SummaryPoint("shared", address, _urls(message)) for address, message in list(found.items())[-N_POINTS:]]


def _urls(message: ExportedMessage) -> tuple[str, ...]:
    """Return the permalink of a message, where it is an address."""
    return (message.url,) if message.url.startswith("https://") else ()
