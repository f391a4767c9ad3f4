"""Training of a match head on reading cases, with contrasts within each question; resumable.

Does not cover where the cases come from (``bench.reading_cases``).
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from bench.reading_cases import LOWEST, ReadingCase, ShownWindow
from bench.rough_questions import roughened
from core.models.lower_layers import EncodedText, LowerLayers
from core.models.match_head import MatchHead, body_mask, side_by_side
from core.retrieval.reading.windows import Window

N_STEPS = 600

N_QUESTIONS, ANSWERABLE_SHARE = 8, 0.85
"""Questions of a step, and the share of those that their documents answer."""

N_NEAR, SAME_SHARE, OTHER_SHARE = 6, 0.4, 0.3
"""Windows that the search found beside a question; how often one of the same passage, and the answer to another, is."""

RATE, WARM_STEPS, WEIGHT_DECAY, DROPOUT, AVERAGING = 1e-3, 30, 0.05, 0.2, 0.98
UNANSWERED_WEIGHT, EVIDENCE_WEIGHT, ABSENT_WEIGHT, EMPTY_WEIGHT = 0.7, 0.5, 0.3, 0.02
EMPTY_LOG_ODDS = -3.0

N_ROUGH = 2
"""Rough spellings of each question, besides the question as it is."""

EMPTY = Window("", "", 0)

_SAVE_EVERY_S = 60.0
_BATCH = 24


class KeptLayers:
    """Lower layers whose states of texts are computed once, and kept in ``file``."""

    def __init__(self, layers: LowerLayers, file: Path) -> None:
        self._layers, self._file = layers, file
        self._kept: dict[str, Tensor] = torch.load(file, weights_only=True) if file.exists() else {}
        self._encoded: dict[Window, EncodedText] = {}

    def prepare(self, windows: Sequence[Window], questions: Sequence[str]) -> None:
        """Compute the states of these windows and questions, and save them every two thousand."""
        texts = {_key(window.name, window.body): self.encoded(window) for window in windows}
        texts |= {_key("?", question): self._layers.question(question) for question in questions}
        missing = [key for key in texts if key not in self._kept]
        for first in range(0, len(missing), 2_000):
            keys = missing[first : first + 2_000]
            self._kept |= dict(zip(keys, self._layers.states([texts[key] for key in keys]), strict=True))
            torch.save(self._kept, self._file)
            print(f"{first + len(keys)} of {len(missing)} texts", flush=True)

    def encoded(self, window: Window) -> EncodedText:
        """Return a window's tokens."""
        if window not in self._encoded:
            self._encoded[window] = self._layers.text(window.name, window.body)
        return self._encoded[window]

    def of_window(self, window: Window) -> Tensor:
        """Return a prepared window's states, ``(T, dim)``."""
        return self._kept[_key(window.name, window.body)].float()

    def of_question(self, question: str) -> Tensor:
        """Return a prepared question's states, ``(T, dim)``."""
        return self._kept[_key("?", question)].float()


