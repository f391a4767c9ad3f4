"""Whether one written sentence stands on one sentence of a passage.

It does where the passage has its words in nearly the same order, every fact it states, all the facts of the clauses
it draws on, and denies what it denies. Rephrasing and translation do not pass: by words alone neither can be told
from invention.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.generation.grounding.claims import Clause, Conjunct, clauses_of, folded_words, in_order, narrowed, words
from core.generation.grounding.sentences import Sentence
from core.retrieval.analyzer import stems
from core.types import Language

_MIN_OWN = 0.4
"""Share of a claim's words that the sentence must have itself; the others may come from the headings above it, or
from the sentence that it points back to."""

_MIN_WHOLE = 0.75
"""Share of a statement's words that must be said where it is joined with another: of *A sings, B rests*, *A rests*
is no statement."""

_MIN_IN_ORDER = 0.9
"""Share of those that must come in the same order: *A beat B* is not *B beat A*."""


def objection(sentence: str, ground: Sentence) -> str:
    """Return why ``sentence`` does not stand on ``ground``, for the log; empty when it does."""
    language = ground.passage.language
    around = f"{ground.passage.document} {ground.passage.heading} {ground.before} {ground.label}"
    written, source = clauses_of(sentence, language), clauses_of(ground.statement, language)
    said, there = _stems(written), _stems(source)
    own = [stem for stem in said if stem in set(there)]
    unknown = set(said) - set(there) - set(stems(around, language))
    if unknown or len(own) < max(1, _MIN_OWN * len(said)):
        return f"says {' '.join(sorted(unknown)) or 'nothing of its own'}"
    if in_order(own, [*stems(ground.label, language), *there]) < _MIN_IN_ORDER * len(own):
        return "says it in another order"
    if invented := _invented(written, source, around):
        return f"states {' '.join(sorted(invented))}"
    drawn = _drawn_on(set(own), source)
    parts = [part for _, part in drawn]
    if len(parts) == 1:  # a stretch of the source as it stands: what is before and after it may be left out
        parts = [narrowed(parts[0], set(own), language)]
    return (
        _joined(set(own), [clause for clause, _ in drawn])
        or _left_out(sentence, written, parts)
        or _shifted_limit(written, source, parts, language)
        or _denial(written, [clause for clause, _ in drawn])
    )


def _joined(said: set[str], drawn: Sequence[Clause]) -> str:
    """Return that pieces of several statements were made into one; statements taken whole may stand together."""
    distinct = list({id(clause): clause for clause in drawn}.values())
    whole = all(len(said & set(_stems([clause]))) >= _MIN_WHOLE * len(set(_stems([clause]))) for clause in distinct)
    return "" if len(distinct) < 2 or whole else "joins pieces of several statements"


def _stems(clauses: Sequence[Clause]) -> list[str]:
    return [stem for clause in clauses for part in clause.parts for stem in part.stems]


def _facts(clauses: Sequence[Clause]) -> set[str]:
    return {fact for clause in clauses for part in clause.parts for fact in part.facts}


def _limits(clauses: Sequence[Clause]) -> set[str]:
    return {limit for clause in clauses for part in clause.parts for limit in part.limits}


def _drawn_on(said: set[str], source: Sequence[Clause]) -> list[tuple[Clause, Conjunct]]:
    """Return the fewest parts (greedily) that hold all that is said."""
    left, drawn = set(said), []
    pairs = [(clause, part) for clause in source for part in clause.parts]
    while left and pairs:
        best = max(pairs, key=lambda pair: len(left.intersection(pair[1].stems)))
        drawn.append(best)
        pairs.remove(best)
        left.difference_update(best[1].stems)
    return drawn


def _invented(written: Sequence[Clause], source: Sequence[Clause], around: str) -> set[str]:
    """Return the facts that are not in the source; a name may also come from around it, a number may not."""
    there = _facts(source)
    names = {
        *folded_words(around),
        *(word for clause in source for part in clause.parts for word in folded_words(part.text)),
    }
    return {fact for fact in _facts(written) if fact not in there and (_has_digit(fact) or fact not in names)}


def _left_out(sentence: str, written: Sequence[Clause], parts: Sequence[Conjunct]) -> str:
    """Return the facts that belong to what is said and are not said: whose they are is then uncertain."""
    missing = {fact for part in parts for fact in part.facts} - _facts(written) - set(folded_words(sentence))
    return f"leaves out {' '.join(sorted(missing))}" if missing else ""


def _shifted_limit(
    written: Sequence[Clause], source: Sequence[Clause], parts: Sequence[Conjunct], language: Language
) -> str:
    """Return the words of degree, order and exclusion that only one side has."""
    stated = _limits(written)
    bound = {limit for part in parts for limit in part.limits} & words(language, "bound")
    odd = (stated - _limits(source)) | (bound - stated)
    return f"differs in {' '.join(sorted(odd))}" if odd else ""


def _denial(written: Sequence[Clause], drawn: Sequence[Clause]) -> str:
    """Return how one side denies what the other affirms."""
    distinct = {id(clause): clause for clause in drawn}.values()
    if sum(clause.is_denied for clause in written) != sum(clause.is_denied for clause in distinct):
        return "denies what is affirmed, or affirms what is denied"
    ours = {stem for clause in written for stem in clause.denied}
    theirs = {stem for clause in distinct for stem in clause.denied}
    odd = (ours - theirs) | (theirs & set(_stems(written)) - ours)
    return f"differs about being without {' '.join(sorted(odd))}" if odd else ""


def _has_digit(fact: str) -> bool:
    return any(character.isdigit() for character in fact)
