"""Messages with several questions, and messages that only look like it."""

import pytest

from core.chat.several_questions import MAX_QUESTIONS, questions_in

FIVE = (
    "what time do you open on sundays?",
    "how much is a day pass?",
    "can i bring my dog?",
    "do you have a projector?",
    "who runs the workshop?",
)


def test_five_questions_are_five():
    assert questions_in(" ".join(FIVE)) == FIVE
    assert questions_in("\n".join(f"{n}. {each}" for n, each in enumerate(FIVE, 1))) == FIVE


def test_of_more_the_last_takes_in_the_rest():
    more = questions_in(" ".join((*FIVE, "where are the lockers?", "is parking free?")))
    assert more[:4] == FIVE[:4] and len(more) == MAX_QUESTIONS
    assert more[4] == "who runs the workshop? where are the lockers? is parking free?"


def test_what_is_told_before_a_question_and_what_leans_on_it_stay_with_it():
    moving = "Me mudei ontem. quando posso trazer os móveis? e no sábado?"
    key = "Perdi a chave da porta. quanto custa uma nova? obrigada!"
    assert questions_in(f"{moving} {key}") == (moving, key)


def test_lines_need_no_question_mark():
    assert questions_in("- how do I renew a loan\n- where is the printer room") == (
        "how do I renew a loan",
        "where is the printer room",
    )


@pytest.mark.parametrize(
    "text",
    [
        "how many books can I borrow?",
        "ugh i tapped a link in a scammy email. what now??",
        "does grim behave with bedrock ppl? and nocheatplus?",
        "o lab abre sábado? q horas?",
        "this is liberado?? tenho um recém nascido",
        "What does 3.14 mean? Why?",
        "the dog barks. the cat sleeps. nobody asks.",
        "I moved in.\nWhere do I park?",
        "",
        "???",
        "🎉 🎉",
    ],
)
def test_one_question_stays_whole(text):
    assert questions_in(text) == (text,)


def test_takes_linear_time_of_any_text():
    text = "is this on? " * 300
    assert len(questions_in(text)) <= MAX_QUESTIONS
