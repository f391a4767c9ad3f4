"""The first shape: spaces, documents and their passages, answers and ratings, inbox, runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "inbox",
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "key", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_seen_at"), "inbox", ["seen_at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_job", "runs", ["job", "finished_at"], unique=False)
    op.create_table(
        "spaces",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="grows whenever the searchable passages change"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spaces")),
    )
    op.create_table(
        "answers",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False, comment="pseudonym"),
        sa.Column("conversation", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("prompt", sa.JSON(), nullable=False, comment="the rendered turns: [[role, content]]"),
        sa.Column("passages", sa.JSON(), nullable=False, comment="what the prompt was grounded on, best first"),
        sa.Column("sources", sa.JSON(), nullable=False, comment="the citations as shown"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("used", sa.String(length=50), nullable=False),
        sa.Column("generator", sa.String(length=50), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("lora_version", sa.String(length=100), nullable=True),
        sa.Column("sampling", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("log_probs", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("confidence_spec", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("band", sa.String(length=20), nullable=False),
        sa.Column("latency_ms", sa.JSON(), nullable=False),
        sa.Column("message_ref", sa.String(length=200), nullable=True, comment="where the platform shows it"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_answers_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_answers_space_id_conversation", "answers", ["space_id", "conversation", "id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False, comment="of the extracted text"),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "text", sa.Text(), nullable=False, comment="the extracted text, which the passages' offsets count in"
        ),
        sa.Column("n_chars", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_documents_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("space_id", "content_hash", name=op.f("uq_documents_space_id_content_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "removed_passages",
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column(
            "revision", sa.BigInteger(), nullable=False, comment="the space's revision that removed or re-embedded it"
        ),
        sa.Column("passage_id", _IDENTITY, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_removed_passages_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", "revision", "passage_id", name=op.f("pk_removed_passages")),
    )
    op.create_table(
        "document_names",
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document_id", _IDENTITY, nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=False, comment="of the bytes as they came"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_names_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_document_names_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", "name", name=op.f("pk_document_names")),
    )
    op.create_index(op.f("ix_document_names_document_id"), "document_names", ["document_id"], unique=False)
    op.create_table(
        "passages",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("document_id", _IDENTITY, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "revision", sa.BigInteger(), nullable=False, comment="the space's revision that made it searchable as it is"
        ),
        sa.Column("embedder_id", sa.String(length=200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_passages_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_passages_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passages")),
        sa.UniqueConstraint("document_id", "ordinal", name=op.f("uq_passages_document_id_ordinal")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_passages_space_id_embedder_id", "passages", ["space_id", "embedder_id", "revision", "id"], unique=False
    )
    op.create_table(
        "ratings",
        sa.Column("answer_id", _IDENTITY, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False, comment="pseudonym"),
        sa.Column("thumb", sa.String(length=4), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_ratings_answer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("answer_id", "person", name=op.f("pk_ratings")),
    )


def downgrade() -> None:
    """There is nothing before the first shape. Raises ``NotImplementedError``."""
    raise NotImplementedError("the first revision cannot be undone; restore a backup instead")
