"""Cost estimate of LoRA training on free GPUs: steps, memory, hours, sessions and weeks (specification 5.1, 8.2).

Computed from a model's ``config.json`` without loading it; accurate to about a third.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from core.errors import BadInput
from core.models.hub import cached_folder

GIB = 2**30

_NF4_BYTES = 0.5 + 0.127 / 8
"""Bytes of a 4-bit weight with its doubly quantised constants (Dettmers et al. 2023: 0.127 bits)."""

_LEARNED_BYTES = 4 + 4 + 8
"""Bytes of a LoRA weight in float32, its gradient, and AdamW's two moments."""

_CUDA_BYTES = 0.75 * GIB
"""Bytes of the CUDA context, library workspaces and fragmentation."""

Count = Annotated[int, Field(gt=0)]


@validated(frozen=True, config=ConfigDict(extra="ignore"))
class Shape:
    """Shape of a decoder, with the field names of ``config.json``."""

    hidden_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    intermediate_size: Count
    vocab_size: Count
    num_key_value_heads: Count | None = None
    head_dim: Count | None = None
    tie_word_embeddings: bool = False

    @property
    def projections(self) -> Sequence[tuple[int, int]]:
        """Return (inputs, outputs) of the seven linear projections of a layer."""
        head = self.head_dim or self.hidden_size // self.num_attention_heads
        q, kv = head * self.num_attention_heads, head * (self.num_key_value_heads or self.num_attention_heads)
        wide, inner = self.hidden_size, self.intermediate_size
        return (wide, q), (wide, kv), (wide, kv), (q, wide), (wide, inner), (wide, inner), (inner, wide)

    @property
    def n_projection_params(self) -> int:
        """Return the weights of all projections, which are 4-bit on a GPU."""
        return self.num_hidden_layers * sum(n_in * n_out for n_in, n_out in self.projections)

    @property
    def n_other_params(self) -> int:
        """Return the weights of embedding, output and norms: which stay 16-bit."""
        n_tables = 1 if self.tie_word_embeddings else 2
        return n_tables * self.vocab_size * self.hidden_size + (2 * self.num_hidden_layers + 1) * self.hidden_size

    @property
    def n_params(self) -> int:
        """Return how many weights the model has."""
        return self.n_projection_params + self.n_other_params

    def n_lora_params(self, rank: int) -> int:
        """Return how many weights LoRA of a rank adds on the seven projections."""
        return self.num_hidden_layers * rank * sum(n_in + n_out for n_in, n_out in self.projections)


@validated(frozen=True)
class GpuPlace:
    """A free GPU offer. ``tflops``: 16-bit peak; ``share``: of it reached, 0..1; hours a session and a week."""

    name: str
    gpu: str
    memory_gib: Annotated[float, Field(gt=0)]
    tflops: Annotated[float, Field(gt=0)]
    share: Annotated[float, Field(gt=0, le=1)]
    session_hours: Annotated[float, Field(gt=0)]
    week_hours: Annotated[float, Field(gt=0)]
    setup_hours: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Hardware:
    """The free GPU offers, and the shapes of known models by name."""

    places: tuple[GpuPlace, ...]
    models: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class TrainingWork:
    """A training workload. An update of the weights takes ``rows`` × ``n_accumulated`` examples."""

    n_examples: int
    tokens_each: float
    epochs: float = 1.0
    rows: int = 2
    n_accumulated: int = 16
    max_length: int = 2048
    rank: int = 16

    @property
    def n_tokens(self) -> float:
        """Return the tokens trained on over all epochs."""
        return self.n_examples * min(self.tokens_each, self.max_length) * self.epochs

    @property
    def n_steps(self) -> int:
        """Return the number of weight updates."""
        return max(1, ceil(self.n_examples * self.epochs / (self.rows * self.n_accumulated)))


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The cost of a workload on one GPU. ``memory_gib`` is with ``rows`` at once; ``fits``: within the GPU's memory."""

    place: GpuPlace
    rows: int
    memory_gib: float
    fits: bool
    hours: float
    n_sessions: int
    weeks: float


def estimate_cost(shape: Shape, work: TrainingWork, place: GpuPlace) -> CostEstimate:
    """Return the cost of ``work`` on ``place``; rows are halved until they fit, as training itself does."""
    rows = work.rows
    while rows > 1 and memory_gib(shape, work, rows) > place.memory_gib:
        rows //= 2
    memory = memory_gib(shape, work, rows)
    hours = flops(shape, work) / (place.tflops * 1e12 * place.share) / 3600
    n_sessions = max(1, ceil(hours / max(place.session_hours - place.setup_hours, 1e-3)))
    weeks = (hours + n_sessions * place.setup_hours) / place.week_hours
    return CostEstimate(place, rows, memory, memory <= place.memory_gib, hours, n_sessions, weeks)


def flops(shape: Shape, work: TrainingWork) -> float:
    """Return the floating-point operations of ``work``: forward, recomputed forward, and backward through activations.

    The base is frozen: its weight gradients, a third of full training, are never computed.
    """
    length = min(work.tokens_each, work.max_length)
    attention = 2 * shape.num_hidden_layers * shape.projections[0][1] * length
    return 3 * (2 * shape.n_params + attention) * work.n_tokens


def memory_gib(shape: Shape, work: TrainingWork, rows: int) -> float:
    """Return the GPU memory of QLoRA with gradient checkpointing, in GiB.

    Counts NF4 projections, 16-bit embeddings, LoRA weights with optimizer state, one kept input for each layer, one
    layer's activations while it is recomputed, and logits in 16 bits, then in float32 with their gradient.
    """
    n_tokens = rows * work.max_length
    weights = _NF4_BYTES * shape.n_projection_params + 2 * shape.n_other_params
    learned = _LEARNED_BYTES * shape.n_lora_params(work.rank)
    kept = 2 * n_tokens * shape.hidden_size * shape.num_hidden_layers
    inner = 2 * n_tokens * 2 * sum(n_out for _, n_out in shape.projections)
    logits = n_tokens * shape.vocab_size * (2 + 4 + 4)
    widest = 2 * max(n_in * n_out for n_in, n_out in shape.projections)
    return (weights + learned + kept + inner + logits + widest + _CUDA_BYTES) / GIB


def read_hardware(path: Path | None = None) -> Hardware:
    """Read GPU offers and model shapes from TOML, by default ``core/training/hardware.toml``. Raises ``BadInput``."""
    source = path or files("core.training") / "hardware.toml"
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
        places = TypeAdapter(tuple[GpuPlace, ...]).validate_python(content.get("place", ()))
        return Hardware(places, TypeAdapter(dict[str, Shape]).validate_python(content.get("model", {})))
    except (OSError, ValueError, ValidationError) as error:
        raise BadInput("plan.no_hardware", path=path or source, problem=str(error).splitlines()[0]) from error


def shape_of(model: str, hardware: Hardware) -> Shape:
    """Return a model's shape: from ``hardware``, or from the ``config.json`` in its folder or in the hub's cache.

    Raises ``BadInput`` when there is none.
    """
    if model in hardware.models:
        return hardware.models[model]
    try:
        folder = Path(model) if Path(model).is_dir() else cached_folder(model)
        config: Mapping[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return TypeAdapter(Shape).validate_python(config.get("text_config", config))
    except (OSError, ValueError, ValidationError) as error:
        raise BadInput("plan.unknown_model", model=model, known=", ".join(hardware.models)) from error
