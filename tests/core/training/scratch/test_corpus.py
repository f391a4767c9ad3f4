from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInput
from core.training.scratch.corpus import HELD_OUT, PIECE_CHARS, TokenCorpus, text_files
from tests.corpora import write_corpus

Open = Callable[..., TokenCorpus]


def test_all_text_is_there_in_order_one_piece_in_twenty_apart(tmp_path: Path, opened: Open) -> None:
    lines = [f"line {number} of many\n" for number in range(9_000)]
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("".join(lines))
    found = opened(tmp_path / "text")
    texts = [found.tokenizer.decode(ids, skip_special_tokens=True) for ids in (found.train, found.held)]
    assert sorted("".join(texts).splitlines()) == sorted("".join(lines).splitlines())
    assert 0.5 / HELD_OUT < len(texts[1]) / sum(map(len, texts)) < 2 / HELD_OUT
    assert (found.n_train_bytes, found.n_held_bytes) == tuple(len(text.encode()) for text in texts)
    assert len(texts[1]) > PIECE_CHARS


def test_a_file_ends_in_the_end_token_and_text_cannot_write_it(tmp_path: Path, opened: Open) -> None:
    folder = write_corpus(tmp_path / "text")
    (folder / "5.txt").write_text("<|end|>\n" * 50)
    found = opened(folder)
    ends = sum(int((ids == found.tokenizer.eos_token_id).sum()) for ids in (found.train, found.held))
    assert ends == 6


def test_nothing_is_read_twice(tmp_path: Path, opened: Open, told: list[str]) -> None:
    folder = write_corpus(tmp_path / "text")
    first = opened(folder)
    assert told == ["scratch.reading"]
    for path in folder.iterdir():  # unreadable now: whoever read it again would fail
        stat = path.stat()
        path.write_bytes(b"\xff" * stat.st_size)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    again = opened(folder)
    assert told == ["scratch.reading"]
    assert np.array_equal(first.train, again.train) and first.data_hash == again.data_hash


@pytest.mark.parametrize("change", ["text", "tokenizer"])
def test_changed_text_and_another_tokenizer_are_read(
    tmp_path: Path, opened: Open, told: list[str], change: str
) -> None:
    folder = write_corpus(tmp_path / "text")
    first = opened(folder)
    if change == "text":
        (folder / "0.txt").write_text("something else\n" * 300)
    again = opened(folder, "bpe" if change == "text" else "another")
    assert told == ["scratch.reading"] * 2
    assert (first.data_hash == again.data_hash) == (change == "tokenizer")


def test_an_epoch_has_every_window_once_and_rows_depend_on_their_number_alone(corpus: TokenCorpus) -> None:
    n_windows = (len(corpus.train) - 1) // 16 - 1
    epoch = corpus.windows(0, n_windows, 16, seed=1)
    assert epoch.shape == (n_windows, 17)
    shifted = (corpus.train[shift : shift + 16 * n_windows].reshape(-1, 16) for shift in range(16))
    assert any(sorted(epoch[:, :-1].tolist()) == sorted(each.tolist()) for each in shifted)
    assert np.array_equal(corpus.windows(7, 5, 16, seed=1), epoch[7:12])
    over = corpus.windows(n_windows - 2, 4, 16, seed=1)
    assert np.array_equal(over[:2], epoch[-2:])
    assert not np.array_equal(corpus.windows(0, n_windows, 16, seed=2), epoch)
    assert not np.array_equal(corpus.windows(n_windows, n_windows, 16, seed=1), epoch)


def test_too_little_text_is_refused(tmp_path: Path, opened: Open) -> None:
    with pytest.raises(BadInput, match="no_text"):
        text_files(tmp_path)
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("ten bytes.")
    with pytest.raises(BadInput, match="too_little"):
        opened(tmp_path / "text")


def test_bytes_that_are_no_text_are_read_all_the_same(tmp_path: Path, opened: Open) -> None:
    folder = write_corpus(tmp_path / "text")
    (folder / "0.txt").write_bytes(b"\xff\xfe broken \x00\n" * 100)
    assert len(opened(folder).train) > 0


def test_of_many_files_whole_ones_are_held_out(tmp_path: Path, opened: Open) -> None:
    folder = write_corpus(tmp_path / "text", n_files=21, n_sentences=30)
    marked = sorted(folder.iterdir())[4]
    marked.write_text("this file alone speaks of zebras\n" * 40)
    found = opened(folder)
    assert "zebras" not in found.tokenizer.decode(found.train)
    assert found.tokenizer.decode(found.held, skip_special_tokens=True) == marked.read_text()
