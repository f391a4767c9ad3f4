"""Fits the classifier of small talk on sentences of our own writing, and says how well it tells them from questions.

Run: python bench/small_talk_fit.py [DIR...] [--write]   (DIRs in BEIR's layout; minutes)
Recall is measured on families of phrasings that were left out: sentences that share half of their trigrams with the
first of the family. Their words are known all the same, as from a dictionary; how they are put together is not. Every
question of the DIRs, none of which is fitted on, is then given to a model fitted on everything; those taken for small
talk are counted by set and shown. With --write that model goes to core/chat/small_talk.npz.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bench.labelled import folder_arguments
from bench.table import heading, row
from core.chat.pleasantries import read_message
from core.chat.small_talk import N_BUCKETS, TALK_KINDS, SmallTalkModel, hashed_ngrams, spellings_of, words
from core.retrieval.analyzer import fold
from core.types import LANGUAGES, Language

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "core" / "chat" / "small_talk.npz"

INVERSE_PENALTY = 100.0

THRESHOLD = -0.3
"""Least log-odds of small talk."""

SHORT, SHORT_QUESTION_WEIGHT = 16, 6.0
"""A question of so many characters counts as several: many are follow-ups (*como?*, *are you sure*)."""

N_FOLDS = 4
N_SHOWN = 150
N_GENERATED = 1_500
_MIN_SHARED_TRIGRAMS = 0.5

_FRAMES = {
    "en": (
        "what is {}",
        "who is {}",
        "how does {} work",
        "where is {}",
        "is {} open",
        "when is {}",
        "what are {}",
        "{}?",
    ),
    "pt": ("o que é {}", "quem é {}", "como funciona {}", "onde fica {}", "tem {}", "quando é {}", "qual {}", "{}?"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the training data; ``kind`` is a ``TalkKind`` or ``question``."""

    text: str
    kind: str
    language: Language


def own_sentences() -> list[Sentence]:
    """Return every sentence of ``bench/small_talk``, and the questions over ``bench/notes_*``."""
    sentences = []
    for language in LANGUAGES:
        kinds = tomllib.loads((ROOT / "bench" / "small_talk" / f"{language}.toml").read_text(encoding="utf-8"))
        sentences += [
            Sentence(line, kind, language)
            for kind, families in kinds.items()
            for lines in families.values()
            for line in lines.strip().splitlines()
        ]
        asked = read_questions(ROOT / "bench" / f"notes_{language}")
        sentences += [Sentence(text, "question", language) for text in asked]
    return sentences


