"""What every table is made of: moments in UTC, embeddings as bytes, growing numbers, one set of names."""

from __future__ import annotations

from datetime import UTC, datetime

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

from core.types import Matrix, Vector


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC. Raises ``ValueError`` on a naive one, whose place is unknown."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"moment without a time zone: {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time zone back where the database dropped it."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Embedding(TypeDecorator[Vector]):
    """One embedding, shape ``(dim,)``, as little-endian float32 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Vector | None, dialect: Dialect) -> bytes | None:
        """Pack a vector."""
        return np.ascontiguousarray(value, dtype="<f4").tobytes() if value is not None else None

    @staticmethod
    def packed(vectors: Matrix) -> list[bytes]:
        """Return every row, shape ``(n, dim)``, as it is stored."""
        return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f4")]

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Vector | None:
        """Unpack a vector; the array is read-only."""
        return np.frombuffer(value, dtype="<f4") if value is not None else None


Identity = BigInteger().with_variant(Integer, "sqlite")
"""A growing number. SQLite grows only a plain INTEGER."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
