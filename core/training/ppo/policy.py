"""PPO policy: a model with LoRA weights and a value head; samples responses and scores given ones. Imports torch.

Updates no weights (``core.training.ppo.algorithm`` does). Dropout is off, so that probability ratios compare weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.training.losses import token_log_probs
from core.training.student import Student


@dataclass(frozen=True, slots=True)
class SampledResponse:
    """A prompt and a sampled response as token ids; the response ends with its end token, unless it was cut off."""

    prompt: tuple[int, ...]
    response: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PolicyOutputs:
    """Forward pass over responses, each (b, t): log-probabilities, values, and ``mask``, true where a token is.

    ``logits`` (b, t, v) are those that predict the tokens.
    """

    log_probs: Tensor
    values: Tensor
    mask: Tensor
    logits: Tensor


class Policy:
    """A student with a linear value head on its last hidden states, through which no gradient flows back."""

    def __init__(self, student: Student) -> None:
        self.student = student
        model = student.model
        self._device = next(model.parameters()).device
        self.value_head = nn.Linear(model.config.get_text_config().hidden_size, 1, device=self._device)
        nn.init.zeros_(self.value_head.weight)
        nn.init.zeros_(self.value_head.bias)
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0

    @property
    def weights(self) -> dict[str, nn.Parameter]:
        """Return the trainable parameters by name: LoRA weights and value head."""
        return {**self.student.weights, **{f"value.{name}": of for name, of in self.value_head.named_parameters()}}

    def base(self) -> AbstractContextManager[None]:
        """Disable the LoRA weights in the block, leaving the frozen base model."""
        context: AbstractContextManager[None] = self.student.model.disable_adapter()
        return context

    def read(self, batch: Sequence[SampledResponse]) -> PolicyOutputs:
        """Run a forward pass over responses, with gradient where it is enabled; ``t`` is the longest response."""
        pad = int(self.student.tokenizer.pad_token_id)
        prompts, prompt_mask = self._padded([each.prompt for each in batch], pad, on_left=True)
        responses, mask = self._padded([each.response for each in batch], pad, on_left=False)
        attention = torch.cat([prompt_mask, mask], 1)
        n = responses.shape[1]
        self.student.model.train(torch.is_grad_enabled())
        said = self.student.model(
            input_ids=torch.cat([prompts, responses], 1),
            attention_mask=attention.long(),
            position_ids=(attention.cumsum(1) - 1).clamp_min(0),
            logits_to_keep=n + 1,
            output_hidden_states=True,
            use_cache=False,
        )
        hidden = said.hidden_states[-1][:, -n - 1 : -1].detach().float()
        logits = said.logits[:, :-1]
        return PolicyOutputs(token_log_probs(logits, responses), self.value_head(hidden).squeeze(-1), mask, logits)

    @torch.no_grad()
    def write(self, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[SampledResponse]:
        """Sample one response to each prompt from the full distribution (temperature 1), with torch's global seed."""
        tokenizer, model = self.student.tokenizer, self.student.model
        ids, mask = self._padded(prompts, tokenizer.pad_token_id, on_left=True)
        drawn = model.eval().generate(
            input_ids=ids,
            attention_mask=mask.long(),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=sorted(self._ends),
        )
        responses = [self._ended(row) for row in drawn[:, ids.shape[1] :].tolist()]
        return [SampledResponse(tuple(p), tuple(r)) for p, r in zip(prompts, responses, strict=True)]

    def text(self, written: SampledResponse) -> str:
        """Return a response decoded to text."""
        return str(self.student.tokenizer.decode(written.response, skip_special_tokens=True)).strip()

    @property
    def _ends(self) -> set[int]:
        ends = self.student.model.generation_config.eos_token_id
        return {self.student.tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None}

    def _ended(self, row: list[int]) -> list[int]:
        """Return a sampled row up to and including its end token."""
        end = next((place for place, token in enumerate(row) if token in self._ends), len(row) - 1)
        return row[: end + 1]

    def _padded(self, rows: Sequence[Sequence[int]], pad: int, *, on_left: bool) -> tuple[Tensor, Tensor]:
        """Return rows padded to one tensor (b, longest), and a mask that is true where a token is."""
        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), pad)
        mask = torch.zeros((len(rows), longest), dtype=torch.bool)
        for number, row in enumerate(rows):
            place = slice(longest - len(row), None) if on_left else slice(0, len(row))
            ids[number, place] = torch.tensor(row)
            mask[number, place] = True
        return ids.to(self._device), mask.to(self._device)
