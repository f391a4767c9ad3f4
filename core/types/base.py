"""Languages, spaces, platforms and vectors, which the other types are made of."""

from __future__ import annotations

from typing import Literal, NewType

import numpy as np
from numpy.typing import NDArray

Language = Literal["en", "pt"]
"""A supported language, for answers and for stemming."""

LANGUAGES: tuple[Language, ...] = ("en", "pt")

SpaceId = NewType("SpaceId", str)
"""A tenant's id, which every read is scoped to: ``discord:<guild>``, ``telegram:<chat>``, ``terminal:<user>``.

With an audience (``core.types.scope``) it names what only some of the tenant may read: ``discord:<guild>/channel-7``.
"""

GLOBAL = SpaceId("global")
"""The operator's own space, readable from every other space and written from the command line."""

Platform = Literal["discord", "telegram", "terminal", "http"]

Vector = NDArray[np.float32]
"""One L2-normalised embedding, shape ``(dim,)``."""

Matrix = NDArray[np.float32]
"""L2-normalised embeddings, shape ``(n, dim)``."""


def is_guest(space: SpaceId) -> bool:
    """Return whether a space is a chat that AION is no member of, and was asked in (``telegram:guest:<chat>``)."""
    return space.split(":")[1:2] == ["guest"]


def is_private(space: SpaceId) -> bool:
    """Return whether a space is one person's private chat (``discord:dm:<user>``, ``telegram:dm:<user>``)."""
    return space.split(":")[1:2] == ["dm"]
