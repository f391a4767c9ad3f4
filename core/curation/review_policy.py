"""The review policy of a space: which pages wait for a moderator's approval."""

from __future__ import annotations

from typing import cast

from core.services import ReviewPolicy
from core.storage.spaces import Spaces
from core.types import SpaceId

SETTING = "review_policy"
"""The space's setting: a ``ReviewPolicy``."""

DEFAULT: ReviewPolicy = "found"


async def review_policy_of(spaces: Spaces, space: SpaceId) -> ReviewPolicy:
    """Return the review policy of a space."""
    known = await spaces.get(space)
    return cast(ReviewPolicy, known.settings.get(SETTING, DEFAULT)) if known else DEFAULT
