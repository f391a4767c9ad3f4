"""Settings of learning from thumbs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings.group import SettingsGroup


class TrainingSettings(SettingsGroup):
    """Training: when AION learns from thumbs by itself, and what Discord's policy allows you."""

    train_after_ratings: int = Field(0, alias="AION_TRAIN_AFTER_RATINGS", ge=0)
    """After so many new thumbs AION trains by itself, beside its work and with lower priority. 0: never."""
    discord_training_permitted: Literal["yes", "no"] = Field("no", alias="AION_DISCORD_TRAINING_PERMITTED")
    """`yes` if Discord permits you expressly to train models on message content. Otherwise training leaves it out."""
    discord_training_plans: Literal["allow", "refuse"] = Field("refuse", alias="AION_DISCORD_TRAINING_PLANS")
    """`allow` asks providers whose plan trains on what it is sent, or may, for Discord communities, too."""
