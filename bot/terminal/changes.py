"""Changes made at the terminal, in the audit log of the space that they change."""

from __future__ import annotations

from core.dashboard.audit_log import AuditLog, Change
from core.storage.database import Database
from core.types import SpaceId

NAME = "aion (terminal)"
"""Who is named: whoever reaches the data folder is its operator."""


async def note_change(database: Database, space: str, action: str, subject: str, detail: str = "") -> None:
    """Record a change that was made."""
    await AuditLog(database).add(SpaceId(space), Change("", NAME, action, subject, detail))
