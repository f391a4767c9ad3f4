"""Signing in to the dashboard as ``/dashboard`` offers it (``core.services.DashboardPort``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.dashboard.audit_log import AuditLog, Change
from core.dashboard.sessions import DashboardSessions
from core.dashboard.sign_in_links import SignIn, SignInLinks
from core.errors import BadInput, Unavailable
from core.privacy.pseudonyms import Pseudonyms
from core.types import Language, Message, community_of

PATH = "/dashboard"


@dataclass(frozen=True, slots=True)
class DashboardService:
    """Signs people in. ``address`` is where the dashboard is reached, empty where it is not served."""

    links: SignInLinks
    sessions: DashboardSessions
    audit: AuditLog
    pseudonyms: Pseudonyms
    address: str
    now: Callable[[], datetime]

    def of(self, message: Message, language: Language) -> PersonDashboard:
        """Return the dashboard of a message's space, for its sender; ``language`` is the one it is shown in."""
        return PersonDashboard(self, message, language)

    async def link(self, sign_in: SignIn) -> str:
        """Return an address that signs somebody in once. Raises ``Unavailable`` when no dashboard is served."""
        if not self.address:
            raise Unavailable("dashboard.off")
        return f"{self.address}{PATH}/sign-in?token={await self.links.add(sign_in, self.now())}"


@dataclass(frozen=True, slots=True)
class PersonDashboard:
    """The dashboard of what everyone of a community may read, for one person (``core.services.DashboardPort``)."""

    _service: DashboardService
    _message: Message
    _language: Language

    async def link(self) -> str:
        """Return an address that signs the person in, once. Raises ``Unavailable`` or ``BadInput``."""
        if self._message.platform not in ("discord", "telegram"):
            raise BadInput("dashboard.elsewhere")
        return await self._service.link(SignIn(community_of(self._message.space), self._message.person, self._language))

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record a change that the person made."""
        person = self._message.person
        change = Change(self._service.pseudonyms.of(person.id), person.name, action, subject, detail)
        await self._service.audit.add(community_of(self._message.space), change)

    async def sign_out(self) -> int:
        """End every session of the person here; return how many there were."""
        person = self._service.pseudonyms.of(self._message.person.id)
        return await self._service.sessions.revoke(community_of(self._message.space), person)
