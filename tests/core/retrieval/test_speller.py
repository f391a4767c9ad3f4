"""Misspelt questions: only what neither the passages nor the languages know is changed."""

from collections import Counter

import pytest

from core.retrieval.analyzer import stems
from core.retrieval.speller import Speller, is_known
from core.retrieval.vocabulary import Vocabulary

PASSAGES = (
    "Members renew the membership card and the locker every vacation; security has the wireguard tokencode.",
    "A assembleia decide a anuidade. O estágio e a inscrição na biblioteca são com a secretaria.",
    "Security keeps the spare key. The R packages are on the R server.",
)


def speller() -> Speller:
    vocabulary, counts = Vocabulary(), Counter[str]()
    vocabulary.add(PASSAGES)
    for text in PASSAGES:
        counts.update({*stems(text, "en"), *stems(text, "pt")})
    return Speller(
        [vocabulary], lambda word: max((counts[s] for s in {*stems(word, "en"), *stems(word, "pt")}), default=0)
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("how do i renew my membrship crd?", "how do i renew my membership crd?"),
        ("wat about securty and vaction", "what about security and vacation"),
        ("the tokncode, pls!", "the tokencode, please!"),
        ("can u renew it", "can you renew it"),
    ],
)
def test_english(typed, meant):
    assert speller().respelt(typed, "en") == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("quando é a assenbleia?", "quando é a assembleia?"),
        ("vc sabe pq a anuidde subiu", "você sabe porque a anuidade subiu"),
        ("inscriçao no estajio tb", "inscriçao no estagio também"),
        ("pode cachorro no apê?", "pode cachorro no apartamento?"),
        ("BIBLIOTCA ABRE HJ?", "biblioteca ABRE hoje?"),
    ],
)
def test_portuguese(typed, meant):
    assert speller().respelt(typed, "pt") == meant


@pytest.mark.parametrize(
    "text",
    [
        "how do I renew the membership card",
        "does the dishwasher leak in winter",  # words of the language that no passage has
        "who is Kossal and where does Vaction live",  # names
        "what does lock3r or locker_x or lockr.txt say",  # identifiers
        "is there a cat",  # short
        "what is the R package",
        "",
        "🎉 ... ???",
        "qwzxv trplkj",
    ],
)
def test_what_is_no_misspelling_stays(text):
    assert speller().respelt(text, "en") == text


def test_slang_that_passages_write_is_a_word_like_others():
    vocabulary = Vocabulary()
    assert Speller([vocabulary], lambda word: int(word == "ppl")).respelt("ppl", "en") == "ppl"
    assert Speller([vocabulary], lambda word: 0).respelt("ppl", "en") == "people"


def test_slang_is_of_the_questions_language():
    assert speller().respelt("an ape n a tb disk", "en") == "an ape n a tb disk"


def test_of_equally_near_words_the_more_frequent_is_meant():
    vocabulary = Vocabulary()
    vocabulary.add(["bolsa", "bolso"])
    counts = {"bolsa": 1, "bolso": 4}
    assert Speller([vocabulary], lambda word: counts.get(word, 0)).respelt("bolsz", "pt") == "bolso"


def test_a_word_of_removed_passages_is_not_meant():
    vocabulary = Vocabulary()
    vocabulary.add(["wireguard"])
    assert Speller([vocabulary], lambda word: 0).respelt("wiregard", "en") == "wiregard"


def test_knows_words_of_both_languages_in_any_form():
    assert all(is_known(word) for word in ("dishwasher", "clearing", "mestrado", "viajando", "churrasqueira"))
    assert not any(is_known(word) for word in ("securty", "assenbleia", "posible", "progama", "the"))
