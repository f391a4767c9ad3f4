"""Trusted people, and the messages that what is learned from a chat was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision: str | None = "0022"

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for them, and note of answers which message asked."""
    op.create_table(
        "trusted_people",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("person", sa.String(64), nullable=False, comment="pseudonym"),
        sa.Column("name", sa.Text(), nullable=False, comment="as moderators know them"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_trusted_people_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_people")),
        sa.UniqueConstraint("space_id", "person", name=op.f("uq_trusted_people_space_id_person")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chat_lessons",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="that of its document: a permalink"),
        sa.Column("conversation", sa.String(200), nullable=False, comment="where it was said"),
        sa.Column("content_hash", sa.String(64), nullable=False, comment="of the text that the parts are parts of"),
        sa.Column("answer_id", _IDENTITY, nullable=True, comment="the declined answer whose question it answers"),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False, comment="when the last of it was said"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_chat_lessons_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_lessons")),
        sa.UniqueConstraint("space_id", "name", name=op.f("uq_chat_lessons_space_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chat_lessons_answer_id", "chat_lessons", ["space_id", "answer_id"])
    op.create_table(
        "chat_lesson_parts",
        sa.Column("lesson_id", _IDENTITY, nullable=False),
        sa.Column("key", sa.String(200), nullable=False, comment="that of the message"),
        sa.Column("person", sa.String(64), nullable=False, comment="pseudonym of its author"),
        sa.Column("is_question", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False, comment="where its words begin in the text"),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["chat_lessons.id"], name=op.f("fk_chat_lesson_parts_lesson_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lesson_id", "key", name=op.f("pk_chat_lesson_parts")),
    )
    op.create_index("ix_chat_lesson_parts_key", "chat_lesson_parts", ["key"])
    op.create_index("ix_chat_lesson_parts_person", "chat_lesson_parts", ["person"])
    asked_by = sa.Column("asked_by_message", sa.String(200), comment="the key of the message that asked it")
    op.add_column("answers", asked_by)
    op.create_index("ix_answers_asked_by_message", "answers", ["space_id", "asked_by_message"])
    source = sa.Column(
        "source_hash", sa.String(64), nullable=False, server_default="said", comment="what kind of text it is"
    )
    op.add_column("teachings", source)


def downgrade() -> None:
    """Remove them."""
    op.drop_column("teachings", "source_hash")
    op.drop_index("ix_answers_asked_by_message", "answers")
    op.drop_column("answers", "asked_by_message")
    op.drop_table("chat_lesson_parts")
    op.drop_table("chat_lessons")
    op.drop_table("trusted_people")
