"""Near-duplicates: what says the same is found, whatever was changed around it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.curation.duplicates import SHINGLE_WORDS, MinHashIndex, is_near, minhash
from tests.pages import COMPOST, LIBRARY, OVEN


def jaccard(one: str, other: str) -> float:
    """The plain share of common shingles."""

    def shingles(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))}

    return len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))


@given(st.lists(st.sampled_from("abcdefg"), min_size=5, max_size=60), st.integers(0, 30))
def test_the_estimate_is_near_the_plain_share(words: list[str], cut: int) -> None:
    one, other = " ".join(words), " ".join([*words[:cut], "zz", *words[cut:]])
    assert abs(minhash(one).jaccard(minhash(other)) - jaccard(one, other)) < 0.25


def test_a_copy_with_a_new_frame_is_found() -> None:
    copy = f"Read more on our site!\n{LIBRARY.upper()}\nShare this page"
    found = MinHashIndex().nearest(copy, {"o": OVEN, "l": LIBRARY, "c": COMPOST})
    assert found is not None and found[0] == "l"


def test_another_text_is_no_copy() -> None:
    assert MinHashIndex().nearest(LIBRARY, {"o": OVEN, "c": COMPOST}) is None
    assert MinHashIndex().nearest(LIBRARY, {}) is None
    assert MinHashIndex().nearest("", {"o": OVEN}) is None


def test_short_texts_are_compared_exactly() -> None:
    assert is_near(
        "You may leave it in the racks by the gate, please.", "you may leave it in the racks by the gate please"
    )
    assert not is_near("You may leave it in the racks by the gate.", "You may leave it in the yard behind the house.")
    assert not is_near("At nine.", "At ten.")
