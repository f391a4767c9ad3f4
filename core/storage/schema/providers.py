"""Usage of each provider, and accounts that are not to be asked for now."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, String, Table, Text

from core.storage.schema.base import metadata

provider_counts = Table(
    "provider_counts",
    metadata,
    Column("provider", String(50), primary_key=True),
    Column("key", String(16), primary_key=True, comment="fingerprint, or * for all keys"),
    Column("model", String(200), primary_key=True, comment="or * for all models"),
    Column("period", String(10), primary_key=True),
    Column("start_s", BigInteger, primary_key=True, autoincrement=False, comment="UTC seconds since 1970"),
    Column("n_requests", BigInteger, nullable=False),
    Column("n_tokens", BigInteger, nullable=False),
    Column("micro_usd", BigInteger, nullable=False),
)

provider_benches = Table(
    "provider_benches",
    metadata,
    Column("provider", String(50), primary_key=True),
    Column("key", String(16), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("until_s", Float, nullable=False, comment="UTC seconds since 1970"),
    Column("reason", Text, nullable=False),
)
