"""The documents that answers cite, and confidences where a screen counts them without reading whole answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision: str | None = "0030"

N_AT_ONCE = 1_000

_answers = sa.table(
    "answers", sa.column("id", sa.BigInteger), sa.column("passages", sa.JSON), sa.column("sources", sa.JSON)
)


def upgrade() -> None:
    """Make room for them, and note what the answers given until now cite."""
    cited = op.create_table(
        "answer_documents",
        sa.Column("answer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "document_id", sa.BigInteger(), nullable=False, comment="one it cites, which may have been removed since"
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_answer_documents_answer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "document_id", name=op.f("pk_answer_documents")),
    )
    last: int | None = 0
    while last is not None:
        last = _note_cited(cited, last)
    op.create_index("ix_answer_documents_document_id", "answer_documents", ["document_id", "answer_id"])
    _index_answers("space_id", "id", "used", "band", "language", "confidence")


def downgrade() -> None:
    """Remove them."""
    _index_answers("space_id", "id", "used", "band", "language")
    op.drop_table("answer_documents")


def _note_cited(cited: sa.Table, after: int) -> int | None:
    """Note what ``N_AT_ONCE`` answers after a number cite; return the number of the last, ``None`` after all."""
    columns, connection = _answers.c, op.get_bind()
    following = sa.select(_answers).where(columns.id > after).order_by(columns.id).limit(N_AT_ONCE)
    found = connection.execute(following).all()
    noted = []
    for row in found:
        of_passage = {passage["id"]: passage["document_id"] for passage in row.passages}
        documents = {of_passage.get(source["passage_id"]) for source in row.sources} - {None}
        noted += [{"answer_id": row.id, "document_id": document} for document in documents]
    if noted:
        connection.execute(sa.insert(cited), noted)
    return found[-1].id if found else None


def _index_answers(*columns: str) -> None:
    op.drop_index("ix_answers_space_id_id", "answers")
    op.create_index("ix_answers_space_id_id", "answers", list(columns))