def read_questions(folder: Path) -> list[str]:
    """Return the questions of a labelled folder."""
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def generated_questions(rng: random.Random) -> list[Sentence]:
    """Return short questions about what the notes and samples mention: a few words of them, alone or in a frame."""
    sentences = []
    for language in LANGUAGES:
        lines = (ROOT / "bench" / f"notes_{language}" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        words = " ".join(json.loads(line)["text"] for line in lines).replace("\n", " ").split()
        for _ in range(N_GENERATED // 2):
            start, n = rng.randrange(len(words) - 3), rng.choice((1, 1, 2, 2, 3))
            mentioned = " ".join(words[start : start + n]).strip(".,;:()#*-|").lower()
            if any(len(word) > 4 for word in mentioned.split()):
                frame = rng.choice(_FRAMES[language]) if rng.random() < 0.5 else "{}"
                sentences.append(Sentence(frame.format(mentioned), "question", language))
    return sentences


def families(sentences: Sequence[Sentence]) -> list[int]:
    """Return the family of each sentence: that of the first one before it that shares half of their trigrams."""
    grams = [_trigrams(each.text) for each in sentences]
    family: list[int] = []
    leaders: list[int] = []
    for n, mine in enumerate(grams):
        near = (leader for leader in leaders if _shared(mine, grams[leader]) >= _MIN_SHARED_TRIGRAMS)
        family.append(next(near, n))
        if family[n] == n:
            leaders.append(n)
    return family


def _shared(some: frozenset[str], others: frozenset[str]) -> float:
    """Return the Jaccard index of two sets."""
    return len(some & others) / len(some | others)


def _trigrams(text: str) -> frozenset[str]:
    padded = f" {fold(text).strip('?!. ')} "
    return frozenset(padded[start : start + 3] for start in range(max(1, len(padded) - 2)))


def varied(text: str, rng: random.Random) -> Iterator[str]:
    """Yield a sentence as it is, with a slip of the finger, and with other punctuation."""
    yield text
    if len(text) > 4:
        n = rng.randrange(1, len(text) - 1)
        yield rng.choice((text[:n] + text[n + 1 :], text[:n] + text[n + 1] + text[n] + text[n + 2 :]))
    if text.rstrip("?!. "):
        yield text.rstrip("?!. ") + rng.choice(("?", "!", "", "??"))


def fitted(sentences: Sequence[Sentence], known: Sequence[str], rng: random.Random) -> SmallTalkModel:
    """Return the model fitted on these sentences and variants of them; ``known`` are the words of small talk."""
    examples = [(text, each.kind) for each in sentences for text in varied(each.text, rng)]
    features = matrix([text for text, _ in examples])
    is_talk = np.array([kind != "question" for _, kind in examples])
    weights = [SHORT_QUESTION_WEIGHT if kind == "question" and len(text) <= SHORT else 1.0 for text, kind in examples]
    talk = LogisticRegression(C=INVERSE_PENALTY, max_iter=300).fit(features, is_talk, sample_weight=weights)
    kinds = LogisticRegression(C=INVERSE_PENALTY, max_iter=200).fit(
        features[is_talk], [TALK_KINDS.index(kind) for _, kind in examples if kind != "question"]
    )
    coefficients = np.vstack([talk.coef_, kinds.coef_]).T.astype(np.float32)
    intercepts = np.append(talk.intercept_, kinds.intercept_).astype(np.float32)
    return SmallTalkModel(coefficients, intercepts, THRESHOLD, spellings_of(known))


def vocabulary(sentences: Sequence[Sentence]) -> list[str]:
    """Return the distinct words of the small talk among these sentences."""
    return sorted({word for each in sentences if each.kind != "question" for word in words(each.text)})


def matrix(texts: Sequence[str]) -> csr_matrix:
    """Return the features of texts, shape ``(len(texts), N_BUCKETS)``: unit rows, equal where not zero."""
    rows = [hashed_ngrams(text) for text in texts]
    values = np.concatenate([np.full(len(each), max(1, len(each)) ** -0.5) for each in rows])
    ends = np.cumsum([0, *map(len, rows)])
    return csr_matrix((values, np.concatenate(rows).astype(int), ends), shape=(len(texts), N_BUCKETS))


def packed(model: SmallTalkModel, known: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """Return the arrays to store: weights of 8 bits, with a scale for each column."""
    scales = np.abs(model.weights).max(axis=0) / 127
    return {
        "weights": np.round(model.weights / scales).astype(np.int8),
        "scales": scales,
        "intercepts": model.intercepts,
        "threshold": np.array(model.threshold),
        "words": np.array(known),
    }


def report_left_out(sentences: Sequence[Sentence], generated: Sequence[Sentence], rng: random.Random) -> None:
    """Print recall, accuracy of the kind and false positives on families that were not fitted on."""
    family = families(sentences)
    order = sorted(set(family))
    rng.shuffle(order)
    fold_of = {name: n % N_FOLDS for n, name in enumerate(order)}
    seen: list[tuple[Sentence, str | None]] = []
    for fold_ in range(N_FOLDS):
        kept = [each for each, name in zip(sentences, family, strict=True) if fold_of[name] != fold_]
        model = fitted([*kept, *generated], vocabulary(sentences), rng)
        left_out = [each for each, name in zip(sentences, family, strict=True) if fold_of[name] == fold_]
        seen += [(each, read_message(each.text, model).kind) for each in left_out]
    print(f"{len(sentences)} sentences of {len(order)} families; left out in {N_FOLDS} parts:")
    print(heading("", "n", "taken for talk", "right kind"))
    for language in LANGUAGES:
        for name, wanted in (("talk", True), ("questions", False)):
            found = [(s, k) for s, k in seen if s.language == language and (s.kind != "question") == wanted]
            taken = [(s, k) for s, k in found if k is not None]
            right = sum(s.kind == k for s, k in taken) / max(1, len(taken))
            print(row(f"{name}, {language}", len(found), f"{len(taken) / len(found):.3f}", f"{right:.3f}"))
    for title, wrong in (
        ("missed", [s.text for s, k in seen if s.kind != "question" and k is None]),
        ("taken for talk", [s.text for s, k in seen if s.kind == "question" and k is not None]),
    ):
        print(f"{title}:", *wrong[:N_SHOWN], sep=" · ")


def report_sets(folders: Sequence[Path], model: SmallTalkModel) -> None:
    """Print how many questions of labelled sets are taken for small talk, and which."""
    print(heading("set", "questions", "taken for talk"))
    for folder in folders:
        asked = read_questions(folder)
        taken = [(text, kind) for text in asked if (kind := read_message(text, model).kind) is not None]
        print(row(folder.name, len(asked), len(taken)), *taken)


def main() -> None:
    """Fit, report, and store the model where asked."""
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--quick", action="store_true", help="leave out what is measured by families")
    given = arguments.parse_args()
    rng = random.Random(7)
    sentences, generated = own_sentences(), generated_questions(rng)
    if not given.quick:
        report_left_out(sentences, generated, rng)
    model = fitted([*sentences, *generated], vocabulary(sentences), rng)
    report_sets(given.folders, model)
    if given.write:
        np.savez_compressed(MODEL, **packed(model, vocabulary(sentences)))
        print(f"written to {MODEL.relative_to(ROOT)}: {MODEL.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
