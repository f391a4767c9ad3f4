"""What all groups of the operator's settings have in common: where they are read, and that each is described."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from core.dotenv_file import DOTENV


class SettingsGroup(BaseSettings):
    """Settings about one subject. The string below each field is its description in ``docs/reference/settings.md``."""

    model_config = SettingsConfigDict(
        env_file=DOTENV,
        env_file_encoding="utf-8-sig",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )
