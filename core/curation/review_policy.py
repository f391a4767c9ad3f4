"""What waits for approval in a space."""

from __future__ import annotations

from typing import cast

from core.services import ReviewPolicy
from core.storage.spaces import Spaces
from core.types import SpaceId

SETTING = "review_policy"
"""The space's setting: a ``ReviewPolicy``."""

DEFAULT: ReviewPolicy = "found"


async def policy_of(spaces: Spaces, space: SpaceId) -> ReviewPolicy:
    """Return what waits for approval in a space."""
    known = await spaces.get(space)
    return cast(ReviewPolicy, known.settings.get(SETTING, DEFAULT)) if known else DEFAULT
