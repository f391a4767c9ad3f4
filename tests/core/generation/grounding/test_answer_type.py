"""The answer type that a question expects, and what holds it."""

from __future__ import annotations

import pytest

from core.generation.grounding.answer_type import lacks_what_is_asked, none_can_answer, share_held
from core.retrieval.question import answer_types


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("How much is the day pass?", "It costs 7 euros.", "It is sold at the desk."),
        ("What does it cost?", "Entry is free.", "Entry is by the side door."),
        ("Quanto custa a sala?", "Custa 20 euros por hora.", "Tem um piano."),
        ("How many people fit?", "Up to eight people fit.", "People fit well."),
        ("Quantas pessoas cabem?", "Para 15 pessoas.", "Cabem muitas pessoas."),
        ("When does it open?", "It opens at 10:00.", "It opens with a key."),
        ("When does it open?", "It opens in May.", "You may open it."),
        ("Quando abre?", "Abre às quartas.", "Abre com chave."),
        ("A que horas é o jantar?", "É às 20h.", "É vegetariano."),
        ("How long is the course?", "It lasts four hours.", "It is a good course."),
        ("Quanto tempo dura?", "Dura duas horas.", "Dura pouco."),
        ("How long is the course?", "It lasts half an hour.", "It is held on the first Monday of the month at 10:00."),
        ("How long is the course?", "It is a four-week course.", "It costs 18 euros a month."),
        ("Who is the treasurer?", "It is Duarte Pimenta.", "It is a person we trust."),
        ("Quem manda aqui?", "Quem manda é a Teresa.", "Ninguém manda."),
        ("Where is the kit?", "The kit hangs behind the door.", "The kit was bought."),
        ("What is the phone number?", "Call 555 0142.", "Call us."),
        ("Qual é o correio eletrónico?", "É salas@casa.example.", "É esse."),
    ],
)
def test_what_is_asked_for_is_told_from_what_is_not(question, holds, lacks):
    types = answer_types(question)
    assert types
    assert share_held(types, holds) > 0
    assert share_held(types, lacks) == 0


@pytest.mark.parametrize(
    "question", ["Can I bring my dog?", "Posso levar o cão?", "Why is it closed?", "What happens when I am late?", ""]
)
def test_some_questions_ask_for_nothing_in_particular(question):
    assert answer_types(question) == ()
    assert share_held((), "At 10:00, 7 euros.") == 0


def test_a_place_that_is_named_is_worth_more_than_a_preposition():
    types = answer_types("Where is it?")
    assert share_held(types, "At 27 Rua das Olarias.") > share_held(types, "At noon.") > 0


@pytest.mark.parametrize("question", ["What is the caretaker's phone number?", "Qual é o telefone do síndico?"])
def test_a_number_to_call_that_is_nowhere_rules_the_passages_out(question):
    types = answer_types(question)
    assert none_can_answer(types, ["O síndico é Otávio Lemos.", "The pool closes at 22:00 on 3 May."])
    assert not none_can_answer(types, ["O síndico é Otávio Lemos.", "Call 555-0142 at night."])
    assert not none_can_answer(types, ["Write to sindico@sol.example."])


def test_other_questions_rule_nothing_out():
    assert not none_can_answer(answer_types("Who is the caretaker?"), ["nobody is named here"])
    assert not none_can_answer(answer_types("How do I get there?"), [])


@pytest.mark.parametrize(
    ("question", "quote", "lacks"),
    [
        ("What size is the monitor?", "The kit has a monitor and a hub.", True),
        ("What size is the monitor?", "The monitor has 27 inches.", False),
        ("Qual o valor do boleto?", "Chega um boleto com a taxa.", True),
        ("Qual o valor do boleto?", "O boleto é de 10 reais.", False),
        ("When am I paid first?", "About three weeks after you start.", False),
        ("De quanto em quanto tempo atualizo?", "Uma vez por semana.", False),
        ("Quanto vai ser a bolsa em 2026?", "Valores de 2025: 444,00.", True),
        ("Which version fits 1.19.3?", "Take 1.19.3 of the plugin.", False),
        ("Is it open at 10h or on the 2nd?", "It is open.", False),
        ("Who keeps the keys?", "The desk keeps them.", False),
    ],
)
def test_a_quote_may_lack_what_is_asked(question, quote, lacks):
    assert lacks_what_is_asked(question, answer_types(question), quote) is lacks
