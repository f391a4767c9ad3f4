"""The dashboard: one-time links to sign in, sessions, and who changed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision: str | None = "0017"


def upgrade() -> None:
    """Make room for them."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False, comment="SHA-256; the token is kept nowhere"),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False, comment="pseudonym"),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_sign_in_links_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_index("ix_sign_in_links_space_id", "sign_in_links", ["space_id", "person"])
    op.create_table(
        "dashboard_sessions",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False, comment="pseudonym"),
        sa.Column("token_hash", sa.String(length=64), nullable=False, comment="SHA-256; the token is kept nowhere"),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_dashboard_sessions_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_dashboard_sessions_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dashboard_sessions_space_id", "dashboard_sessions", ["space_id", "person"])
    op.create_table(
        "audit_events",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False, comment="pseudonym, or empty once it was erased"),
        sa.Column("name", sa.String(length=100), nullable=False, comment="as it was shown then"),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="what was changed"),
        sa.Column("detail", sa.Text(), nullable=False, comment="its new value, or the reason"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_audit_events_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_events_space_id", "audit_events", ["space_id", "id"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("audit_events")
    op.drop_table("dashboard_sessions")
    op.drop_table("sign_in_links")
