"""The sweep on a tiny set: every choice is there, each is what it says, and the front holds what nothing beats."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.confidence.calibrate import shipped
from core.experiments.search_sweep import CHUNK_CHARS, KS, LAMBDAS, RISKS, SearchSetting, n_searches, pareto, sweep
from tests.core.experiments.test_gate_tuning import DATA
from tests.fakes import WordEmbedder

CHOICE = SearchSetting(1200, "fused", 0.7, 8, None, 0.9, 0.8, 0.5, 4000.0, 2.0)


async def test_every_choice_is_tried_and_measured():
    heard = []
    choices = await sweep(DATA, WordEmbedder(), shipped("words-256"), lambda: heard.append(1))
    assert len(choices) == len(CHUNK_CHARS) * 4 * len(LAMBDAS) * len(KS) * len(RISKS)
    assert len(heard) == n_searches(DATA)
    assert all(0 <= choice.in_context <= 1 and choice.own_ms > 0 for choice in choices)
    by_k = {k: [choice for choice in choices if choice.k == k] for k in KS}
    assert all(few.context_chars < more.context_chars for few, more in zip(by_k[4], by_k[12], strict=True))
    fused = [choice for choice in choices if choice.fusion == "fused" and choice.k == 8]
    assert min(choice.in_context for choice in fused) == 1.0


def test_what_is_worse_in_nothing_and_better_in_something_wins():
    worse, slower = replace(CHOICE, in_context=0.8), replace(CHOICE, own_ms=9.0)
    other = replace(CHOICE, in_context=0.95, own_ms=9.0)
    assert pareto([CHOICE, worse, slower, other]) == [CHOICE, other]
    assert pareto([CHOICE, CHOICE]) == [CHOICE, CHOICE]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_front_is_a_plain_loop_s(drawn):
    choices = [replace(CHOICE, in_context=a / 4, own_ms=float(b), context_chars=float(c)) for a, b, c in drawn]

    def beaten(one: SearchSetting) -> bool:
        return any(
            all(x <= y for x, y in zip(other.costs, one.costs, strict=True)) and other.costs != one.costs
            for other in choices
        )

    assert pareto(choices) == [choice for choice in choices if not beaten(choice)]
