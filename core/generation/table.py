"""The table of providers: which APIs there are, in which order, and how each wants to be asked.

Covers reading ``providers.toml`` or the operator's own file of the same shape. Does not cover their free limits.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core.errors import Unavailable
from core.types import Language

_STRICT = ConfigDict(extra="forbid", strict=False)

Text = Annotated[str, Field(min_length=1)]
Tokens = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=_STRICT)
class ProviderModel:
    """One model of a provider; ``extra`` is sent with each request as it stands."""

    id: Text
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, config=_STRICT)
class Provider:
    """One OpenAI-compatible API: ``fields`` renames our sampling settings, where an empty name is not sent."""

    name: Text
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+[^\s]*$")]
    key_env: Text
    models: Annotated[tuple[ProviderModel, ...], Field(min_length=1)]
    languages: frozenset[Language]
    paid: bool
    context_tokens: Tokens
    max_output_tokens: Tokens
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, config=_STRICT)
class _Table:
    provider: tuple[Provider, ...] = ()


def read_providers(path: Path | None = None) -> tuple[Provider, ...]:
    """Return the providers in the order they are tried, from ``path`` or the table that ships with AION.

    Raises ``Unavailable`` when the operator's file is missing or says something this cannot understand.
    """
    try:
        text = (path or files("core.generation") / "providers.toml").read_text(encoding="utf-8")
        return TypeAdapter(_Table).validate_python(tomllib.loads(text)).provider
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problem = str(error)
    raise Unavailable("settings.wrong", name="AION_PROVIDERS_FILE", problem=problem)
