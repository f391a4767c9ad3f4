"""The provider catalogue: APIs in order of preference, with their models, request fields, limits and prices.

Read from ``providers.toml`` or the operator's own file of the same shape. Does not cover keeping the limits
(``core.generation.providers.ledger``).
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
    """Limits: requests and tokens in any 60 seconds and in a day, US dollars in a month; ``None``: none known."""

    requests_per_minute: Limit = None
    requests_per_day: Limit = None
    tokens_per_minute: Limit = None
    tokens_per_day: Limit = None
    usd_per_month: Usd | None = None


@dataclass(frozen=True, config=_STRICT)
class Price:
    """US dollars for a million tokens."""

    prompt: Usd = 0.0
    completion: Usd = 0.0


@dataclass(frozen=True, config=_STRICT)
class ProviderModel:
    """One model of a provider; ``extra`` is merged into each request body. Limits hold for each key."""

    id: Text
    extra: Mapping[str, Any] = field(default_factory=dict)
    limits: ModelLimits = ModelLimits()
    usd_per_million: Price = Price()


@dataclass(frozen=True, config=_STRICT)
class Provider:
    """One OpenAI-compatible API.

    ``fields`` renames our sampling settings; one renamed to an empty name is not sent. ``limits`` hold for all its
    models and keys together; its day starts at midnight in ``day_zone``. Beyond ``soft_share`` of a limit other routes
    are preferred. ``counted`` says which tokens its limits count, ``header_periods`` which period its
    ``x-ratelimit-*-requests`` and ``-tokens`` headers state. ``transcription`` are its models for recordings.
    ``training_allowed``: its terms allow training other models on its output. ``trains_on_prompts``: whether its plan
    trains its own models on what it is sent.
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
    transcription: tuple[ProviderModel, ...] = ()
    training_allowed: bool = False
    trains_on_prompts: bool | Literal["unknown"] = "unknown"

    @property
    def may_train(self) -> bool:
        """Return whether its plan trains on what it is sent, or that is not known."""
        return self.trains_on_prompts is not False


@dataclass(frozen=True, config=_STRICT)
class _Table:
    provider: tuple[Provider, ...] = ()


def read_providers(path: Path | None = None) -> tuple[Provider, ...]:
    """Return the providers in order of preference, from ``path`` or the table that ships with AION.

    Raises ``Unavailable`` when the operator's file is missing or invalid.
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
