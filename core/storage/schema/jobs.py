"""Runs of regular jobs, the operator's requests, and the lease of the process that runs them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from core.storage.schema.base import Identity, Moment, metadata

runs = Table(
    "runs",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("job", String(100), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("outcome", String(20)),
    Column("detail", Text),
    Index("ix_runs_job", "job", "finished_at"),
    sqlite_autoincrement=True,
)

job_wishes = Table(
    "job_wishes",
    metadata,
    Column("job", String(100), primary_key=True),
    Column("is_paused", Integer, nullable=False, server_default="0"),
    Column("asked_at", Moment, comment="when it was asked to run at once; gone once it does"),
    Column("claimed_by", String(64), comment="the process that runs it"),
    Column("claimed_until", Moment, comment="by the clock of the database; renewed while it runs"),
    Column("every_s", Integer, comment="seconds between two runs of a plugin's job; gone once no plugin has it"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(64), nullable=False, comment="a random word of the process"),
    Column("until", Moment, nullable=False, comment="by the clock of the database"),
    Column(
        "epoch", BigInteger, nullable=False, server_default="0", comment="raised by every acquisition, never lowered"
    ),
)
