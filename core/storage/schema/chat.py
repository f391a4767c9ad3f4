"""What is learned from chats: whose replies are trusted, and the messages that each learned text was made of."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.storage.schema.base import Identity, Moment, metadata

trusted_people = Table(
    "trusted_people",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("person", String(64), nullable=False, comment="pseudonym"),
    Column("name", Text, nullable=False, comment="as moderators know them"),
    UniqueConstraint("space_id", "person"),
    sqlite_autoincrement=True,
)

chat_lessons = Table(
    "chat_lessons",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, comment="that of its document: a permalink"),
    Column("conversation", String(200), nullable=False, comment="where it was said"),
    Column("content_hash", String(64), nullable=False, comment="of the text that the parts are parts of"),
    Column("answer_id", Identity, comment="the declined answer whose question it answers"),
    Column("said_at", Moment, nullable=False, comment="when the last of it was said"),
    UniqueConstraint("space_id", "name"),
    Index("ix_chat_lessons_answer_id", "space_id", "answer_id"),
    sqlite_autoincrement=True,
)

chat_lesson_parts = Table(
    "chat_lesson_parts",
    metadata,
    Column("lesson_id", ForeignKey("chat_lessons.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(200), primary_key=True, comment="that of the message"),
    Column("person", String(64), nullable=False, index=True, comment="pseudonym of its author"),
    Column("is_question", Integer, nullable=False),
    Column("start", Integer, nullable=False, comment="where its words begin in the text"),
    Column("end", Integer, nullable=False),
    Index("ix_chat_lesson_parts_key", "key"),
)

channel_places = Table(
    "channel_places",
    metadata,
    Column("watch_id", ForeignKey("watches.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String(200), primary_key=True, comment="the channel itself, or one of its threads"),
    Column("space_id", String(200), nullable=False, comment="that of its audience"),
    Column("cursor", String(40), nullable=False, comment="the last message that was read, or empty"),
    Column("title", Text, nullable=False),
    Column("is_read", Integer, nullable=False, comment="1: up to the cursor, which was the end"),
    Column("n_messages", Integer, nullable=False),
)

channel_messages = Table(
    "channel_messages",
    metadata,
    Column("watch_id", ForeignKey("watches.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(200), primary_key=True, comment="that of the message"),
    Column("place", String(200), nullable=False),
    Column("person", String(64), nullable=False, index=True, comment="pseudonym of its author"),
    Column("said_at", Moment, nullable=False),
    Column("message", JSON, nullable=False, comment="what was said; people in it are pseudonyms"),
    Index("ix_channel_messages_place", "watch_id", "place", "said_at"),
)
