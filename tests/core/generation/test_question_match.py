"""Questions that ask the same, and questions that only look like it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.generation.question_match import normalised_question
from core.types import LANGUAGES

SAME = [
    ("en", "When does the library open?", "what time does the library open"),
    ("en", "When does the library open?", "Can you tell me when the library opens?"),
    ("en", "How much does a membership cost?", "How much is a membership cost, please?"),
    ("en", "What is the wifi password?", "what's the wifi password"),
    ("en", "Who can borrow the drill?", "Hi, who can borrow drill??"),
    ("pt", "Quando abre a biblioteca?", "A que horas abre a biblioteca?"),
    ("pt", "Onde ficam as chaves?", "onde estão as chaves"),
    ("pt", "Qual é a senha do wifi?", "qual a senha do wifi"),
    ("pt", "Quem pode usar a furadeira?", "Bom dia, quem pode usar a furadeira?"),
    ("pt", "Como cancelo a inscrição?", "como cancelo inscricao"),
]
DIFFERENT = [
    ("en", "When does it open on Sundays?", "When does it open on Saturdays?"),
    ("en", "How much is it for 2 people?", "How much is it for 3 people?"),
    ("en", "Can I bring my dog?", "Can't I bring my dog?"),
    ("en", "Is smoking allowed?", "Is smoking not allowed?"),
    ("en", "Who is the president?", "Who was the president?"),
    ("en", "Where is the pool?", "When is the pool?"),
    ("en", "bus from Lisbon to Porto", "bus from Porto to Lisbon"),
    ("en", "Can I enter before noon?", "Can I enter after noon?"),
    ("en", "Can I pay with card?", "Can I pay without card?"),
    ("en", "Is version 2.1 supported?", "Is version 2.10 supported?"),
    ("en", "What does C# need?", "What does C++ need?"),
    ("en", "When does it open?\nand on Sundays?", "When does it close?\nand on Sundays?"),
    ("pt", "Quando abre aos domingos?", "Quando abre aos sábados?"),
    ("pt", "Posso levar o cão?", "Não posso levar o cão?"),
    ("pt", "Quem é o presidente?", "Quem foi o presidente?"),
    ("pt", "Quanto custa para 2 pessoas?", "Quanto custa para 12 pessoas?"),
    ("pt", "Entra-se com chave?", "Entra-se sem chave?"),
]


@pytest.mark.parametrize(("language", "one", "other"), SAME)
def test_wording_that_means_nothing(language, one, other):
    assert normalised_question(one, language) == normalised_question(other, language) != ""


@pytest.mark.parametrize(("language", "one", "other"), DIFFERENT)
def test_one_word_that_means_something(language, one, other):
    assert normalised_question(one, language) != normalised_question(other, language)


@example("OI", "en")
@given(st.text(), st.sampled_from(LANGUAGES))
def test_anything_typed_has_a_meaning_of_its_own(text, language):
    assert normalised_question(text, language) == normalised_question(f"  {text}", language)
