"""Reply encoder of the reward model: hidden states of the frozen base model. Imports torch: import it late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from core.training.student import Student
from core.types import Matrix, PromptTurn

_ROWS = 8
_MAX_TOKENS = 1024


class BaseModelReplyEncoder:
    """The mean of the last hidden states over a reply: a ``core.training.reward.ReplyEncoder``."""

    def __init__(self, student: Student) -> None:
        self._student = student

    @property
    def id(self) -> str:
        """Name the base model and the fingerprint of its weights."""
        return f"base {self._student.base.id} {self._student.base.hash[:12]}"

    @torch.no_grad()
    def vectors(self, replies: Sequence[tuple[str, str]]) -> Matrix:
        """Return the vectors of (question, reply) pairs, shape ``(len(replies), hidden size)``. Blocks."""
        self._student.model.eval()
        starts = range(0, len(replies), _ROWS)
        with self._student.model.disable_adapter():
            return np.concatenate([self._read(replies[start : start + _ROWS]) for start in starts])

    def _read(self, replies: Sequence[tuple[str, str]]) -> Matrix:
        student = self._student
        prompts = [student.prompt_tokens([PromptTurn("user", question)]) for question, _ in replies]
        rows = [
            [*prompt, *student.response_tokens(reply)][:_MAX_TOKENS]
            for prompt, (_, reply) in zip(prompts, replies, strict=True)
        ]
        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), int(student.tokenizer.pad_token_id))
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
        place = torch.arange(longest)[None]
        ends = torch.tensor([len(row) for row in rows])[:, None]
        starts = torch.tensor([min(len(prompt), len(row) - 1) for prompt, row in zip(prompts, rows, strict=True)])
        device = student.model.device
        said = student.model(
            input_ids=ids.to(device),
            attention_mask=(place < ends).long().to(device),
            output_hidden_states=True,
            logits_to_keep=1,
            use_cache=False,
        )
        is_reply = ((place >= starts[:, None]) & (place < ends)).unsqueeze(-1).to(device)
        hidden = said.hidden_states[-1].float()
        mean = (hidden * is_reply).sum(1) / is_reply.sum(1)
        return np.asarray(mean.cpu().numpy(), np.float32)
