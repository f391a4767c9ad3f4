"""A synthetic history of a community's chat in two languages, in which solved questions are planted among other talk.

Everything is made up: how people ask, answer, settle, give up, and chat varies by style and template.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2024, 3, 4, 8, tzinfo=UTC)

WORDS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""Templates by language: ``known`` are questions with their answers about ``things``, ``chats`` small talk."""


@dataclass(frozen=True)
class Said:
    """One message of the history."""

    n: int
    author: int
    text: str
    at: datetime
    channel: str
    reply_to: int | None = None
    reactions: tuple[tuple[str, int], ...] = ()
    thread: str = ""
    is_helper: bool = False
    is_pinned: bool = False
    topic: int = 0
    """Which exchange it belongs to, numbered from 1 in its channel."""


@dataclass
class History:
    """Messages in the order they were said, and the planted lessons by the number of the message with the answer."""

    messages: list[Said] = field(default_factory=list)
    answers: dict[int, str] = field(default_factory=dict)
    announcements: set[int] = field(default_factory=set)
    pins: set[int] = field(default_factory=set)


class Chat:
    """Writes a history, several threads of talk at a time."""

    def __init__(self, seed: int, language: str, channel: str, n_people: int = 40, first: int = 0) -> None:
        self.random = random.Random(seed)
        self.language, self.channel, self.n_people = language, channel, n_people
        self.now, self.history = START, History()
        self.first = first
        self.topic = 0
        self.n_topics = 0

    @contextmanager
    def new_topic(self) -> Iterator[None]:
        """Give what is said in the block a topic of its own."""
        before = self.topic
        self.n_topics += 1
        self.topic = self.n_topics
        yield
        self.topic = before

    def pick(self, table: str) -> Any:
        return self.random.choice(WORDS[self.language][table])

    def people(self, n: int) -> list[int]:
        return self.random.sample(range(1, self.n_people + 1), n)

    def say(self, author: int, text: str, *, after_s: float | None = None, **about: object) -> Said:
        self.now += timedelta(seconds=after_s if after_s is not None else self.random.uniform(15, 150))
        number = self.first + len(self.history.messages) + 1
        said = Said(number, author, text, self.now, self.channel, topic=self.topic, **about)  # type: ignore[arg-type]
        self.history.messages.append(said)
        return said

    def pause(self) -> None:
        self.now += timedelta(minutes=self.random.uniform(35, 400))

    def asked(self, n: int) -> tuple[str, str]:
        """Return the n-th question, different from all others, and its answer."""
        known, things = WORDS[self.language]["known"], WORDS[self.language]["things"]
        question, answer = known[n % len(known)]
        thing = things[(n // len(known) + 2 * n) % len(things)]
        number = n // (len(known) * len(things))
        return question.format(x=f"{thing} {number + 1}" if number else thing), answer

    def plant(self, said: Said, question: str) -> None:
        self.history.answers[said.n] = question


def solved_by_reply(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    first = chat.say(asker, chat.pick("openers") + question)
    said = chat.say(helper, answer, reply_to=first.n)
    chat.plant(said, question)
    chat.say(asker, chat.pick("thanks"), reply_to=said.n if chat.random.random() < 0.5 else None)


def solved_in_a_row(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    chat.say(asker, f"{chat.pick('openers')}{question}\n{chat.pick('context')}")
    chat.plant(chat.say(helper, answer), question)
    chat.say(asker, chat.pick("thanks"))


def solved_by_mark(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    first = chat.say(asker, question)
    mark = chat.random.choice(((("✅", 1),), (("👍", 3),), (("✅", 1), ("👍", 2))))
    chat.plant(chat.say(helper, answer, reply_to=first.n, reactions=mark), question)


def solved_by_helper(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    first = chat.say(asker, chat.pick("openers") + question)
    chat.plant(chat.say(helper, answer, reply_to=first.n, is_helper=True), question)


def solved_after_asking_back(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    chat.say(asker, chat.pick("context"))
    chat.say(asker, question, after_s=20)
    chat.say(helper, chat.pick("clarify"))
    chat.say(asker, chat.pick("clarified"))
    chat.plant(chat.say(helper, answer), question)
    chat.say(asker, chat.pick("thanks"))


def solved_at_second_try(chat: Chat, question: str, answer: str) -> None:
    asker, first_helper, helper = chat.people(3)
    first = chat.say(asker, question)
    chat.say(first_helper, chat.pick("wrong"), reply_to=first.n)
    chat.say(asker, chat.pick("failed"))
    said = chat.say(helper, answer, reply_to=first.n)
    chat.plant(said, question)
    chat.say(asker, chat.pick("thanks"), reply_to=said.n)


def solved_in_a_thread(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    mark = chat.random.choice(("[SOLVED] ", "✅ ", "Resolvido: "))
    thread = f"{mark}{question[:60]}"
    chat.say(asker, f"{question}\n{chat.pick('context')}", thread=thread)
    chat.plant(chat.say(helper, answer, thread=thread), question)


def solved_next_day(chat: Chat, question: str, answer: str) -> None:
    asker, helper = chat.people(2)
    first = chat.say(asker, question)
    halves = answer.split(" ", 5)
    said = chat.say(helper, " ".join(halves[:5]), reply_to=first.n)
    chat.plant(said, question)
    chat.say(helper, halves[-1], after_s=30)
    small_talk(chat)
    chat.say(asker, chat.pick("thanks"), after_s=60_000, reply_to=said.n)


def solved_side_by_side(chat: Chat, question: str, answer: str) -> None:
    """Ask one thing while others talk of another, without any reply by the platform's means."""
    asker, helper, other, third = chat.people(4)
    chat.say(other, chat.pick("chats")[0])
    chat.say(asker, question)
    chat.say(third, chat.pick("chats")[1])
    chat.plant(chat.say(helper, answer), question)
    chat.say(asker, chat.pick("thanks"))


Style = Callable[[Chat, str, str], None]

SOLVED: tuple[Style, ...] = (
    solved_by_reply, solved_in_a_row, solved_by_mark, solved_by_helper, solved_after_asking_back, solved_at_second_try,
    solved_in_a_thread, solved_next_day, solved_side_by_side, solved_by_reply,
)  # fmt: skip


def small_talk(chat: Chat) -> None:
    lines = chat.pick("chats")
    people = chat.people(2 + chat.random.randrange(2))
    with chat.new_topic():
        for n, line in enumerate(lines):
            chat.say(people[n % len(people)], line)


def unanswered(chat: Chat, question: str) -> None:
    asker, other = chat.people(2)
    chat.say(asker, chat.pick("openers") + question)
    if chat.random.random() < 0.6:
        chat.say(other, chat.pick("same"))


def answered_in_doubt(chat: Chat, question: str) -> None:
    asker, other = chat.people(2)
    first = chat.say(asker, question)
    chat.say(other, chat.pick("unsure"), reply_to=first.n)
    if chat.random.random() < 0.5:
        chat.say(asker, {"en": "ok thanks anyway", "pt": "tá bom, obrigado mesmo assim"}[chat.language])


def given_up(chat: Chat, question: str) -> None:
    asker, other = chat.people(2)
    first = chat.say(asker, question)
    said = chat.say(other, chat.pick("wrong"), reply_to=first.n)
    chat.say(asker, chat.pick("failed"), reply_to=said.n)


WITHOUT_ROLES_AND_THREADS = tuple(each for each in SOLVED if each not in (solved_by_helper, solved_in_a_thread))
"""What Telegram's exports tell."""

WORDS_ALONE = (solved_by_reply, solved_in_a_row, solved_after_asking_back, solved_at_second_try, solved_side_by_side)
"""What an export without replies, reactions and roles tells."""

UNSOLVED: tuple[Callable[[Chat, str], None], ...] = (unanswered, answered_in_doubt, given_up)


def write_history(
    seed: int,
    language: str,
    n_threads: int,
    channel: str = "help",
    first: int = 0,
    n_lines_between: int = 2,
    styles: Sequence[Style] = SOLVED,
    first_question: int = 0,
) -> History:
    """Return a history of one channel: ``n_threads`` questions, 55 % of them solved, and small talk between them."""
    chat = Chat(seed, language, channel, first=first)
    for n in range(n_threads):
        question, answer = chat.asked(first_question + n)
        with chat.new_topic():
            if n % 20 < 11:
                styles[(n + n // 20) % len(styles)](chat, question, answer)
            else:
                UNSOLVED[n % len(UNSOLVED)](chat, question)
        chat.pause()
        for _ in range(chat.random.randrange(n_lines_between + 1)):
            small_talk(chat)
            if chat.random.random() < 0.7:
                chat.pause()
    return chat.history


def write_announcements(language: str, first: int) -> History:
    """Return a channel of announcements, one of them pinned."""
    chat = Chat(5, language, "announcements" if language == "en" else "avisos", first=first)
    for n, text in enumerate(WORDS[language]["announcements"]):
        said = chat.say(7, text, after_s=90_000)
        (chat.history.announcements if n else chat.history.pins).add(said.n)
        if not n:
            chat.history.messages[-1] = replace(said, is_pinned=True)
    return chat.history


def endless_chat(seed: int) -> Iterator[Said]:
    """Yield messages without end, in which about one thread in three is a solved question."""
    n = 0
    for block in range(1_000_000):
        language = ("en", "pt")[block % 2]
        history = write_history(seed + block, language, 20, first=n, n_lines_between=6, first_question=10 * block)
        shift = timedelta(days=12 * block)
        n += len(history.messages)
        for said in history.messages:
            yield replace(said, at=said.at + shift)
