"""Labelled folders: what is read, and one clear error for what cannot be."""

from pathlib import Path

import pytest

from core.errors import BadInput
from core.evaluation.dataset import read_labelled
from core.texts import explain

CORPUS = '{"_id": "d1", "title": "T", "text": "Nine to five."}\n{"_id": "d2", "text": "Other."}\n\n'
QUERIES = (
    '{"_id": "q1", "text": "When?", "answers": ["Nine to five"], "answerable": true, "topic": "hours"}\n'
    '{"_id": "q2", "text": "Why?"}\n'
)
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in ({"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "qrels.tsv": QRELS} | files).items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_reads_a_folder(tmp_path):
    data = read_labelled(write(tmp_path))
    assert data.name == tmp_path.name
    assert [(d.id, d.title, d.text) for d in data.documents] == [("d1", "T", "Nine to five."), ("d2", "", "Other.")]
    first, second = data.questions
    assert (first.answerable, first.relevance, first.answers, first.topic) == (
        True,
        {"d1": 2},
        ("Nine to five",),
        "hours",
    )
    assert not second.answerable and second.relevance == {}


def test_reads_beir_s_own_folder_of_judgements(tmp_path):
    write(tmp_path, qrels__test="query-id\tcorpus-id\tscore\nq2\td2\t1\n")
    (tmp_path / "qrels.tsv").unlink()
    (tmp_path / "qrels" / "test").rename(tmp_path / "qrels" / "test.tsv")
    assert [question.relevance for question in read_labelled(tmp_path).questions] == [{}, {"d2": 1}]


@pytest.mark.parametrize(
    "files",
    [
        {"corpus.jsonl": "not json"},
        {"corpus.jsonl": '{"_id": "d1"}'},
        {"corpus.jsonl": "[1, 2]"},
        {"queries.jsonl": '{"text": "no id"}'},
        {"qrels.tsv": "q1\td1\tmany\n"},
        {"corpus.jsonl": ""},
        {"queries.jsonl": "\n"},
    ],
)
def test_unreadable_folders_are_one_clear_sentence(tmp_path, files):
    with pytest.raises(BadInput) as caught:
        read_labelled(write(tmp_path, **files))
    assert str(tmp_path) in explain("en", caught.value)
    assert str(tmp_path) in explain("pt", caught.value)


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_missing_files(tmp_path, missing):
    write(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(BadInput):
        read_labelled(tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(BadInput):
        read_labelled(tmp_path / "nowhere")
