"""Which allowance an error says is used up: of a minute, of a day, of a month, the model's own host's, or none at all.

Covers the words of Groq, the violations of Gemini, the metadata of OpenRouter, and payment required.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Spent(StrEnum):
    """What is used up. ``NEVER`` is an allowance of nothing: the model is not part of this key's plan."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    UPSTREAM = "upstream"
    NEVER = "never"


_NOTHING = re.compile(r"\blimit: 0(?![\d.])")
_DAY = re.compile(r"\((?:TPD|RPD)\)|per.?day\b|daily", re.IGNORECASE)
_MINUTE = re.compile(r"\((?:TPM|RPM|ITPM|OTPM)\)|per.?min(?:ute)?\b", re.IGNORECASE)


def spent_by(status: int, error: Mapping[str, Any], message: str) -> Spent | None:
    """Return what the error of a response with ``status`` says is used up, where it says so.

    A day counts before a minute: both may be named, and the longer one is what keeps the next request away.
    """
    if status == 402 or error.get("code") == "insufficient_quota":
        return Spent.MONTH
    if status != 429 and "RESOURCE_EXHAUSTED" not in str(error.get("status")):
        return None
    if _NOTHING.search(message):
        return Spent.NEVER
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and (metadata.get("provider_name") or metadata.get("provider_code")):
        return Spent.UPSTREAM
    quotas = " ".join(quota_ids(error))
    if "PerDay" in quotas:
        return Spent.DAY
    if "PerMinute" in quotas:
        return Spent.MINUTE
    if _DAY.search(message):
        return Spent.DAY
    return Spent.MINUTE if _MINUTE.search(message) else None


def details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the details of a Google error; empty for every other."""
    rows = error.get("details")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def quota_ids(error: Mapping[str, Any]) -> list[str]:
    """Return the names of the quotas that a Google error says are exceeded."""
    violations = [row.get("violations") for row in details(error)]
    rows = [row for rows in violations if isinstance(rows, list) for row in rows if isinstance(row, dict)]
    return [str(row.get("quotaId")) for row in rows]
