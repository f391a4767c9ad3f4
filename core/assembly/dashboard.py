"""The dashboard's sign-in, sessions and audit log."""

from __future__ import annotations

from datetime import UTC, datetime

from core.dashboard.audit_log import AuditLog
from core.dashboard.sessions import DashboardSessions
from core.dashboard.sign_in_links import SignInLinks
from core.dashboard.sign_in_service import DashboardService
from core.privacy.pseudonyms import Pseudonyms
from core.storage.database import Database


def open_dashboard(database: Database, pseudonyms: Pseudonyms, address: str) -> DashboardService:
    """Return who may sign in to the dashboard at ``address``, and by which link."""
    return DashboardService(
        SignInLinks(database, pseudonyms),
        DashboardSessions(database, pseudonyms),
        AuditLog(database),
        pseudonyms,
        address,
        lambda: datetime.now(UTC),
    )
