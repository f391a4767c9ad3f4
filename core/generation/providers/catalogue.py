"""The table of providers: which APIs there are, in which order, and how each wants to be asked.

Covers reading ``providers.toml`` or the operator's own file of the same shape, with the limits each API states.
Does not cover holding anybody to them (``quota``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core.errors import Unavailable
from core.types import Language

_STRICT = ConfigDict(extra="forbid", strict=False)

Text = Annotated[str, Field(min_length=1)]
Tokens = Annotated[int, Field(gt=0)]
Limit = Annotated[int, Field(gt=0)] | None
Usd = Annotated[float, Field(ge=0)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is not a time zone") from error
    return name


@dataclass(frozen=True, config=_STRICT)
class ModelLimits:
    """What may be used: requests and tokens of any 60 seconds and of a day, and dollars of a month."""

    requests_per_minute: Limit = None
    requests_per_day: Limit = None
    tokens_per_minute: Limit = None
    tokens_per_day: Limit = None
    usd_per_month: Usd | None = None


@dataclass(frozen=True, config=_STRICT)
class Price:
    """Dollars for a million tokens."""

    prompt: Usd = 0.0
    completion: Usd = 0.0


@dataclass(frozen=True, config=_STRICT)
class ProviderModel:
    """One model of a provider; ``extra`` is sent with each request as it stands. Limits hold for each key."""

    id: Text
    extra: Mapping[str, Any] = field(default_factory=dict)
    limits: ModelLimits = ModelLimits()
    usd_per_million: Price = Price()


@dataclass(frozen=True, config=_STRICT)
class Provider:
    """One OpenAI-compatible API: ``fields`` renames our sampling settings, where an empty name is not sent.

    ``limits`` are of all its models and keys together; its day starts at midnight in ``day_zone``. Past ``soft_share``
    of a limit others are preferred. ``counted`` says which tokens its limits count; ``header_periods`` says which
    period its ``x-ratelimit-*-requests`` and ``-tokens`` headers speak of. ``training_allowed``: its terms let other
    models be trained on what it wrote.
    """

    name: Text
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+[^\s]*$")]
    key_env: Text
    models: Annotated[tuple[ProviderModel, ...], Field(min_length=1)]
    languages: frozenset[Language]
    paid: bool
    context_tokens: Tokens
    max_output_tokens: Tokens
    fields: Mapping[str, str] = field(default_factory=dict)
    limits: ModelLimits = ModelLimits()
    day_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    soft_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    counted: Literal["all", "prompt"] = "all"
    header_periods: Mapping[Literal["requests", "tokens"], Literal["minute", "day"]] = field(default_factory=dict)
    training_allowed: bool = False


@dataclass(frozen=True, config=_STRICT)
class _Table:
    provider: tuple[Provider, ...] = ()


def read_providers(path: Path | None = None) -> tuple[Provider, ...]:
    """Return the providers in the order they are tried, from ``path`` or the table that ships with AION.

    Raises ``Unavailable`` when the operator's file is missing or says something this cannot understand.
    """
    try:
        text = (path or files("core.generation.providers") / "providers.toml").read_text(encoding="utf-8")
        return TypeAdapter(_Table).validate_python(tomllib.loads(text)).provider
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problem = str(error)
    raise Unavailable("settings.wrong", name="AION_PROVIDERS_FILE", problem=problem)
