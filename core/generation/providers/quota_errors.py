"""Quota errors: which quota is spent (minute, day, month, the upstream host's, or one of size 0), and its size.

Parses Groq's messages, Gemini's violations, OpenRouter's metadata, and HTTP 402.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.generation.providers.route import Amount
from core.storage.quotas import Period


class SpentQuota(StrEnum):
    """The spent quota. ``NEVER`` is a quota of 0: the model is not in this key's plan."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    UPSTREAM = "upstream"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit as a provider states it in an error, and how much of it is left."""

    period: Period
    kind: Amount
    limit: int
    n_left: int


_NOTHING = re.compile(r"\blimit: 0(?![\d.])")
_DAY = re.compile(r"\((?:TPD|RPD)\)|per.?day\b|daily", re.IGNORECASE)
_MINUTE = re.compile(r"\((?:TPM|RPM|ITPM|OTPM)\)|per.?min(?:ute)?\b", re.IGNORECASE)


_GROQ = re.compile(r"\(([TR])P([MD])\): Limit (\d{1,15})(?:, Used (\d{1,15}))?", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,15}")
_PERIODS: Mapping[str, Period] = {"m": "minute", "d": "day", "PerMinute": "minute", "PerDay": "day"}


def limit_stated(error: Mapping[str, Any], message: str) -> StatedLimit | None:
    """Return the limit that an error states, in Groq's message or Gemini's violations; ``None`` for none, or for 0.

    Groq's ``(TPD): Limit 200000, Used 197050`` leaves 2,950; without ``Used`` (a request too large in itself), all.
    """
    if found := _GROQ.search(message):
        limit = int(found[3])
        kind: Amount = "n_tokens" if found[1].upper() == "T" else "n_requests"
        n_left = max(0, limit - int(found[4] or 0))
        return StatedLimit(_PERIODS[found[2].lower()], kind, limit, n_left) if limit else None
    for violation in violations(error):
        quota, value = string_in(violation, "quotaId"), string_in(violation, "quotaValue")
        period = next((_PERIODS[name] for name in ("PerDay", "PerMinute") if name in quota), None)
        if period and _COUNT.fullmatch(value) and int(value):
            return StatedLimit(period, "n_tokens" if "Token" in quota else "n_requests", int(value), 0)
    return None


def spent_by(status: int, error: Mapping[str, Any], message: str) -> SpentQuota | None:
    """Return the quota that an error with ``status`` says is spent; ``None`` where it does not say.

    Where both a day and a minute are named, the day: it blocks longer.
    """
    if status == 402 or error.get("code") == "insufficient_quota":
        return SpentQuota.MONTH
    if status != 429 and "RESOURCE_EXHAUSTED" not in string_in(error, "status"):
        return None
    if _NOTHING.search(message):
        return SpentQuota.NEVER
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and (metadata.get("provider_name") or metadata.get("provider_code")):
        return SpentQuota.UPSTREAM
    quotas = " ".join(quota_ids(error))
    if "PerDay" in quotas:
        return SpentQuota.DAY
    if "PerMinute" in quotas:
        return SpentQuota.MINUTE
    if _DAY.search(message):
        return SpentQuota.DAY
    return SpentQuota.MINUTE if _MINUTE.search(message) else None


def string_in(fields: Mapping[str, Any], name: str) -> str:
    """Return a field that is a string or a number, as a string; empty for any other: its depth is not bounded."""
    value = fields.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the details of a Google error; empty for every other."""
    rows = error.get("details")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def quota_ids(error: Mapping[str, Any]) -> list[str]:
    """Return the ids of the quotas that a Google error says are exceeded."""
    return [string_in(violation, "quotaId") for violation in violations(error)]


def violations(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the quota violations of a Google error."""
    found = [row.get("violations") for row in details(error)]
    return [row for rows in found if isinstance(rows, list) for row in rows if isinstance(row, dict)]
