"""Provider errors, classified for the router and the quota ledger.

Parses the error bodies and headers of Groq, Gemini, Hugging Face, OpenRouter and OpenAI. Keys that a provider echoes
are redacted before anything is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from core.errors import GenerationFailed
from core.generation.providers.quota_errors import (
    SpentQuota,
    StatedLimit,
    details,
    limit_stated,
    quota_ids,
    spent_by,
    string_in,
)

_MAX_WAIT_S = 86_400.0
"""Stated waits are capped at a day."""

_MAX_DETAIL_CHARS = 300
_MAX_READ_CHARS = 4_000
"""Longer messages are read up to here."""

_MAX_NAMING_CHARS = 300
"""What the error is about is looked for up to here: some providers quote the request after it."""

_KEY_RUN = 6
"""A word with this many consecutive characters of the key is redacted: providers quote keys in part."""

_DURATION = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)(ms|[smhd])")
_WHOLE_DURATION = re.compile(rf"(?:{_DURATION.pattern})+")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PROSE_WAIT = re.compile(rf"(?:try again|retry) in ((?:{_DURATION.pattern})+|\d+(?:\.\d+)? ?seconds?)", re.IGNORECASE)


class FailureKind(StrEnum):
    """Classes of failure, by what has to be done next."""

    AUTH = "auth"
    QUOTA = "quota"
    GONE = "gone"
    TOO_LARGE = "too_large"
    REJECTED = "rejected"
    FILTERED = "filtered"
    SERVER = "server"
    NETWORK = "network"
    EMPTY = "empty"
    MALFORMED = "malformed"


class ProviderFailed(GenerationFailed):
    """A provider returned no usable reply.

    ``retry_after_s`` is the wait that it states, ``spent`` the quota that is used up, and ``limit`` that quota's size;
    ``None`` where not stated.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str = "",
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        spent: SpentQuota | None = None,
        limit: StatedLimit | None = None,
    ) -> None:
        super().__init__(kind, status, retry_after_s, detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s
        self.spent = spent
        self.limit = limit

    def __str__(self) -> str:
        """Return the failure on one line, for the log."""
        status = f" {self.status}" if self.status is not None else ""
        wait = f", retry after {self.retry_after_s:g} s" if self.retry_after_s is not None else ""
        return f"{self.kind}{status}{wait}: {self.detail}"


OF_REQUEST = frozenset({FailureKind.TOO_LARGE, FailureKind.FILTERED})
"""Failures of one request: the provider answers others."""

_BY_STATUS = {
    401: FailureKind.AUTH,
    402: FailureKind.QUOTA,
    404: FailureKind.GONE,
    408: FailureKind.SERVER,
    410: FailureKind.GONE,
    413: FailureKind.TOO_LARGE,
    429: FailureKind.QUOTA,
}

_BY_WORDS = (
    (
        re.compile(
            r"flagged|moderation|content.?(filter|polic|management)|safety|prohibited.?(content|use)|responsible.?ai",
            re.I,
        ),
        FailureKind.FILTERED,
    ),
    (
        re.compile(
            r"api.?key.{0,20}(valid|expired|not.?found|leaked|revoked|disabled|suspended|blocked)"
            r"|(invalid|incorrect|expired|missing|wrong).{0,4}(api.?key|access.?token|credential)|unauthenticated|unauthorized"
            r"|user location is not supported",
            re.I,
        ),
        FailureKind.AUTH,
    ),
    (
        re.compile(
            r"model.?(not.?found|decommissioned|.{0,10}permission)|access to.{0,10} model|no endpoints found", re.I
        ),
        FailureKind.GONE,
    ),
    (re.compile(r"context.?length.?exceeded|request too large|too many tokens", re.I), FailureKind.TOO_LARGE),
    (re.compile(r"resource.?exhausted|rate.?limit|insufficient.?quota|depleted", re.I), FailureKind.QUOTA),
)
"""Kinds by what the error says, the first that matches: for statuses with several meanings, such as 400 and 403."""

_OF_PLAN = re.compile(
    r"permission|\bkeys?\b|\bplan\b|account|billing|payment|subscri|suspend|organi[sz]ation"
    r"|project|region|country|territor|credit|not enabled|disabled",
    re.I,
)
"""What a 403 says where the key or its plan is refused; any other may be about one question, like a firewall's."""


def failure_of(status: int, headers: Mapping[str, str], body: Any, key: str, now_s: float) -> ProviderFailed:
    """Return the failure of an error response.

    ``body`` is its parsed JSON or its text; ``now_s`` is the time in seconds since 1970. The code of an error inside a
    200 replaces the status.
    """
    error = error_in(body)
    code = error.get("code")
    if status < 400 and isinstance(code, int) and 400 <= code < 600:
        status = code
    message = (string_in(error, "message") or (body if isinstance(body, str) else ""))[:_MAX_READ_CHARS]
    return ProviderFailed(
        _kind(status, error, message),
        redact(message, key),
        status=status,
        retry_after_s=_wait_s(headers, error, message, now_s),
        spent=spent_by(status, error, message),
        limit=limit_stated(error, message),
    )


def error_in(body: Any) -> Mapping[str, Any]:
    """Return the error object in a body: ``{"error": {…}}``, Gemini's list of one, a bare string; else empty."""
    if isinstance(body, list):
        body = body[0] if body else None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def redact(text: str, key: str) -> str:
    """Return the start of ``text`` on one line, without control characters and words with a piece of the key."""
    runs = {key[i : i + _KEY_RUN] for i in range(max(1, len(key) - _KEY_RUN + 1))} if key else set()
    printable = "".join(char if char.isprintable() else " " for char in text[:_MAX_READ_CHARS])
    words = ("[key]" if any(run in word for run in runs) else word for word in printable.split())
    return " ".join(words)[:_MAX_DETAIL_CHARS]


def seconds(text: str) -> float | None:
    """Return a duration in seconds: plain (``17``), or Go's form (``2m59.56s``, ``120ms``); else ``None``."""
    text = text.strip().removesuffix("seconds").removesuffix("second").strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    if not _WHOLE_DURATION.fullmatch(text):
        return None
    return sum(float(count) * _UNIT_S[unit] for count, unit in _DURATION.findall(text))


def _kind(status: int, error: Mapping[str, Any], message: str) -> FailureKind:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return FailureKind.SERVER
    names = [string_in(error, name) for name in ("code", "status", "type")]
    reasons = [string_in(row, "reason") for row in details(error)]
    words = " ".join([*names, *reasons, message[:_MAX_NAMING_CHARS]])
    named = next((kind for pattern, kind in _BY_WORDS if pattern.search(words)), None)
    if named is None and status == 403 and _OF_PLAN.search(words):
        named = FailureKind.AUTH
    return named or (FailureKind.REJECTED if status >= 300 else FailureKind.SERVER)


def _wait_s(headers: Mapping[str, str], error: Mapping[str, Any], message: str, now_s: float) -> float | None:
    """Return the stated wait. With a spent day Gemini's RetryInfo ("17s") is wrong, and ignored."""
    stated = _header_wait_s(headers.get("retry-after", ""), now_s)
    if stated is None:
        stated = _reset_wait_s(headers.get("x-ratelimit-reset", ""), now_s)
    if stated is None and not any("PerDay" in quota for quota in quota_ids(error)):
        stated = _body_wait_s(error, message)
    return None if stated is None else min(max(stated, 0.0), _MAX_WAIT_S)


def _header_wait_s(value: str, now_s: float) -> float | None:
    wait = seconds(value)
    if wait is not None or not value:
        return wait
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - now_s


def _reset_wait_s(value: str, now_s: float) -> float | None:
    """Return the wait until OpenRouter's reset time, in seconds or milliseconds since 1970."""
    if not re.fullmatch(r"\d{10}(?:\d{3})?(?:\.\d+)?", value):
        return None
    moment = float(value)
    return (moment / 1000 if moment > 1e11 else moment) - now_s


def _body_wait_s(error: Mapping[str, Any], message: str) -> float | None:
    for row in details(error):
        wait = seconds(string_in(row, "retryDelay"))
        if wait is not None:
            return wait
    prose = _PROSE_WAIT.search(message)
    return seconds(prose.group(1)) if prose else None
