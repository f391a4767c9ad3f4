"""What is watched, what people agreed to, who leads, and what is wished of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _space(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f(f"fk_{table}_space_id"), ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watches",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False, comment="web (a page or a feed), theme or folder"),
        sa.Column("target", sa.Text(), nullable=False, comment="an address, a theme or a path"),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False, comment="pseudonym, empty for the operator"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("looked_at", _MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=False, server_default="", comment="why the last look saw nothing"),
        _space("watches"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
        sa.UniqueConstraint("space_id", "kind", "target", name=op.f("uq_watches_space_id_kind_target")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_watches_next_at", "watches", ["next_at"])
    op.create_table(
        "watched_pages",
        sa.Column("watch_id", _IDENTITY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="its address, or the path of a file"),
        sa.Column("etag", sa.Text(), nullable=False, server_default=""),
        sa.Column("last_modified", sa.Text(), nullable=False, server_default=""),
        sa.Column("differing", sa.JSON(), nullable=False, comment="since when each line differs from what is known"),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("gone_at", _MOMENT, nullable=True, comment="when it was first missed"),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.id"], name=op.f("fk_watched_pages_watch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("watch_id", "name", name=op.f("pk_watched_pages")),
    )
    op.create_table(
        "teachings",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the permalink"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("awaiting", sa.JSON(), nullable=False, comment="the pseudonyms of authors who have not agreed yet"),
        sa.Column("taught_by", sa.String(64), nullable=False, comment="pseudonym"),
        sa.Column("created_at", _MOMENT, nullable=False),
        _space("teachings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teachings")),
        sa.UniqueConstraint("space_id", "content_hash", name=op.f("uq_teachings_space_id_content_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_teachings_space_id", "teachings", ["space_id", "id"])
    op.create_table(
        "consents",
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("person", sa.String(64), nullable=False, comment="pseudonym"),
        sa.Column("is_given", sa.Integer(), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        _space("consents"),
        sa.PrimaryKeyConstraint("space_id", "person", name=op.f("pk_consents")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False, comment="a random word of the process"),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "job_wishes",
        sa.Column("job", sa.String(100), nullable=False),
        sa.Column("is_paused", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("asked_at", _MOMENT, nullable=True, comment="when it was asked to run at once; gone once it does"),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_wishes")),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("job_wishes", "leases", "consents", "teachings", "watched_pages", "watches"):
        op.drop_table(table)
