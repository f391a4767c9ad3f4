"""Terms: what matches what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval import analyzer
from core.retrieval.analyzer import MAX_TERMS, fold, query_terms, stems, stop_words


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("pt", ["informação", "informacao", "informações", "INFORMAÇÕES", "informacoes"]),
        ("pt", ["reembolso", "reembolsos", "Reembolso"]),
        ("pt", ["correção", "correções", "correcoes"]),
        ("pt", ["país", "países", "paises"]),
        ("pt", ["canal", "canais"]),
        ("pt", ["previsível", "previsíveis", "previsiveis"]),
        ("pt", ["ocorrência", "ocorrencia", "ocorrências"]),
        ("pt", ["nuvem", "nuvens"]),
        ("en", ["refund", "refunds", "refunded", "refunding"]),
        ("en", ["café", "cafe", "cafes"]),
        ("en", ["policy", "policies"]),
    ],
)
def test_forms_of_a_word_are_one_term(language, forms):
    assert len({tuple(stems(form, language)) for form in forms}) == 1


@pytest.mark.parametrize(("language", "pair"), [("pt", ("pais", "palco")), ("en", ("universe", "verse"))])
def test_different_words_stay_apart(language, pair):
    assert stems(pair[0], language) != stems(pair[1], language)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AION_DATA_DIR", ["aion_data_dir", "aion", "data", "dir"]),
        ("docker-compose.yml", ["docker-compose.yml", "docker", "compos", "yml"]),
        ("v2.1.3", ["v2.1.3", "v2", "1", "3"]),
        ("node.js", ["node.js", "node", "js"]),
        ("me@mail.com", ["me@mail.com", "mail", "com"]),
        ("C++", ["c++", "c"]),
        ("C# code", ["c#", "c", "code"]),
        ("__init__", ["init"]),
        ("state-of-the-art", ["state", "art"]),
        ("Anna's don't", ["anna"]),
        ("3.50 1,200 10:30", ["3.50", "1,200", "10:30"]),
        ("covid19", ["covid19"]),
        ("the end.", ["end"]),
        ("", []),
    ],
)
def test_identifiers_and_numbers_stay_whole(text, expected):
    assert stems(text, "en") == expected


def test_stop_words_of_each_language_are_left_out():
    assert stems("What is the price of this?", "en") == ["price"]
    assert stems("Qual é o preço disso? Não sei.", "pt") == ["prec", "sei"]


def test_a_question_needs_no_known_language():
    terms = query_terms("What is the refund? Qual é o reembolso das informações?")
    assert [term.text for term in terms] == ["refund", "reembolso", "informacoes"]
    assert terms[2].stems == {"en": "informaco", "pt": "inform"}


def test_framing_words_are_marked():
    assert {term.text: term.is_framing for term in query_terms("How many kinds of refund exist")} == {
        "many": True,
        "kinds": True,
        "refund": False,
        "exist": False,
    }


def test_long_questions_are_cut_to_so_many_terms():
    assert len(query_terms(" ".join(f"word{n}" for n in range(5_000)))) == MAX_TERMS


@given(st.text(max_size=200))
def test_any_text_gives_terms_without_white_space_and_of_bounded_length(text):
    for language in ("en", "pt"):
        for stem in stems(text, language):
            assert stem and len(stem) <= 70 and not any(character.isspace() for character in stem)


PIECES = st.sampled_from(
    [
        " ",
        "\u00a0",
        "\n",
        "\u2003",
        "\u0301",
        "\u00a8",
        "\ufb01",
        "#",
        ",",
        "C++",
        "3,5",
        "a.b",
        "açúcar",
        "running",
        "the",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map("".join)))
def test_reading_piece_by_piece_gives_what_reading_the_whole_gives(text):
    for language in ("en", "pt"):
        words = [word for token in analyzer._tokens(text) for word in analyzer._words_of(token)]
        stop = stop_words(language)
        assert stems(text, language) == [analyzer._stem(word, language) for word in words if word not in stop]


@given(st.text(max_size=50))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