def _key(name: str, body: str) -> str:
    return hashlib.sha256(f"{name}\0{body}".encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question of a step, by its place, beside a window, or beside nothing; ``is_gold``: the window answers it."""

    n: int
    asked: str
    shown: ShownWindow | None
    is_gold: bool = False


def rough(case: ReadingCase) -> list[str]:
    """Return the spellings in which a question is learned from, its own first."""
    draw = random.Random(case.text)
    return [case.text, *(roughened(case.text, draw) for _ in range(N_ROUGH))]


class Trainer:
    """A head being trained on ``cases``; ``file`` holds how far it came."""

    def __init__(self, cases: Sequence[ReadingCase], layers: KeptLayers, file: Path) -> None:
        torch.manual_seed(0)
        self._cases, self._layers, self._file = cases, layers, file
        windows = [window for case in cases[:: max(1, len(cases) // 200)] for window in case.windows]
        states = torch.cat([layers.of_window(window) for window in windows[:400]])
        self.head = MatchHead(states.shape[1], DROPOUT)
        self.head.standardise(states.mean(0), states.std(0) + 1e-3)
        self._optimiser = torch.optim.AdamW(self.head.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
        self._average = {name: each.detach().clone() for name, each in self.head.named_parameters()}
        self._step = 0
        self._groups = {kind: [case for case in cases if case.answerable == kind] for kind in (True, False)}
        if file.exists():
            self._resume()

    def run(self, until: float) -> bool:
        """Train until all steps are taken, or until that time of the monotonic clock; return whether they are."""
        self.head.train()
        saved, told = time.monotonic(), [0.0, 0.0]
        while self._step < N_STEPS and time.monotonic() < until:
            told = [0.98 * old + 0.02 * new for old, new in zip(told, self._learn(), strict=True)]
            if self._step % 100 == 0:
                print(f"{self._file.stem}: step {self._step}, list {told[0]:.2f}, evidence {told[1]:.3f}", flush=True)
            if time.monotonic() > saved + _SAVE_EVERY_S:
                self._save()
                saved = time.monotonic()
        self._save()
        return self._step >= N_STEPS

    def averaged(self) -> MatchHead:
        """Return the head with its weights averaged over the last steps."""
        head = MatchHead(len(self.head.get_buffer("mean")))
        head.load_state_dict({**self.head.state_dict(), **self._average})
        return head.eval().requires_grad_(False)

    def _learn(self) -> tuple[float, float]:
        draw = random.Random(f"{self._file.stem} {self._step}")
        torch.manual_seed(self._step)
        cases, pairs = self._drawn(draw)
        verdicts, tokens, texts = self._read(pairs)
        listed, empty = _list_loss(cases, pairs, verdicts)
        evidence = torch.stack([
            loss for loss in map(_evidence_loss, pairs, texts, tokens) if loss is not None
        ]).mean()  # fmt: skip
        loss = listed + EVIDENCE_WEIGHT * evidence + EMPTY_WEIGHT * (empty - EMPTY_LOG_ODDS).square().mean()
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), 1.0)
        for group in self._optimiser.param_groups:
            group["lr"] = RATE * min(1, (self._step + 1) / WARM_STEPS) * max(0.03, 1 - self._step / N_STEPS)
        self._optimiser.step()
        share = min(AVERAGING, self._step / (self._step + 10))
        with torch.no_grad():
            for name, parameter in self.head.named_parameters():
                self._average[name].lerp_(parameter, 1 - share)
        self._step += 1
        return float(listed.detach()), float(evidence.detach())

    def _read(self, pairs: Sequence[Pair]) -> tuple[Tensor, list[Tensor], list[EncodedText]]:
        """Return verdicts ``(n,)``, the log-odds of each window's tokens, and the windows' tokens.

        Windows of about one length go together: padding would double the work.
        """
        windows = [pair.shown.window if pair.shown else EMPTY for pair in pairs]
        encoded = [self._layers.encoded(window) for window in windows]
        order = sorted(range(len(pairs)), key=lambda i: len(encoded[i].ids))
        verdicts: dict[int, Tensor] = {}
        tokens: dict[int, Tensor] = {}
        for batch in (order[first : first + _BATCH] for first in range(0, len(order), _BATCH)):
            texts = side_by_side([self._layers.of_window(windows[i]) for i in batch])
            asked = side_by_side([self._layers.of_question(pairs[i].asked) for i in batch])
            told = replace(texts, values=self.head.projected(texts.values))
            read = self.head(asked, told, body_mask(texts, [encoded[i].body for i in batch]))
            verdicts |= dict(zip(batch, read[0], strict=True))
            tokens |= dict(zip(batch, read[1], strict=True))
        return torch.stack([verdicts[i] for i in range(len(pairs))]), [tokens[i] for i in range(len(pairs))], encoded

    def _drawn(self, draw: random.Random) -> tuple[list[ReadingCase], list[Pair]]:
        cases = [
            draw.choice(self._groups[draw.random() < ANSWERABLE_SHARE] or self._groups[True])
            for _ in range(N_QUESTIONS)
        ]
        pairs = []
        for n, case in enumerate(cases):
            asked = draw.choice(rough(case))
            pairs += [Pair(n, asked, shown, is_gold) for shown, is_gold in self._beside(case, draw)]
            pairs.append(Pair(n, asked, None))
        return cases, pairs

    def _beside(self, case: ReadingCase, draw: random.Random) -> Iterator[tuple[ShownWindow, bool]]:
        if case.gold:
            yield draw.choice(case.gold[:2]), True
        yield from ((shown, False) for shown in case.cut[:1])
        if case.same and draw.random() < SAME_SHARE:
            yield case.same[0], False
        yield from ((shown, False) for shown in draw.sample(case.near, min(N_NEAR, len(case.near))))
        other = draw.choice(self._groups[True])
        bodies = {shown.window.body for shown in case.gold}
        if draw.random() < OTHER_SHARE and other.gold[0].window.body not in bodies:
            yield replace(other.gold[0], marked=(), standing=LOWEST), False

    def _resume(self) -> None:
        kept = torch.load(self._file, weights_only=True)
        self.head.load_state_dict(kept["head"])
        self._average, self._step = kept["average"], kept["step"]
        self._optimiser.load_state_dict(kept["optimiser"])

    def _save(self) -> None:
        kept = {
            "head": self.head.state_dict(),
            "average": self._average,
            "step": self._step,
            "optimiser": self._optimiser.state_dict(),
        }
        torch.save(kept, self._file)


def _list_loss(cases: Sequence[ReadingCase], pairs: Sequence[Pair], verdicts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss of choosing among a question's windows and none, and the verdicts on empty texts.

    Asked with the answering window among them, which is to be chosen, and without it: none is. The wording of the
    question is the same both times, and cannot decide.
    """
    none = torch.zeros(1)
    losses, weights = [], []
    for n, case in enumerate(cases):
        mine = [(i, pair) for i, pair in enumerate(pairs) if pair.n == n]
        scores = {
            is_gold: torch.stack([verdicts[i] + p.shown.standing for i, p in mine if p.shown and p.is_gold == is_gold])
            for is_gold in {pair.is_gold for _, pair in mine if pair.shown}
        }
        without = torch.logsumexp(torch.cat([scores.get(False, none[:0]), none]), 0)
        losses.append(without)
        weights.append(1.0 if case.gold else UNANSWERED_WEIGHT)
        if case.gold:
            answering = torch.logsumexp(scores[True], 0)
            losses.append(torch.logaddexp(answering, without) - answering)
            weights.append(1.0)
    scale = torch.tensor(weights)
    empty = torch.stack([verdicts[i] for i, pair in enumerate(pairs) if pair.shown is None])
    return (torch.stack(losses) * scale).sum() / scale.sum(), empty


def _evidence_loss(pair: Pair, text: EncodedText, tokens: Tensor) -> Tensor | None:
    """Return the loss of telling which tokens of a window answer."""
    if pair.shown is None or not text.offsets:
        return None
    marked = pair.shown.marked
    wanted = torch.tensor([float(any(s < end and e > start for s, e in marked)) for start, end in text.offsets])
    loss = functional.binary_cross_entropy_with_logits(tokens[text.body[0] : text.body[1]], wanted)
    return loss * (1.0 if pair.is_gold else ABSENT_WEIGHT)
