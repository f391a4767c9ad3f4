"""Words of passages, and those that are nearly a misspelt one."""

import random
from pathlib import Path

import pytest

from core.retrieval.vocabulary import Vocabulary, edits


def vocabulary(*texts: str) -> Vocabulary:
    made = Vocabulary()
    made.add(texts)
    return made


def test_finds_words_that_are_one_edit_away():
    words = vocabulary("The annual vacation: security (badge), printers’ room; Assembléia-geral do_it x509 of")
    assert words.near("vaction", 1) == [(1, "vacation")]
    assert words.near("securityy", 1) == [(1, "security")]
    assert words.near("bagde", 1) == [(1, "badge")], "two letters swapped are one edit"
    assert words.near("prinners", 1) == [(1, "printers")]
    assert words.near("assembleia", 1) == [(0, "assembleia")], "folded as questions are"
    assert words.near("assenbeia", 1) == [] and words.near("assenbeia", 2) == [(2, "assembleia")]
    assert words.near("zebra", 2) == []


@pytest.mark.parametrize("word", ["x509", "do_it", "of", "the", "a" * 25])
def test_numbers_identifiers_and_short_or_endless_words_are_none(word):
    assert Vocabulary().near("badge", 1) == []
    words = vocabulary(f"{word} badge")
    assert {found for letter in "abdtox" for _, found in words.near(f"{letter}adge", 1)} <= {"badge"}


def test_finds_what_a_comparison_with_every_word_finds():
    chance = random.Random(7)
    known = sorted({"".join(chance.choices("abco", k=chance.randint(4, 8))) for _ in range(400)})
    words = vocabulary(" ".join(known))
    for typed in ("".join(chance.choices("abco", k=chance.randint(4, 8))) for _ in range(40)):
        near = {(n, word) for word in known if word[0] == typed[0] and (n := edits(typed, word, 2)) <= 2}
        assert set(words.near(typed, 2)) == near


EDITS = [("abcd", "abcd", 0), ("abcd", "abdc", 1), ("abcd", "bcd", 1), ("abcd", "abxd", 1), ("ca", "abc", 3)]


@pytest.mark.parametrize(("one", "other", "n"), EDITS)
def test_an_edit_is_a_letter_more_less_other_or_swapped(one, other, n):
    assert edits(one, other, 3) == edits(other, one, 3) == n
    assert edits(one, other, n - 1) > n - 1 if n else True


def test_is_the_same_after_it_was_saved_and_more_was_added(tmp_path: Path):
    words = vocabulary("vacation badge")
    words.save(tmp_path / "words.npz")
    loaded = Vocabulary.load(tmp_path / "words.npz")
    loaded.add(["printer"])
    assert loaded.near("vaction", 1) == [(1, "vacation")] and loaded.near("printr", 1) == [(1, "printer")]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut off", b"badge\n"])
def test_a_damaged_file_is_a_value_error(tmp_path: Path, data):
    (tmp_path / "words.npz").write_bytes(data)
    with pytest.raises(ValueError):
        Vocabulary.load(tmp_path / "words.npz")


def test_no_file_is_a_value_error(tmp_path: Path):
    with pytest.raises(ValueError, match="unreadable"):
        Vocabulary.load(tmp_path / "words.npz")
