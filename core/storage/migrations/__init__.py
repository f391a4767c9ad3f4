"""How the database came to its present shape: Alembic revisions, never edited after a release."""

REVISIONS: tuple[str, ...] = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
)
"""Every revision this version of AION knows, oldest first. Kept here so that opening needs no Alembic."""
