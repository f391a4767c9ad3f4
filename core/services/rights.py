"""Data rights of the sender of a message, and whether their space allows training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class RightsPort(Protocol):
    """Data rights. Bound to the person of the message, and to their space for its training setting."""

    async def kept(self) -> Mapping[str, int]:
        """Return the number of rows stored of the person, by kind."""
        ...

    async def copy(self) -> bytes:
        """Return all that is kept of the person, as a JSON file."""
        ...

    async def forget(self) -> Mapping[str, int]:
        """Erase the person everywhere, and return the number of things erased, by kind."""
        ...

    async def may_train(self) -> bool:
        """Return whether models may learn from the person, where a community lets them."""
        ...

    async def set_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from the person."""
        ...

    async def space_trains(self) -> bool:
        """Return whether models may learn from what is asked and rated here."""
        ...

    def withholds_messages(self) -> bool:
        """Return whether training leaves out what people write here, as Discord's policy demands."""
        ...

    async def set_space_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from what is asked and rated here."""
        ...
