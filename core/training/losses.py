"""Losses of SFT and PPO, and generalised advantage estimation, as pure functions of tensors.

Shapes: *b* sequences of *t* tokens over a vocabulary of *v*; ``mask`` (b, t) is true at the tokens of the response;
log-probabilities are natural, of the given tokens. Losses are scalars to minimise; with an all-false mask they are 0.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of ``values`` (b, t) where ``mask`` is true; NaN and infinity elsewhere are ignored."""
    return torch.where(mask, values, 0).sum() / mask.sum().clamp_min(1)


def token_log_probs(logits: Tensor, tokens: Tensor) -> Tensor:
    """Return log P(token) (b, t) from the ``logits`` (b, t, v) that predict these ``tokens`` (b, t)."""
    return _told(_log_softmax(logits), tokens)


def cross_entropy(logits: Tensor, tokens: Tensor, mask: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the mean cross-entropy in nats with label smoothing ε = ``smoothing``, 0..1 (specification 1.5).

    The target distribution is (1 - ε) at the token plus ε/v everywhere.
    """
    log_p = _log_softmax(logits)
    return mean_over(-(1 - smoothing) * _told(log_p, tokens) - smoothing * log_p.mean(-1), mask)


def clipped_surrogate(new: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float) -> Tensor:
    """Return PPO's loss -E[min(r Â, clip(r, 1 - ε, 1 + ε) Â)], r = π_θ / π_old (Schulman et al. 2017; spec. 1.7).

    ``new`` and ``old`` (b, t) are log-probabilities; ``advantages`` (b, t) or (b, 1); ``clip`` is ε > 0. The
    specification states the objective, which is maximised: the loss is its negative.
    """
    ratio = torch.exp(torch.where(mask, new - old, 0))
    return mean_over(-torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages), mask)


def kl_divergence(reference: Tensor, new: Tensor, mask: Tensor) -> Tensor:
    """Return the k3 estimate of KL(π_θ ‖ π₀) in nats a token: mean of e^d - 1 - d, d = log π₀ - log π_θ.

    ``reference`` and ``new`` (b, t) are log π₀ and log π_θ. At least 0, and unbiased for tokens drawn from π_θ
    (Schulman 2020, "Approximating KL divergence").
    """
    difference = torch.where(mask, reference - new, 0)
    return mean_over(torch.expm1(difference) - difference, mask)


def advantages_and_returns(
    rewards: Tensor, values: Tensor, mask: Tensor, discount: float, decay: float
) -> tuple[Tensor, Tensor]:
    """Return GAE's advantages and the target returns of the value head, both (b, t) (Schulman et al. 2016).

    δ_t = r_t + γ V_{t+1} - V_t and Â_t = δ_t + γλ Â_{t+1}, both 0 after the last masked-in token; γ is ``discount``
    and λ ``decay``, each 0..1. The mask must be true from the first token on without gaps. No gradient flows.
    """
    rewards, values = torch.where(mask, rewards, 0).detach(), torch.where(mask, values, 0).detach()
    advantages = torch.zeros_like(rewards)
    next_value = next_advantage = torch.zeros_like(rewards[:, 0])
    for t in reversed(range(rewards.shape[1])):
        surprise = rewards[:, t] + discount * next_value - values[:, t]
        next_advantage = torch.where(mask[:, t], surprise + discount * decay * next_advantage, 0)
        advantages[:, t], next_value = next_advantage, values[:, t]
    return advantages, advantages + values


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float) -> Tensor:
    """Return half the mean of max((V - R)², (clip(V, V_old ± ``clip``) - R)²), PPO's clipped value loss."""
    kept = old + (values - old).clamp(-clip, clip)
    return 0.5 * mean_over(torch.maximum((values - returns) ** 2, (kept - returns) ** 2), mask)


def entropy(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the mean entropy, in nats, of the distributions of ``logits`` (b, t, v): 0..ln v."""
    log_p = _log_softmax(logits)
    return mean_over(-(log_p.exp() * log_p).sum(-1), mask)


def whitened(values: Tensor, mask: Tensor) -> Tensor:
    """Return ``values`` (b, t) with mean 0 and standard deviation 1 where ``mask`` is true, and 0 elsewhere."""
    centred = torch.where(mask, values - mean_over(values, mask), 0)
    return centred / mean_over(centred**2, mask).sqrt().clamp_min(1e-6)


def _log_softmax(logits: Tensor) -> Tensor:
    """Return log-probabilities in at least float32: in 16 bits, sums over a vocabulary are inexact."""
    return log_softmax(logits if logits.dtype == torch.float64 else logits.float(), -1)


def _told(log_p: Tensor, tokens: Tensor) -> Tensor:
    return log_p.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
