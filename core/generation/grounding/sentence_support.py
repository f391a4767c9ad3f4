"""Support of one written sentence by one sentence of a passage.

It is supported where the evidence has its words in nearly the same order and every fact that it states, where it
states all the facts of the clauses that it uses, and where negations and qualifiers agree. Paraphrases and translations
are not supported: by words alone they cannot be told from inventions.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.generation.grounding.candidate_sentences import CandidateSentence
from core.generation.grounding.clauses import (
    Clause,
    Conjunct,
    clauses_of,
    folded_words,
    lcs_length,
    shortest_cover,
    word_list,
)
from core.retrieval.analyzer import stems
from core.types import Language

_MIN_OWN = 0.4
"""Least share of the claim's stems in the evidence itself; the others may come from its headings, or from the sentence
that it refers to."""

_MIN_WHOLE = 0.75
"""Least share of each clause's stems that a claim using several clauses has: *A sings, B rests* does not support
*A rests*."""

_MIN_IN_ORDER = 0.9
"""Least share of the claim's stems in the evidence that are in the same order: *A beat B* is not *B beat A*."""


def unsupported_reason(sentence: str, evidence: CandidateSentence) -> str:
    """Return why ``sentence`` is not supported by ``evidence``, for the log; empty when it is."""
    language = evidence.passage.language
    around = f"{evidence.passage.document} {evidence.passage.heading} {evidence.before} {evidence.label}"
    written, source = clauses_of(sentence, language), clauses_of(evidence.statement, language)
    said, there = _stems(written), _stems(source)
    own = [stem for stem in said if stem in set(there)]
    unknown = set(said) - set(there) - set(stems(around, language))
    if unknown or len(own) < max(1, _MIN_OWN * len(said)):
        return f"says {' '.join(sorted(unknown)) or 'nothing of its own'}"
    if lcs_length(own, [*stems(evidence.label, language), *there]) < _MIN_IN_ORDER * len(own):
        return "says it in another order"
    if invented := _unsupported_facts(written, source, around):
        return f"states {' '.join(sorted(invented))}"
    drawn = _used_parts(set(own), source)
    parts = [part for _, part in drawn]
    if len(parts) == 1:  # one span of the source: what is before and after it may be left out
        parts = [shortest_cover(parts[0], set(own), language)]
    return (
        _merged_statements(set(own), [clause for clause, _ in drawn])
        or _omitted_facts(sentence, written, parts)
        or _qualifier_mismatch(written, source, parts, language)
        or _negation_mismatch(written, [clause for clause, _ in drawn])
    )


def _merged_statements(said: set[str], drawn: Sequence[Clause]) -> str:
    """Return whether pieces of several clauses were merged, as a reason; whole clauses may be combined."""
    distinct = list({id(clause): clause for clause in drawn}.values())
    whole = all(len(said & set(_stems([clause]))) >= _MIN_WHOLE * len(set(_stems([clause]))) for clause in distinct)
    return "" if len(distinct) < 2 or whole else "joins pieces of several statements"


def _stems(clauses: Sequence[Clause]) -> list[str]:
    return [stem for clause in clauses for part in clause.parts for stem in part.stems]


def _facts(clauses: Sequence[Clause]) -> set[str]:
    return {fact for clause in clauses for part in clause.parts for fact in part.facts}


def _qualifiers(clauses: Sequence[Clause]) -> set[str]:
    return {limit for clause in clauses for part in clause.parts for limit in part.qualifiers}


def _used_parts(said: set[str], source: Sequence[Clause]) -> list[tuple[Clause, Conjunct]]:
    """Return a small set of parts that cover all stems of ``said`` (greedy set cover)."""
    left, drawn = set(said), []
    pairs = [(clause, part) for clause in source for part in clause.parts]
    while left and pairs:
        best = max(pairs, key=lambda pair: len(left.intersection(pair[1].stems)))
        drawn.append(best)
        pairs.remove(best)
        left.difference_update(best[1].stems)
    return drawn


def _unsupported_facts(written: Sequence[Clause], source: Sequence[Clause], around: str) -> set[str]:
    """Return the facts that are not in the source; a name may also come from its surroundings, a number may not."""
    there = _facts(source)
    names = {
        *folded_words(around),
        *(word for clause in source for part in clause.parts for word in folded_words(part.text)),
    }
    return {fact for fact in _facts(written) if fact not in there and (_has_digit(fact) or fact not in names)}


def _omitted_facts(sentence: str, written: Sequence[Clause], parts: Sequence[Conjunct]) -> str:
    """Return the facts of the used parts that the claim omits, as a reason."""
    missing = {fact for part in parts for fact in part.facts} - _facts(written) - set(folded_words(sentence))
    return f"leaves out {' '.join(sorted(missing))}" if missing else ""


def _qualifier_mismatch(
    written: Sequence[Clause], source: Sequence[Clause], parts: Sequence[Conjunct], language: Language
) -> str:
    """Return the qualifiers that only one side has, as a reason."""
    stated = _qualifiers(written)
    bound = {limit for part in parts for limit in part.qualifiers} & word_list(language, "bound")
    odd = (stated - _qualifiers(source)) | (bound - stated)
    return f"differs in {' '.join(sorted(odd))}" if odd else ""


def _negation_mismatch(written: Sequence[Clause], drawn: Sequence[Clause]) -> str:
    """Return how the negations of the two sides differ, as a reason."""
    distinct = {id(clause): clause for clause in drawn}.values()
    if sum(clause.is_negated for clause in written) != sum(clause.is_negated for clause in distinct):
        return "denies what is affirmed, or affirms what is negated"
    ours = {stem for clause in written for stem in clause.negated}
    theirs = {stem for clause in distinct for stem in clause.negated}
    odd = (ours - theirs) | (theirs & set(_stems(written)) - ours)
    return f"differs about being without {' '.join(sorted(odd))}" if odd else ""


def _has_digit(fact: str) -> bool:
    return any(character.isdigit() for character in fact)
