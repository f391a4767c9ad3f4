"""A folder of text files as token ids on disk, made once: a second run reads no text.

Files are read as a stream and cut into pieces at line breaks. Every ``HELD_OUT``-th file is held out, or of fewer files
every ``HELD_OUT``-th piece: neither the tokenizer nor the model is trained on it. Ids are memory-mapped, so that a
corpus may exceed the memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, Unavailable
from core.models.atomic_folder import ensure_converted

SUFFIXES = (".txt", ".md", ".rst")
PIECE_CHARS = 4_000
HELD_OUT = 20
"""One file or piece in so many is held out."""

_FIRST_HELD = 4
"""The file or piece held out first: five pieces are enough to have one."""

_LEAST_HELD = 16
_LAYOUT = 2
_FACTS = "corpus.json"
_BATCH = 64

Ids = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class TokenCorpus:
    """Token ids of a corpus: to train on, and held out, the latter of ``n_held_bytes`` bytes of text.

    ``data_hash`` is the SHA-256 of the text, in the order of the files' names.
    """

    tokenizer: Any
    train: Ids
    held: Ids
    n_train_bytes: int
    n_held_bytes: int
    data_hash: str

    def windows(self, first: int, n: int, length: int, seed: int) -> NDArray[np.int64]:
        """Return rows ``first`` to ``first + n`` of the endless shuffled sequence of training windows.

        Each is ``length`` + 1 tokens, so that every token but the first is also a target; an epoch has each window
        once, shifted by an offset of its own. The rows depend on the arguments alone: a resumed run reads on where it
        was.
        """
        n_windows = (len(self.train) - 1) // length - 1
        windows, orders = [], {}
        for number in range(first, first + n):
            epoch, row = divmod(number, n_windows)
            if epoch not in orders:
                chance = np.random.default_rng((seed, epoch))
                orders[epoch] = int(chance.integers(length)), chance.permutation(n_windows)
            shift, order = orders[epoch]
            start = shift + int(order[row]) * length
            windows.append(self.train[start : start + length + 1])
        return np.stack(windows).astype(np.int64)


def open_corpus(
    folder: Path,
    cache: Path,
    tokenizer_of: Callable[[Iterable[str]], Any],
    identity: str,
    context: int,
    tell: Callable[[str], None],
) -> TokenCorpus:
    """Open the ids of a folder's text, written into a folder below ``cache`` the first time. Blocks.

    ``tokenizer_of`` returns a tokenizer, given the training text to learn from, and ``identity`` names it: the same
    files (by name, size and time of change) with the same tokenizer are not read again.
    Raises ``BadInput`` when there is no text, or too little for sequences of ``context`` tokens; ``Unavailable`` when
    the cache cannot be written.
    """
    files = text_files(folder)
    known = [[str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    told = json.dumps([_LAYOUT, PIECE_CHARS, HELD_OUT, identity, known])
    version = hashlib.sha256(told.encode()).hexdigest()

    def write(empty: Path) -> None:
        tell("scratch.reading")
        _write(files, tokenizer_of(piece.text for piece in _pieces(files) if not piece.is_held), empty)

    try:
        kept = ensure_converted(cache / version[:16], version, write)
    except OSError as error:
        raise Unavailable("models.not_written", folder=cache, problem=error.strerror or error) from error
    corpus = _read(kept)
    least, n, n_held = 3 * (context + 1), len(corpus.train), len(corpus.held)
    if n < least or n_held < _LEAST_HELD:
        raise BadInput("scratch.too_little", folder=folder, n=n, least=least, n_held=n_held, least_held=_LEAST_HELD)
    return corpus


def text_files(folder: Path) -> list[Path]:
    """Return the text files below ``folder``, by name. Raises ``BadInput`` when there are none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise BadInput("scratch.no_text", folder=folder, suffixes=", ".join(SUFFIXES))
    return files


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a file; ``is_last`` is the end of the file."""

    text: str
    is_held: bool
    is_last: bool


def _pieces(files: Sequence[Path]) -> Iterator[_Piece]:
    """Yield the files' text in pieces of about ``PIECE_CHARS`` characters."""
    by_file, number = len(files) >= HELD_OUT, 0
    for of_file, path in enumerate(files):
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.readlines(PIECE_CHARS)
            while lines:
                following = file.readlines(PIECE_CHARS)
                is_held = (of_file if by_file else number) % HELD_OUT == _FIRST_HELD
                yield _Piece("".join(lines), is_held, not following)
                lines, number = following, number + 1


def _write(files: Sequence[Path], tokenizer: Any, folder: Path) -> None:
    """Write tokenizer, ids and facts into an empty folder. The end token follows every file."""
    tokenizer.save_pretrained(folder)
    dtype = np.uint16 if len(tokenizer) <= 1 << 16 else np.uint32
    digest, n_bytes = hashlib.sha256(), [0, 0]
    pieces = _pieces(files)
    with (folder / "train.ids").open("wb") as train, (folder / "held.ids").open("wb") as held:
        while some := list(islice(pieces, _BATCH)):
            texts = [piece.text for piece in some]
            encoded = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
            for piece, ids in zip(some, encoded, strict=True):
                raw = piece.text.encode()
                digest.update(raw)
                n_bytes[piece.is_held] += len(raw)
                ended = [*ids, tokenizer.eos_token_id] if piece.is_last else ids
                (held if piece.is_held else train).write(np.array(ended, dtype).tobytes())
    facts = {"n_bytes": n_bytes, "data_hash": digest.hexdigest(), "dtype": np.dtype(dtype).name}
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")


def _read(folder: Path) -> TokenCorpus:
    from transformers import AutoTokenizer

    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    train, held = (_ids(folder / name, facts["dtype"]) for name in ("train.ids", "held.ids"))
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    n_train_bytes, n_held_bytes = facts["n_bytes"]
    return TokenCorpus(tokenizer, train, held, n_train_bytes, n_held_bytes, facts["data_hash"])


def _ids(path: Path, dtype: str) -> Ids:
    if not path.stat().st_size:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, "r")
