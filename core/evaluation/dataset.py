"""Labelled sets: a corpus, answerable and unanswerable questions, and relevance judgements, read from a folder.

BEIR's layout (Thakur et al. 2021): ``corpus.jsonl`` {_id, title, text}, ``queries.jsonl`` {_id, text, and optionally
answers, answerable, kind, topic, must, quote}, ``qrels.tsv`` or ``qrels/*.tsv`` {query-id, corpus-id, score}.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """One document of the corpus."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question: ``relevance`` grades document ids (> 0: relevant); ``answers`` are reference answers.

    A right answer contains one string of every group of ``must``; ``quotes`` are exact pieces of documents that answer.
    """

    id: str
    text: str
    answerable: bool
    relevance: Mapping[str, int]
    answers: tuple[str, ...] = ()
    kind: str = ""
    topic: str = ""
    must: tuple[tuple[str, ...], ...] = ()
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """The contents of a labelled folder; ``name`` is the folder's."""

    name: str
    documents: tuple[LabelledDocument, ...]
    questions: tuple[LabelledQuestion, ...]

    def collections(self) -> tuple[LabelledSet, ...]:
        """Return the set by collection: what is answered from documents below one first folder of their titles.

        A topic belongs to the folder of its relevant documents, one without any to the first collection. A set whose
        topics share folders, or whose titles name none, is one collection.
        """
        folder_of = {document.id: document.title.split("/")[0] for document in self.documents}
        folders: dict[str, set[str]] = defaultdict(set)
        for question in self.questions:
            folders[question.topic] |= {folder_of[id_] for id_ in question.relevance if id_ in folder_of}
        names = sorted(set(folder_of.values()))
        is_split = all("/" in document.title for document in self.documents)
        if not is_split or len(names) == 1 or any(len(found) > 1 for found in folders.values()):
            return (self,)
        home = {topic: min(found, default=names[0]) for topic, found in folders.items()}
        return tuple(
            LabelledSet(
                name,
                tuple(document for document in self.documents if folder_of[document.id] == name),
                tuple(question for question in self.questions if home[question.topic] == name),
            )
            for name in names
        )


def read_labelled(folder: Path) -> LabelledSet:
    """Read a labelled folder. Raises ``BadInput`` when a file is missing, malformed or empty."""
    try:
        relevance = _relevance(folder)
        documents = tuple(
            LabelledDocument(str(row["_id"]), str(row.get("title") or ""), str(row["text"]))
            for row in _rows(folder / "corpus.jsonl")
        )
        questions = tuple(_question(row, relevance) for row in _rows(folder / "queries.jsonl"))
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise BadInput("eval.unreadable", folder=folder, problem=error) from error
    if not documents or not questions:
        raise BadInput("eval.empty", folder=folder)
    return LabelledSet(folder.resolve().name, documents, questions)


def _question(row: Mapping[str, Any], relevance: Mapping[str, Mapping[str, int]]) -> LabelledQuestion:
    graded = relevance.get(str(row["_id"]), {})
    return LabelledQuestion(
        id=str(row["_id"]),
        text=str(row["text"]),
        answerable=bool(row.get("answerable", bool(graded))),
        relevance=graded,
        answers=tuple(str(answer) for answer in row.get("answers") or ()),
        kind=str(row.get("kind") or ""),
        topic=str(row.get("topic") or ""),
        must=tuple(tuple(str(text) for text in group) for group in row.get("must") or ()),
        quotes=tuple(str(quote) for quote in row.get("quote") or ()),
    )


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _relevance(folder: Path) -> Mapping[str, Mapping[str, int]]:
    files = [path for path in [folder / "qrels.tsv", *sorted(folder.glob("qrels/*.tsv"))] if path.exists()]
    if not files:
        raise FileNotFoundError("no qrels.tsv")
    graded: dict[str, dict[str, int]] = defaultdict(dict)
    for path in files:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.reader(lines, delimiter="\t"):
                if len(row) >= 3 and row[0] != "query-id":
                    graded[row[0]][row[1]] = int(row[2])
    return graded
