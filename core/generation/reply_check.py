"""What becomes of a large model's reply: an answer from the passages if it stands in them, or one from elsewhere."""

from __future__ import annotations

import logging

from core.generation.draft import Draft, Show
from core.generation.grounding.citations import CitedText, attributed, cited
from core.generation.grounding.invented_facts import invented_facts
from core.generation.prompting import prompt as prompts
from core.generation.remote_models import RemoteReply
from core.texts import say
from core.types import AnalyzedQuestion, Language

log = logging.getLogger(__name__)


def cited_reply(reply: RemoteReply, prompt: prompts.Prompt, question: AnalyzedQuestion) -> Draft | None:
    """Return a reply that cites passages and states no fact that they lack; ``None`` for any other."""
    return _checked(reply, cited(reply.generation.text, prompt.used), prompt, question)


def grounded_reply(reply: RemoteReply, prompt: prompts.Prompt, question: AnalyzedQuestion) -> Draft | None:
    """Return a reply that cites passages, or has their words, and states no fact that they lack; else ``None``.

    For passages that are known to answer: of others a model that forgets to cite often says what is beside the point.
    """
    bare = attributed(reply.generation.text, prompt.used)
    return cited_reply(reply, prompt, question) or _checked(reply, bare, prompt, question)


def _checked(
    reply: RemoteReply, grounded: CitedText, prompt: prompts.Prompt, question: AnalyzedQuestion
) -> Draft | None:
    generation = reply.generation
    if prompts.NO_ANSWER in generation.text or not grounded.sources:
        return None
    if invented := invented_facts(generation.text, prompt.used, question):
        log.info("%s: states %s", generation.generator, " ".join(sorted(invented)))
        return None
    text = _with_break_note(grounded.text, reply, question.language)
    return Draft(text, generation.generator, generation.model, grounded.sources, generation)


def without_marker(show: Show) -> Show:
    """Return ``show`` for a text that may turn out to be only ``NO_ANSWER``, which nobody is shown."""

    async def shown(text: str) -> None:
        begun = text.strip()
        if not prompts.NO_ANSWER.startswith(begun) and prompts.NO_ANSWER not in begun:
            await show(text)

    return shown


def ungrounded(reply: RemoteReply, language: Language) -> Draft:
    """Return a reply as an answer that says it is not from what the community taught."""
    generation = reply.generation
    told = f"{say(language, 'answer.outside', generator=generation.generator)}\n\n{generation.text}"
    text = _with_break_note(told, reply, language)
    return Draft(text, generation.generator, generation.model, generation=generation)


def _with_break_note(text: str, reply: RemoteReply, language: Language) -> str:
    """Return ``text``, for a reply that broke off with a note that it did and how to continue."""
    return f"{text}\n\n{say(language, 'answer.broken_off')}" if reply.is_broken else text
