"""The dashboard of a space: links that sign a moderator in."""

from __future__ import annotations

from typing import Protocol


class DashboardPort(Protocol):
    """The dashboard. Bound to the space and the person of the message."""

    async def link(self) -> str:
        """Return an address that signs the person in, once, within ten minutes.

        Raises ``Unavailable`` when no dashboard is served, and ``BadInput`` where the message's space has none.
        """
        ...

    async def sign_out(self) -> int:
        """End every session of the person here; return how many there were."""
        ...
