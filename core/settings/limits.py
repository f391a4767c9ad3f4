"""Settings of what people and communities may do and store."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings.group import SettingsGroup


class LimitSettings(SettingsGroup):
    """Limits: what is learned from, how much is stored, how often it is asked."""

    max_file_mb: float = Field(25.0, alias="AION_MAX_FILE_MB", gt=0)
    """Larger files are refused before they are read, in megabytes."""
    searxng_url: str | None = Field(None, alias="AION_SEARXNG_URL")
    """Your own SearXNG, to search the web with instead of public search engines. Its `search.formats` must contain
    `json`."""
    fetch_allow: str = Field("", alias="AION_FETCH_ALLOW")
    """Private `host:port,…` that pages may be learned from and webhooks delivered to. Everything else inside your
    network is refused."""
    private_teaching: Literal["quota", "open", "off"] = Field("quota", alias="AION_PRIVATE_TEACHING")
    """What people may do in a private chat: `quota` teach within the next three limits, `open` everything a moderator
    may, `off` only ask."""
    private_documents: int = Field(20, alias="AION_PRIVATE_DOCUMENTS", ge=0)
    """Documents that one person may store in private. 0: no limit."""
    private_mb: float = Field(2.0, alias="AION_PRIVATE_MB", ge=0)
    """Megabytes of text that one person may store in private. 0: no limit."""
    private_pages: int = Field(20, alias="AION_PRIVATE_PAGES_PER_DAY", ge=0)
    """Web pages that one person may have read in 24 hours. 0: no limit."""
    space_documents: int = Field(10_000, alias="AION_SPACE_DOCUMENTS", ge=0)
    """Documents that one community may store; `/docs` and `aion doctor` tell what is used. 0: no limit."""
    space_mb: float = Field(200.0, alias="AION_SPACE_MB", ge=0)
    """Megabytes of text that one community may store. 0: no limit."""
    limit_person: float = Field(12, alias="AION_LIMIT_PERSON_PER_MINUTE", ge=0)
    """Messages and presses a minute from one person, and as many at once. Over it they are told, once a minute, when
    to ask again. 0: no limit."""
    limit_moderator: float = Field(60, alias="AION_LIMIT_MODERATOR_PER_MINUTE", ge=0)
    """The same for a moderator (on Telegram: for moderators' commands)."""
    limit_space: float = Field(120, alias="AION_LIMIT_SPACE_PER_MINUTE", ge=0)
    """The same for one whole community."""
    limit_everyone: float = Field(600, alias="AION_LIMIT_EVERYONE_PER_MINUTE", ge=0)
    """The same for everybody together."""
    limit_unasked: float = Field(10, alias="AION_LIMIT_UNASKED_PER_MINUTE", ge=0)
    """How often a minute it may look into questions it was not asked, in one free channel. Over it it keeps quiet."""
