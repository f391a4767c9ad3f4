"""Replies about what a space knows: many documents are named by folder, few with their headings."""

from datetime import UTC, datetime

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
