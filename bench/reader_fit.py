"""Trains the reader on labelled sets and near misses made of them, and says how well it tells them apart.

Run: python bench/reader_fit.py DIR... [--write]   (DIRs in BEIR's layout; hours on two cores)
Each third of the topics is judged by a reader trained on the other two: AUROC of the gate alone, of the reader alone,
and of both. With --write a reader trained on everything goes to core/models/reader.npz.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from transformers import BertModel

from bench.labelled import default_embedder
from bench.near_misses import NearMisses, Reading
from core.assessment import SPACE, store_labelled
from core.confidence.calibrate import shipped
from core.confidence.gate import LogisticGate
from core.confidence.reading import ReadingGate, leaning_of
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import LabelledSet, read_labelled
from core.evaluation.selective import auroc
from core.generation.reader import OWN
from core.language import detect_language
from core.models.catalog import e5_folder
from core.models.e5 import PASSAGE_PREFIX, QUERY_PREFIX
from core.models.reader import MAX_QUESTION_TOKENS, MAX_TEXT_TOKENS, LowRank, ReaderNet, is_learned_whole, laid_out
from core.ports import Embedder
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Found

LEARNED = Path(__file__).parents[1] / "core" / "models" / "reader.npz"
N_FOLDS, N_EPOCHS, BATCH = 3, 3, 16
RATE = 2e-3
SPAN_WEIGHT = 0.25
"""What finding each end of a literal answer counts beside saying whether there is one."""

SHARES = {"removed": 0.5, "swapped": 0.5, "turned": 0.5, "removed_topic": 0.15}
"""The share of readings of a kind that an epoch sees; of other kinds all."""

LOOSE_SHARE = 0.25
"""The same for sets whose answers are not verbatim in their documents, so that labels are less sure."""


@dataclass(frozen=True, slots=True)
class Example:
    """A reading as the network sees it: ``states`` after the frozen layers ``(T, dim)``, masks ``(T,)``.

    ``span`` is where a literal answer begins and ends, -1 without one.
    """

    reading: Reading
    states: Tensor
    question: Tensor
    text: Tensor
    span: tuple[int, int]
    share: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was asked, what was found, and whether it can be answered."""

    reading: Reading
    found: Found
    answerable: bool


async def collect(data: LabelledSet, embedder: Embedder, tokenizer: Tokenizer) -> tuple[list[Reading], list[Asked]]:
    """Ask a set's questions of a real index; return readings to learn from, and the questions to be judged."""
    made = NearMisses(data.name, data.questions, lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids))
    readings: list[Reading] = []
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            names = await store_labelled(Documents(database), embedder, data.documents, SPACE)
            searcher = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes")
            for question in data.questions:
                found = await searcher.search(SPACE, question.text, detect_language(question.text))
                right = [any(question.relevance.get(n) for n in names[h.passage.document_id]) for h in found.hits]
                of_question = list(made.of(question, found, right))
                readings += of_question
                as_is = Reading(
                    data.name, question.topic, question.kind, question.id, question.text, made.text_of(found), False
                )
                asked.append(Asked(as_is, found, question.answerable))
    return readings, asked


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
        with torch.inference_mode():
            states = self._net.read(ids, torch.ones_like(text))[0].to(torch.bfloat16)
        return Example(reading, states.clone(), question[0], text[0], self._span(reading, encoded, len(asked)), share)

    def trained(self, examples: Sequence[Example], seed: int = 0) -> ReaderNet:
        """Return a network trained on ``examples``."""
        torch.manual_seed(seed)
        draw = random.Random(seed)
        net = self._new()
        for parameter in net.parameters():
            parameter.requires_grad = False
        _make_low_rank(net)
        learned = [parameter for name, parameter in net.named_parameters() if _is_learned(name)]
        for parameter in learned:
            parameter.requires_grad = True
        optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
        n_steps = int(N_EPOCHS * sum(example.share for example in examples) / BATCH) + 1
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=n_steps + 50, pct_start=0.1)
        for _ in range(N_EPOCHS):
            for batch in _batches([each for each in examples if draw.random() < each.share], draw):
                loss = _loss(net.train(), batch)
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(learned, 1.0)
                optimiser.step()
                schedule.step()
        return net.train(False)

    def _new(self) -> ReaderNet:
        bert = BertModel.from_pretrained(self._folder, add_pooling_layer=False, local_files_only=True)
        self._begin, self._end = bert.config.bos_token_id, bert.config.eos_token_id
        return ReaderNet(bert).train(False)

    def _encoded(self, text: str) -> Encoding:
        return self.tokenizer.encode(text, add_special_tokens=False)

    def _span(self, reading: Reading, encoded: Encoding, n_asked: int) -> tuple[int, int]:
        if not reading.answer:
            return -1, -1
        start = len(PASSAGE_PREFIX) + reading.text.index(reading.answer)
        end = start + len(reading.answer)
        inside = [i for i, (a, b) in enumerate(encoded.offsets[:MAX_TEXT_TOKENS]) if b > start and a < end]
        return (n_asked + 2 + inside[0], n_asked + 2 + inside[-1]) if inside else (-1, -1)


