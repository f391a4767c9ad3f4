"""Prompts: instructions, as many passages as fit, and the question last.

Passages and questions are untrusted. They are delimited as data, and special tokens of chat templates and our own
delimiters in them are escaped; instructions in them cannot be removed, only ignored by the model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Literal

from core.generation.grounding.candidate_sentences import CandidateSentence, cut
from core.generation.prompting.neighbouring_passages import joined
from core.generation.prompting.persona import AION, Persona
from core.retrieval.sentences import sentences
from core.types import Hit, Language, Passage, PromptTurn

CountTokens = Callable[[str], int]

_TURN_TOKENS = 8
"""Most tokens that a chat template adds around a message."""

_MAX_NOTE_CHARS = 600

_MIN_TRIMMED_CHARS = 80
"""A passage that would be cut shorter than this is left out."""

_SPECIAL = re.compile(r"<(?=\||/?(?:passage|s|start_of_turn|end_of_turn)\b)|\[(?=/?INST\])", re.IGNORECASE)


NO_ANSWER = "NO_ANSWER"
"""What a model is asked to write, alone, where the passages do not answer."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat prompt, and the passages in it: number ``n`` of the prompt is ``used[n - 1]``."""

    turns: tuple[PromptTurn, ...]
    used: tuple[Hit, ...] = ()


def brief(question: str, context: Sequence[Hit], best: CandidateSentence) -> Prompt:
    """Return a few-shot prompt with only the best sentence of the context, for small models.

    About 200 tokens long; the sentence is cut at 600 characters.
    """
    texts = _texts("brief")

    def ask(note: str, question: str) -> PromptTurn:
        return PromptTurn("user", texts["question"].format(note=_escaped(note), question=_escaped(question)))

    turns = [PromptTurn("system", texts["system"])]
    for example in texts["example"]:
        turns += [ask(example["note"], example["question"]), PromptTurn("assistant", example["answer"])]
    section = best.passage.heading.rpartition(" > ")[2]
    note = f"{section}: {best.body}" if best.before and section else best.text  # what *It* stands for
    turns.append(ask(cut(note, _MAX_NOTE_CHARS), question))
    return Prompt(tuple(turns), (context[best.n - 1],))


def grounded(
    question: str,
    context: Sequence[Hit],
    language: Language,
    budget_tokens: int,
    count_tokens: CountTokens,
    neighbours: Sequence[Passage] = (),
    instructions: Literal["full", "beside"] = "full",
    persona: Persona = AION,
) -> Prompt:
    """Return a prompt that asks for an answer from the passages alone, or for ``NO_ANSWER``.

    With the instructions ``beside``, general knowledge is asked for where the passages do not answer.

    Passages are taken whole in the order given within the budget; the one that exceeds it is cut at a sentence end, the
    question never. Where tokens are left after the last, the passages are joined with ``neighbours``, those before and
    after them in their documents, and ``used`` has them joined.
    """
    texts = _texts(instructions)
    system = _system(texts, language, persona, no_answer=NO_ANSWER)
    room = budget_tokens - sum(count_tokens(text) + _TURN_TOKENS for text in (system, _ask(texts, question, ())))

    def size(i: int, hit: Hit) -> int:
        return count_tokens(_passage(texts, hit, i + 1)) + 1

    shown = _filled(context, size, room)
    used = tuple(context[: len(shown)])
    if all(as_shown is whole for as_shown, whole in zip_longest(shown, context)):
        shown = used = joined(context, neighbours, size, room)
    passages = [_passage(texts, hit, n) for n, hit in enumerate(shown, start=1)]
    return Prompt((PromptTurn("system", system), PromptTurn("user", _ask(texts, question, passages))), used)


def _filled(context: Sequence[Hit], size: Callable[[int, Hit], int], room: int) -> tuple[Hit, ...]:
    """Return the hits that fit, in order; the last of them with its text cut where more of it does not."""
    shown: list[Hit] = []
    for i, hit in enumerate(context):
        kept = _trimmed(hit, partial(size, i), room)
        if kept is not None:
            shown.append(kept)
            room -= size(i, kept)
        if kept is not hit:
            break
    return tuple(shown)


def ungrounded(question: str, language: Language, persona: Persona = AION) -> Prompt:
    """Return a prompt that asks for an answer from the model's own knowledge."""
    texts = _texts("open")
    system = _system(texts, language, persona)
    return Prompt((PromptTurn("system", system), PromptTurn("user", _escaped(question))))


def continuation(so_far: str, language: Language) -> tuple[PromptTurn, PromptTurn]:
    """Return the turns that ask for the rest of an answer that broke off after ``so_far``.

    They end with the user's, since some APIs refuse a prompt that ends with the assistant's, and leave the
    instructions as they are.
    """
    asked = _texts("rest")["question"].format(language=_texts("language")[language]).strip()
    return PromptTurn("assistant", so_far.strip()), PromptTurn("user", asked)


def estimate_tokens(text: str) -> int:
    """Return an upper estimate of the tokens of ``text``, for a model whose tokenizer is not available.

    English takes about 4 characters a token and Portuguese 3.5; other scripts up to one each.
    """
    n_ascii = sum(character.isascii() for character in text)
    return -(-n_ascii // 3) + (len(text) - n_ascii)


def _system(texts: Mapping[str, Any], language: Language, persona: Persona, **values: str) -> str:
    tone, spoken = _texts("tone")[persona.tone], _texts("language")[language]
    system: str = texts["system"].format(language=spoken, name=_escaped(persona.name), tone=tone, **values)
    return system.strip()


def _ask(texts: Mapping[str, Any], question: str, shown: Sequence[str]) -> str:
    asked: str = texts["question"].format(passages="\n\n".join(shown), question=_escaped(question))
    return asked.strip()


def _passage(texts: Mapping[str, Any], hit: Hit, n: int) -> str:
    heading = f" > {hit.passage.heading}" if hit.passage.heading else ""
    source = _escaped(f"{hit.passage.document}{heading}").replace('"', "'").replace("\n", " ")
    shown: str = texts["passage"].format(n=n, source=source, text=_escaped(hit.passage.text))
    return shown


def _trimmed(hit: Hit, size: Callable[[Hit], int], room: int) -> Hit | None:
    """Return the hit if it fits, else with as many first sentences as do; ``None`` below ``_MIN_TRIMMED_CHARS``."""
    if size(hit) <= room:
        return hit
    text = hit.passage.text
    ends = [span.end for span in sentences(text)]

    def first(n: int) -> Hit:
        return replace(hit, passage=replace(hit.passage, text=text[: ends[n - 1]]))

    low, high = 0, len(ends) - 1  # the first `low` sentences are known to fit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(first(middle)) <= room else (low, middle - 1)
    return first(low) if low and ends[low - 1] >= _MIN_TRIMMED_CHARS else None


def _escaped(text: str) -> str:
    """Return ``text`` with a space inside anything that looks like a special token or a delimiter of ours."""
    return _SPECIAL.sub(lambda match: match.group() + " ", text)


@cache
def _texts(name: str) -> Mapping[str, Any]:
    tables = tomllib.loads((files("core.generation.prompting") / "prompts.toml").read_text(encoding="utf-8"))
    table: Mapping[str, Any] = tables[name]
    return table
