"""Mixture of experts: each token goes through the k of E feed-forward networks its router chose (specification 1.3).

Tokens are sorted by expert, so that each expert is one matrix product over its own rows; the specification's code loops
over E × k masks of all tokens. Its balance loss is built of counts, through which no gradient flows: the loss cannot
move the router. ``balance_loss`` has the same value and a gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import grouped_mm, linear, silu

from core.nn.feed_forward import FeedForward

GROUPED_MULTIPLE = 8
"""Widths in bfloat16 that ``grouped_mm`` needs on a GPU are multiples of it."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Where n tokens go: ``logits`` (n, E); the chosen ``experts`` and their ``weights``, each (n, k)."""

    logits: Tensor
    experts: Tensor
    weights: Tensor

    @property
    def counts(self) -> Tensor:
        """Return how many assignments each expert got, shape (E,): together n × k."""
        return torch.bincount(self.experts.flatten(), minlength=self.logits.shape[-1])


class ExpertRouter(nn.Module):
    """g = Softmax(W_g x), of which the k greatest are chosen; computed in float32 at least.

    ``is_normalised``: the chosen weights are divided by their sum, as in Mixtral. The ``bias`` (E,) is added for the
    choice alone, never to a weight; it is 0 unless ``balance`` moves it (Wang et al. 2024, arXiv 2408.15664).
    Raises ``ValueError`` unless 1 ≤ k ≤ E.
    """

    bias: Tensor

    def __init__(self, width: int, n_experts: int, n_chosen: int, is_normalised: bool = False) -> None:
        super().__init__()
        if not 1 <= n_chosen <= n_experts:
            raise ValueError(f"{n_chosen} of {n_experts} experts cannot be chosen")
        self.n_chosen, self.is_normalised = n_chosen, is_normalised
        self.weight = nn.Parameter(torch.empty(n_experts, width))
        self.register_buffer("bias", torch.zeros(n_experts))
        nn.init.normal_(self.weight, std=width**-0.5)

    def forward(self, x: Tensor) -> Routing:
        """Return the routing of ``x`` (n, width)."""
        with torch.autocast(x.device.type, enabled=False):
            logits = linear(_precise(x), _precise(self.weight))
            probabilities = logits.softmax(-1)
            experts = (probabilities + self.bias.to(probabilities.dtype)).topk(self.n_chosen, -1).indices
            weights = probabilities.gather(-1, experts)
            if self.is_normalised:
                weights = weights / weights.sum(-1, keepdim=True)
        return Routing(logits, experts, weights)

    @torch.no_grad()
    def balance(self, counts: Tensor, rate: float) -> None:
        """Raise the bias of experts with less than the mean of ``counts`` (E,) by ``rate``, and lower the others'."""
        load = counts.to(self.bias.dtype)
        self.bias += rate * torch.sign(load.mean() - load)


class MixtureOfExperts(nn.Module):
    """y = Σ_{i ∈ K(x)} g_i(x) f_i(x) over the k chosen of ``n_experts`` SwiGLU networks."""

    def __init__(self, width: int, inner: int, n_experts: int, n_chosen: int = 2, is_normalised: bool = False) -> None:
        super().__init__()
        self.gate = ExpertRouter(width, n_experts, n_chosen, is_normalised)
        self.experts = nn.ModuleList(FeedForward(width, inner) for _ in range(n_experts))

    def forward(self, x: Tensor) -> tuple[Tensor, Routing]:
        """Return the output (..., width) for ``x`` (..., width), and where its tokens went."""
        flat = x.flatten(0, -2)
        routing: Routing = self.gate(flat)
        n_chosen = self.gate.n_chosen
        order = routing.experts.flatten().argsort(stable=True)
        rows = flat.index_select(0, order // n_chosen)
        through = self.grouped if self.can_group(rows) else self.one_by_one
        out = through(rows, routing.counts).index_select(0, order.argsort()).view(-1, n_chosen, flat.shape[1])
        return (out * routing.weights[..., None].to(out.dtype)).sum(1).view_as(x), routing

    def one_by_one(self, rows: Tensor, counts: Tensor) -> Tensor:
        """Return the experts' outputs for ``rows`` (n, width) sorted by expert: one product for each expert.

        The fastest way on a CPU; works with LoRA weights on single experts and with 4-bit weights.
        """
        parts = torch.split(rows, counts.tolist())
        return torch.cat([expert(part) for expert, part in zip(self.experts, parts, strict=True)])

    def grouped(self, rows: Tensor, counts: Tensor) -> Tensor:
        """Return the same as ``one_by_one`` by grouped matrix products over all experts' stacked weights."""
        dtype, ends = _computed_in(rows), counts.cumsum(0).to(torch.int32)

        def project(x: Tensor, name: str) -> Tensor:
            stacked = torch.stack([getattr(expert, name).weight for expert in self.experts])
            return grouped_mm(x.to(dtype), stacked.to(dtype).mT, offs=ends)

        inner = silu(project(rows, "gate_proj")) * project(rows, "up_proj")
        return project(inner, "down_proj").to(rows.dtype)

    def can_group(self, rows: Tensor) -> bool:
        """Tell whether ``grouped`` is the faster way: plain weights of fitting widths, in bfloat16 on a GPU."""
        projections = [part for expert in self.experts for part in expert.children()]
        fits = all(
            type(part) is nn.Linear and not (part.in_features | part.out_features) % GROUPED_MULTIPLE
            for part in projections
        )
        return rows.is_cuda and _computed_in(rows) == torch.bfloat16 and fits


def balance_loss(routing: Routing) -> Tensor:
    """Return E Σ p_i² with p_i the share of assignments that expert i got: 1 when all get the same, at most E.

    The value is the specification's L_bal / λ as its code states it. p_i is counted and has no gradient of its own; it
    is given that of the mean probability of expert i, which moves the router towards experts with little load (the idea
    of Switch Transformers' loss, Fedus et al. 2021, arXiv 2101.03961). 0 without tokens.
    """
    n_experts = routing.logits.shape[-1]
    shares = routing.counts.to(routing.logits.dtype) / max(1, routing.experts.numel())
    probabilities = routing.logits.softmax(-1).sum(0) / max(1, len(routing.logits))
    return n_experts * (shares + probabilities - probabilities.detach()).square().sum()


def z_loss(routing: Routing) -> Tensor:
    """Return the mean of (log Σ exp logits)², which keeps logits small (Zoph et al. 2022, arXiv 2202.08906)."""
    return routing.logits.logsumexp(-1).square().sum() / max(1, len(routing.logits))


def _precise(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def _computed_in(x: Tensor) -> torch.dtype:
    """Return the number format of matrix products with ``x``; grouped products do not follow autocast themselves."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
