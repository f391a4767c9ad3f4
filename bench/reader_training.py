"""How the reader is trained: readings as the network sees them, and what makes one network of many of them.

The layers that stay as they are run once for each reading. Nothing is dropped out: with this little to learn, passing
over the readings more often is worth more.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from transformers import BertModel

from bench.near_misses import Reading
from core.models.e5 import PASSAGE_PREFIX, QUERY_PREFIX
from core.models.reader import MAX_QUESTION_TOKENS, MAX_TEXT_TOKENS, LowRank, ReaderNet, is_learned_whole, laid_out

N_EPOCHS, BATCH = 6, 16
RATE = 2e-3
SPAN_WEIGHT = 0.25
"""What finding each end of an answer, or that there is none, counts beside saying whether there is one."""


@dataclass(frozen=True, slots=True)
class Example:
    """A reading as the network sees it: ``states`` after the frozen layers ``(T, dim)``, masks ``(T,)``.

    ``span`` is where a literal answer begins and ends, 0 where there is no answer, -1 where it is not literal.
    ``share`` is how often an epoch sees it.
    """

    reading: Reading
    states: Tensor
    question: Tensor
    text: Tensor
    span: tuple[int, int]
    share: float


class Trainer:
    """The network's frozen part, and how it is trained and asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.encode_special_tokens = True
        self._net = self._new()

    def example(self, reading: Reading, share: float = 1.0) -> Example:
        """Run the frozen layers over a reading."""
        asked = self._encoded(QUERY_PREFIX + reading.question).ids[:MAX_QUESTION_TOKENS]
        encoded = self._encoded(PASSAGE_PREFIX + reading.text)
        ids, question, text = laid_out(asked, encoded.ids[:MAX_TEXT_TOKENS], self._begin, self._end)
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            states = self._net.read(ids, torch.ones_like(text))[0].to(torch.bfloat16)
        return Example(reading, states.clone(), question[0], text[0], self._span(reading, encoded, len(asked)), share)

    def trained(self, examples: Sequence[Example], seed: int = 0) -> ReaderNet:
        """Return a network trained on ``examples``."""
        torch.manual_seed(seed)
        draw = random.Random(seed)
        net = self.untrained()
        learned = [parameter for parameter in net.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
        n_steps = int(N_EPOCHS * sum(example.share for example in examples) / BATCH) + 1
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, RATE, total_steps=n_steps + 50, pct_start=0.1, anneal_strategy="linear"
        )
        for number in range(N_EPOCHS):
            losses = []
            for batch in _batches([each for each in examples if draw.random() < each.share], draw):
                loss = _loss(net, batch)
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(learned, 1.0)
                optimiser.step()
                schedule.step()
                losses.append(loss.item())
            print(f"epoch {number + 1} of {N_EPOCHS}: loss {np.mean(losses):.3f}", flush=True)
        return net

    def untrained(self) -> ReaderNet:
        """Return a network that has learned nothing yet, with what it may learn marked so."""
        net = self._new()
        for parameter in net.parameters():
            parameter.requires_grad = False
        for name, module in list(net.layers.named_modules()):
            if isinstance(module, nn.Linear):
                parent, _, attribute = name.rpartition(".")
                setattr(net.layers.get_submodule(parent), attribute, LowRank(module))
        for name, parameter in net.named_parameters():
            parameter.requires_grad = _is_learned(name)
        return net

    def _new(self) -> ReaderNet:
        bert = BertModel.from_pretrained(
            self._folder, add_pooling_layer=False, local_files_only=True, attn_implementation="eager"
        )  # on a CPU its backward pass is the faster one
        self._begin, self._end = bert.config.bos_token_id, bert.config.eos_token_id
        return ReaderNet(bert).train(False)

    def _encoded(self, text: str) -> Encoding:
        return self.tokenizer.encode(text, add_special_tokens=False)

    def _span(self, reading: Reading, encoded: Encoding, n_asked: int) -> tuple[int, int]:
        if not reading.is_answered:
            return 0, 0
        if not reading.answer:
            return -1, -1
        start = len(PASSAGE_PREFIX) + reading.text.index(reading.answer)
        end = start + len(reading.answer)
        inside = [i for i, (a, b) in enumerate(encoded.offsets[:MAX_TEXT_TOKENS]) if b > start and a < end]
        return (n_asked + 2 + inside[0], n_asked + 2 + inside[-1]) if inside else (-1, -1)


@torch.inference_mode()
def verdicts(net: ReaderNet, examples: Sequence[Example]) -> list[float]:
    """Return the log-odds for each example."""
    return [float(net.judge(*_padded([each]))[0][0]) for each in examples]


def learned_of(net: ReaderNet) -> dict[str, Tensor]:
    """Return what a network has learned, by the names that ``core.models.reader`` reads it by."""
    return {
        name.removeprefix("layers.") if name.endswith((".down", ".up")) else name: value.detach()
        for name, value in net.named_parameters()
        if _is_learned(name)
    }


def with_learned(net: ReaderNet, learned: Mapping[str, Tensor]) -> ReaderNet:
    """Return ``net`` with what ``learned_of`` told of another. Raises ``KeyError`` when something is missing."""
    for name, value in learned_of(net).items():
        value.copy_(learned[name])
    return net


def _is_learned(name: str) -> bool:
    return is_learned_whole(name) or name.endswith((".down", ".up"))


def _batches(examples: Sequence[Example], draw: random.Random) -> list[list[Example]]:
    """Return shuffled batches of examples of about the same length."""
    shuffled = sorted(draw.sample(examples, len(examples)), key=lambda each: len(each.text) + draw.uniform(0, 30))
    batches = [shuffled[first : first + BATCH] for first in range(0, len(shuffled), BATCH)]
    return draw.sample(batches, len(batches))


def _padded(batch: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    pad = nn.utils.rnn.pad_sequence
    states = pad([each.states for each in batch], batch_first=True).float()
    mask = pad([torch.ones_like(each.text) for each in batch], batch_first=True)
    question = pad([each.question for each in batch], batch_first=True)
    return states, mask, question, pad([each.text for each in batch], batch_first=True)


def _loss(net: ReaderNet, batch: Sequence[Example]) -> Tensor:
    """Return how wrong the verdicts are, and the ends of the answers where those are literal or there are none."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        verdict, marks = net.judge(*_padded(batch))
    labels = torch.tensor([float(each.reading.is_answered) for each in batch])
    loss = nn.functional.binary_cross_entropy_with_logits(verdict.float(), labels)
    known = [i for i, each in enumerate(batch) if each.span[0] >= 0]
    for end in (0, 1) if known else ():
        places = torch.tensor([batch[i].span[end] for i in known])
        loss = loss + SPAN_WEIGHT * nn.functional.cross_entropy(marks[known, :, end].float(), places)
    return loss
