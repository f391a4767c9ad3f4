"""Tuning on a tiny labelled set and on ratings: real searches, real fit, what each rating means."""

from dataclasses import replace

import numpy as np
import pytest

from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.confidence.calibrate import Weight, shipped
from core.confidence.features import READ
from core.confidence.fit import GateExample
from core.confidence.gate_versions import GateVersions
from core.errors import BadInput
from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.experiments.gate_tuning import SET_WEIGHT, labelled_examples, rated_examples, tune
from core.pipeline import Question
from core.settings import Settings
from core.storage.impressions import RatedImpression
from tests.fakes import MEMBER, SPACE, ScriptedGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

THINGS = [f"{colour} {thing}" for colour in ("red", "blue", "green") for thing in ("lamp", "kettle", "bicycle", "drum")]
DATA = LabelledSet(
    "things",
    tuple(LabelledDocument(thing, thing, f"The {thing} is kept in room {n}.") for n, thing in enumerate(THINGS)),
    tuple(
        LabelledQuestion(f"{thing} {ask}", f"{ask} the {thing}?", True, {thing: 1}, topic=thing)
        for thing in THINGS
        for ask in ("Where is", "In which room is kept")
    )
    + tuple(
        LabelledQuestion(f"no {thing} {ask}", f"{ask} {thing} insured?", False, {}, topic=f"no {thing}")
        for thing in (
            "parachute",
            "submarine",
            "violin",
            "telescope",
            "yacht",
            "tractor",
            "piano",
            "canoe",
            "tent",
            "ox",
        )
        for ask in ("Why was the", "Since when was the")
    ),
)
START = shipped("some/other-model")


async def test_every_question_is_an_example_and_sets_count_the_same():
    heard = []
    drawn = await labelled_examples(DATA, WordEmbedder(), lambda: heard.append(1))
    assert [each.answerable for each in drawn] == [question.answerable for question in DATA.questions]
    assert sum(each.weight for each in drawn) == pytest.approx(SET_WEIGHT)
    assert set(START.weights) <= set(drawn[0].features)
    assert len(heard) == 44
    tuned = tune(drawn, START, "words-256", None)
    assert tuned.coefficients.embedder == "words-256" and tuned.coefficients.sets == ["things"]
    assert tuned.after["things"].ece < tuned.before["things"].ece
    assert tuned.after["things"].auroc > 0.95


async def test_set_of_one_kind_teaches_nothing():
    one_kind = LabelledSet("one", DATA.documents, DATA.questions[:5])
    with pytest.raises(BadInput, match="one_kind"):
        await labelled_examples(one_kind, WordEmbedder(), lambda: None)


def test_too_few_examples_are_said_to_be():
    few = [GateExample(dict.fromkeys(START.weights, 0.0), n % 2 == 0, str(n), "x") for n in range(30)]
    with pytest.raises(BadInput) as raised:
        tune(few, START, "x", None)
    assert raised.value.values == {"n": 15, "least": 20}


def test_what_a_rating_says_of_the_search():
    seen = dict.fromkeys(START.weights, 0.5)
    rated = [
        RatedImpression("liked", "local", True, seen, 1.0),
        RatedImpression("disliked", "extract", True, seen, -0.5),
        RatedImpression("rightly unknown", "abstained", False, seen, 1.0),
        RatedImpression("disliked unknown", "abstained", False, seen, -1.0),
        RatedImpression("in doubt", "local", True, seen, 0.0),
        RatedImpression("from elsewhere", "groq", False, seen, 1.0),
        RatedImpression("before", "local", True, {"top": 0.3}, 1.0),
    ]
    assert [(each.topic, each.answerable, each.weight) for each in rated_examples(rated, START)] == [
        ("liked", True, 1.0),
        ("disliked", False, 0.5),
        ("rightly unknown", False, 1.0),
    ]


def test_figures_after_are_of_topics_that_were_not_fitted_on():
    """Labels that only memory could know must not look learnt."""
    draw = np.random.default_rng(0)
    noise = [
        GateExample({name: float(draw.normal()) for name in START.weights}, bool(draw.random() < 0.5), str(n), "noise")
        for n in range(300)
    ]
    assert 0.35 < tune(noise, START, "x", None).after["noise"].auroc < 0.65


async def test_tuned_gate_is_in_use_from_the_next_start_on(tmp_path):
    document = b"The library opens at nine o'clock in the morning on Saturdays."

    async def band() -> str:
        settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
        async with assemble(settings, Registry(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
            await aion.ingest.index_file(SPACE, "hours.md", document)
            question = Question(SPACE, "here", MEMBER, "When does the library open on Saturdays?", "en")
            return (await aion.questions.pipeline.answer(question, unseen)).used

    assert await band() == "extract"
    gates = GateVersions(tmp_path / "gate")
    gates.save(replace(START, embedder="words-256", upper=1.1, lower=1.1))
    assert await band() == "abstained"
    gates.rollback()
    assert await band() in ("extract", "cache")


async def unseen(text: str) -> None:
    pass


class Knowing:
    """Reads an answer in everything that is asked where, and none in anything else."""

    id = "knowing"

    def evidence(self, question, passages):
        return [6.0 if question.text.startswith(("Where", "In which")) else -6.0] * len(passages)

    def lead(self, question, passages):
        return None

    def warm(self):
        pass


async def test_with_a_reader_the_whole_is_fitted_and_is_what_runs(tmp_path):
    start = replace(
        START,
        reader=Knowing.id,
        weights={**START.weights, **dict.fromkeys(READ, Weight(mean=0.0, scale=2.0, weight=0.1))},
    )
    drawn = await labelled_examples(DATA, WordEmbedder(), lambda: None, Knowing())
    assert {each.features["evidence"] for each in drawn} == {6.0, -6.0}
    tuned = tune(drawn, start, "words-256", None)
    assert tuned.coefficients.reader == Knowing.id and tuned.coefficients.weights["evidence"].weight > 0.1
    assert tuned.after["things"].balanced_accuracy == 1.0 and tuned.after["things"].ece < tuned.before["things"].ece


def test_ratings_from_before_there_was_a_reader_say_nothing_of_it():
    start = replace(START, reader=Knowing.id, weights={**START.weights, "evidence": Weight(0.0, 1.0, 0.5)})
    seen = dict.fromkeys(START.weights, 0.5)
    rated = [
        RatedImpression("a", "local", True, seen, 1.0),
        RatedImpression("b", "local", True, {**seen, "evidence": 3.0}, 1.0),
    ]
    assert [each.topic for each in rated_examples(rated, start)] == ["b"]
