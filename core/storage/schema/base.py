"""Column types of all tables (times in UTC, embeddings, ids) and the naming of constraints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from core.types import Matrix, Vector


class Moment(TypeDecorator[datetime]):
    """A time-zone aware datetime, stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. Raises ``ValueError`` for a naive datetime."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"moment without a time zone: {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Set UTC where the database dropped the time zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Embedding(TypeDecorator[Vector]):
    """One embedding, shape ``(dim,)``, stored as little-endian float32 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Vector | bytes | None, dialect: Dialect) -> bytes | None:
        """Convert a vector to bytes; ``packed`` ones are bytes already."""
        if value is None or isinstance(value, bytes):
            return value
        return np.ascontiguousarray(value, dtype="<f4").tobytes()

    @staticmethod
    def packed(vectors: Matrix) -> list[bytes]:
        """Return the stored bytes of each row of ``vectors``, shape ``(n, dim)``."""
        return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f4")]

    def process_result_value(self, value: bytes | Vector | None, dialect: Dialect) -> Vector | None:
        """Convert bytes to a vector; the array is read-only."""
        return None if value is None else self.unpacked(value)

    @staticmethod
    def unpacked(value: bytes | Vector) -> Vector:
        """Return a vector as a database returned it: its bytes, or what a driver made of them."""
        return np.frombuffer(value, dtype="<f4") if isinstance(value, bytes) else value


class SearchVector(Embedding):
    """An embedding that is searched for. On PostgreSQL it is a ``halfvec``, which rounds to 16 bits as FAISS does."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type as the database has it."""
        if dialect.name == "sqlite":
            return super().load_dialect_impl(dialect)
        from core.storage.engines.postgres_sql import HalfVector  # loaded where it is used

        return dialect.type_descriptor(HalfVector())


Identity = BigInteger().with_variant(Integer, "sqlite")
"""An autoincrementing id. SQLite autoincrements only a plain INTEGER."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
