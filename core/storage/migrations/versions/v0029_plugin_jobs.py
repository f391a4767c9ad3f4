"""How often the jobs of plugins run, so that other processes can say when the next run is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision: str | None = "0028"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("job_wishes", sa.Column("every_s", sa.Integer()))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("job_wishes", "every_s")
