"""Messages that teach alone: announcements, pinned messages and how-tos."""

from __future__ import annotations

import re

from core.importing.lesson import Lesson, LessonKind, LessonWords
from core.importing.speech_acts import asks, content_terms, does, is_news_channel
from core.types.exported_message import ExportedMessage

MIN_TERMS = 6
"""A message of fewer telling words teaches nothing alone."""

MIN_HOWTO_CHARS, MIN_STEPS = 200, 3
MAX_CHARS = 8_000
_MAX_TITLE_CHARS = 120

_STEP = re.compile(r"^ {0,8}(?:\d{1,2}[.)º]|[-*•–]|step \d|passo \d|\d️⃣)", re.IGNORECASE | re.MULTILINE)
_EVERYONE = re.compile(r"@(?:everyone|here|channel|todos)\b")
_SCORES = {"pinned": 0.8, "announcement": 0.7, "howto": 0.6}


def single_lesson(message: ExportedMessage) -> Lesson | None:
    """Return what a message teaches by itself, if anything."""
    if not (kind := _kind(message)):
        return None
    text = _EVERYONE.sub("", message.text).strip()[:MAX_CHARS]
    first = next(line for line in text.splitlines() if line.strip())
    return Lesson(
        kind=kind,
        title=first.strip("# *_")[:_MAX_TITLE_CHARS],
        text=f"{text}\n",
        url=message.url,
        channel=message.channel,
        score=_SCORES[kind],
        said_at=message.said_at,
        said=(LessonWords(message.key, message.author, text),),
    )


def _kind(message: ExportedMessage) -> LessonKind | None:
    text = message.text
    if len(content_terms(text)) < MIN_TERMS:
        return None
    if message.is_pinned and not does(text, "social"):
        return "pinned"
    if _is_howto(text):
        return "howto"
    if asks(text.rstrip()[-300:]) or message.reply_to or message.thread_key or does(text, "social"):
        return None
    is_news = message.is_announced or is_news_channel(message.channel) or _EVERYONE.search(text) is not None
    return "announcement" if is_news else None


def _is_howto(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if len(text) < MIN_HOWTO_CHARS or first.rstrip().endswith("?"):
        return False
    return len(_STEP.findall(text)) >= MIN_STEPS and (does(first, "steps") or first.lstrip().startswith("#"))
