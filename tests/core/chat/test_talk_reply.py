"""Replies about what a space knows: many documents are named by folder, few with their headings."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.chat.talk_reply import MAX_THEMES, ReadTalk, TalkReplies, shown_title
from core.types import GLOBAL, Document, Scope, SpaceId

HERE = SpaceId("discord:1")


class Shelf:
    """Documents of one space, by id."""

    def __init__(self, *names):
        self._documents = tuple(
            Document(n, HERE, name.split("/")[-1], (name,), "en", n, 10, datetime(2026, 1, n, tzinfo=UTC))
            for n, name in enumerate(names, start=1)
        )

    async def list(self, space):
        return () if space == GLOBAL else self._documents

    async def text(self, space, document_id):
        return f"# Document {document_id}\n\n## Hours\n\nIt opens at nine in the morning.\n"


async def test_many_documents_are_named_by_folder():
    names = [f"rules/pool_{n}.md" for n in range(1, MAX_THEMES + 2)] + ["clubs/choir.md"]
    read = await TalkReplies(Shelf(*names)).read(Scope(HERE), "what do you know?", "en")
    assert read.reply is not None
    heading, rules, clubs = read.reply.splitlines()
    assert f"documents: {len(names)}" in heading
    assert rules == "• **rules**: pool 11, pool 10, pool 9, pool 8…"
    assert clubs == "• **clubs**: choir"


async def test_a_few_are_named_with_their_headings():
    read = await TalkReplies(Shelf("pool_rules.md")).read(Scope(HERE), "o que você sabe?", "pt")
    assert read.reply is not None
    assert read.reply.splitlines()[1:] == ["• pool rules: Hours"]


async def test_a_summary_is_of_the_document_with_every_word_in_its_title():
    replies = TalkReplies(Shelf("pool.md", "pool rules.md", "rules of the gym.md"))
    read = await replies.read(Scope(HERE), "summarise the pool rules", "en")
    assert read.reply == "**pool rules**\n• **Hours**: It opens at nine in the morning."
    assert await replies.read(Scope(HERE), "summarise the sauna rules", "en") == ReadTalk("summarise the sauna rules")


def test_a_title_is_shown_without_the_ending_of_a_file():
    document = Document(1, HERE, "pool_*rules*.pdf", (), "en", 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
    assert shown_title(document) == "pool *rules*"  # what shows it escapes it


class OneDocument:
    """A space with one document."""

    def __init__(self, title, text):
        self._document = Document(1, HERE, title, (), "en", 1, 10, datetime(2026, 1, 1, tzinfo=UTC))
        self._text = text

    async def list(self, space):
        return () if space == GLOBAL else (self._document,)

    async def text(self, space, document_id):
        return self._text


async def reply(title, text, asked, language="en"):
    return (await TalkReplies(OneDocument(title, text)).read(Scope(HERE), asked, language)).reply


@pytest.mark.parametrize(
    ("asked", "language"),
    [("resuma as regras", "pt"), ("summarise the rules", "en"), ("resume o regimento da piscina", "pt")],
)
async def test_rules_are_summarised_whatever_their_title_calls_them(asked, language):
    text = "# Regulamento da piscina\n\n## Horário\n\nA piscina abre às nove da manhã.\n"
    told = await reply("Regulamento da piscina", text, asked, language)
    assert told == "**Regulamento da piscina**\n• **Horário**: A piscina abre às nove da manhã."


@pytest.mark.parametrize(("asked", "language"), [("summarise everything", "en"), ("resuma tudo", "pt")])
async def test_a_summary_of_everything_names_the_subjects(asked, language):
    told = await reply("Pool rules", "# Pool rules\n\n## Hours\n\nIt opens at nine.", asked, language)
    assert told.splitlines()[1:] == ["• Pool rules: Hours"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1. Sign\n2. Row", ["1. Sign", "2. Row"]),
        (
            "## Out\n\n1. Sign\n2. Row\n\n## In\n\n1. Dry\n2. Lock",
            ["**Out**", "1. Sign", "2. Row", "**In**", "1. Dry", "2. Lock"],
        ),
    ],
)
async def test_the_steps_of_a_document_are_told_under_their_headings(text, lines):
    assert (await reply("Boats", text, "list the steps for boats")).splitlines() == ["**Boats**", *lines]


async def test_lists_that_no_heading_tells_apart_are_left_to_the_search():
    assert await reply("Boats", "Out:\n1. Sign\n2. Row\n\nIn:\n1. Dry\n2. Lock", "list the steps for boats") is None


def test_the_name_of_a_file_is_shown_as_words():
    document = Document(1, HERE, "slack-geral-export", (), "en", 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
    assert shown_title(document) == "slack geral export"
    assert shown_title(replace(document, title="Check-in and check-out")) == "Check-in and check-out"
    assert shown_title(replace(document, title="minutes-2025-06.md")) == "minutes 2025-06"