def _make_low_rank(net: ReaderNet) -> None:
    for name, module in list(net.layers.named_modules()):
        if isinstance(module, nn.Linear):
            parent, _, attribute = name.rpartition(".")
            setattr(net.layers.get_submodule(parent), attribute, LowRank(module))


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
    """Return how wrong the verdicts are, and where the answer stands literally, its ends too."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        verdict, marks = net.judge(*_padded(batch))
    labels = torch.tensor([float(each.reading.is_answered) for each in batch])
    loss = nn.functional.binary_cross_entropy_with_logits(verdict.float(), labels)
    literal = [i for i, each in enumerate(batch) if each.span[0] >= 0]
    for end in (0, 1) if literal else ():
        places = torch.tensor([batch[i].span[end] for i in literal])
        loss = loss + SPAN_WEIGHT * nn.functional.cross_entropy(marks[literal, :, end].float(), places)
    return loss


@torch.inference_mode()
def verdicts(net: ReaderNet, examples: Sequence[Example]) -> list[float]:
    """Return the log-odds for each example."""
    return [float(net.judge(*_padded([each]))[0][0]) for each in examples]


def share_of(reading: Reading, is_loose: bool) -> float:
    """Return how often an epoch sees a reading."""
    share = SHARES.get(reading.kind, 1.0)
    return share * LOOSE_SHARE if is_loose else share


def dealt(topics: Sequence[str]) -> dict[str, int]:
    """Deal topics out into folds."""
    return {topic: number % N_FOLDS for number, topic in enumerate(sorted(set(topics)))}


def store(net: ReaderNet) -> None:
    """Write what a network has learned, in 16 bits."""
    learned = {
        name.removeprefix("layers.") if name.endswith((".down", ".up")) else name: value.detach().numpy()
        for name, value in net.named_parameters()
        if _is_learned(name)
    }
    np.savez_compressed(LEARNED, **{name: value.astype(np.float16) for name, value in learned.items()})


@dataclass(frozen=True, slots=True)
class Said:
    """A reader's log-odds, fixed: a ``core.ports.Reader``."""

    log_odds: float
    id: str = OWN

    def read(self, found: Found) -> float:
        """Return them."""
        return self.log_odds

    def warm(self) -> None:
        """Nothing to load."""


def report(asked: Sequence[Asked], read: NDArray[np.float64], gate: LogisticGate) -> None:
    """Print AUROC of gate, reader and both, by set and kind of unanswerable question."""
    alone = np.array([gate.decide(each.found).confidence.value for each in asked])
    both = np.array(
        [
            ReadingGate(gate, Said(log_odds), leaning_of(OWN)).decide(each.found).confidence.value
            for each, log_odds in zip(asked, read, strict=True)
        ]
    )
    labels = np.array([each.answerable for each in asked])
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for each in asked:
        if not each.answerable:
            kinds[each.reading.origin] |= {"", each.reading.kind}
    print("\n| set [unanswerable] | gate | reader | both |\n|---|---|---|---|")
    for origin, names in kinds.items():
        for kind in sorted(names):
            chosen = np.array(
                [e.reading.origin == origin and (e.answerable or kind in ("", e.reading.kind)) for e in asked]
            )
            cells = " | ".join(f"{auroc(values[chosen], labels[chosen]):.3f}" for values in (alone, read, both))
            print(f"| {origin} [{kind or 'all'}] | {cells} |", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    arguments.add_argument("--write", action="store_true", help="store a reader trained on everything")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "aion-bench")
    given = arguments.parse_args()
    if not given.folders:
        print("skipped: no labelled folders given (BEIR's layout: corpus.jsonl, queries.jsonl, qrels.tsv)")
        return
    embedder = CachedEmbedder(default_embedder(given.cache), given.cache / "vectors.sqlite")
    trainer = Trainer(e5_folder(given.cache / "models", print))
    examples: list[Example] = []
    asked: list[Asked] = []
    for folder in given.folders:
        readings, of_set = asyncio.run(collect(read_labelled(folder), embedder, trainer.tokenizer))
        is_loose = not any(reading.answer for reading in readings)
        examples += [trainer.example(reading, share_of(reading, is_loose)) for reading in readings]
        asked += of_set
        print(f"{folder.name}: {len(readings)} readings", flush=True)
    fold = dealt([each.reading.topic for each in asked])
    read = np.zeros(len(asked))
    for judged in range(N_FOLDS):
        net = trainer.trained([each for each in examples if fold[each.reading.topic] != judged])
        places = [i for i, each in enumerate(asked) if fold[each.reading.topic] == judged]
        read[places] = verdicts(net, [trainer.example(asked[i].reading) for i in places])
    report(asked, read, LogisticGate(shipped(embedder.id)))
    if given.write:
        store(trainer.trained(examples))
        print(f"\nwritten to {LEARNED}; give OWN in core/generation/reader.py and reading.json a new number")


if __name__ == "__main__":
    main()
