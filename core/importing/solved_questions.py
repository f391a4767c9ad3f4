"""The solved question of a conversation: what was asked, and the messages that settled it.

Evidence for an answer is added up: thanks and confirmation by who asked, reactions, the author's role, a thread marked
as solved; against it, doubts, being a question itself, and a later "didn't work".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from core.importing.conversations import ChatConversation
from core.importing.lesson import Lesson, LessonWords
from core.importing.speech_acts import (
    asking_sentences,
    asks,
    content_terms,
    does,
    is_helper_role,
    is_solved_name,
    means,
)
from core.types.exported_message import ExportedMessage

MIN_EVIDENCE = 2.0
"""An answer with less has not settled its question."""

MAX_QUESTION_CHARS = 400
MAX_ANSWER_CHARS = 6_000
MIN_QUESTION_TERMS = 2
_STITCHED = timedelta(minutes=15)
"""What an author says within this time of their last message belongs to the same answer."""

_FEW_TERMS = 4
"""An answer of fewer telling words, without a number, a link or code, says little to others."""

_MIDDLE, _SPREAD = 2.5, 1.2
"""Of the logistic curve from evidence to a score."""


@dataclass(slots=True)
class _Turn:
    """Messages of one author that nobody came between."""

    messages: list[ExportedMessage]
    evidence: float = 0.0
    answers: list[_Turn] = field(default_factory=list)

    @property
    def author(self) -> str:
        return self.messages[0].author

    @property
    def text(self) -> str:
        return "\n".join(message.text.strip() for message in self.messages if message.text.strip())

    def replies_to(self, other: _Turn) -> bool:
        return bool({message.reply_to for message in self.messages} & {message.key for message in other.messages})


@dataclass(frozen=True, slots=True)
class SolvedQuestionFinder:
    """Finds solved questions; ``is_trusted`` tells of a role's name whether its members' answers count for more."""

    is_trusted: Callable[[str], bool] = is_helper_role

    def find(self, conversation: ChatConversation) -> Lesson | None:
        """Return the question that opens a conversation with the answer that settled it, if one did."""
        turns = _turns(conversation.messages)
        first = next((n for n, turn in enumerate(turns) if asks(turn.text)), None)
        if first is None and is_solved_name(conversation.opener.thread):
            first = 0  # whoever marked it as solved knew what was asked
        if first is None or (first > 0 and not conversation.opener.thread_key):
            return None
        question, later = turns[first], turns[first + 1 :]
        if not _can_be_known(question.text):
            return None
        answers = [turn for turn in later if turn.author != question.author and turn.text]
        for answer in answers:
            answer.evidence = self._evidence(answer, question, later, answers)
        best = max(answers, key=lambda turn: turn.evidence, default=None)
        if best is None or best.evidence < MIN_EVIDENCE:
            return None
        return _lesson(question, _stitched(best, answers, later, question), best.evidence)

    def _evidence(self, turn: _Turn, question: _Turn, later: Sequence[_Turn], answers: Sequence[_Turn]) -> float:
        reactions = [each for message in turn.messages for each in message.reactions]
        is_helper = any(self.is_trusted(role) for message in turn.messages for role in message.roles)
        is_solved = is_solved_name(turn.messages[0].thread) or bool(
            means([each for message in question.messages for each in message.reactions], "helped")
        )
        return sum(
            (
                _in_its_words(turn, question),
                3.0 * (means(reactions, "helped") > 0),
                min(2.0, 1.2 * means(reactions, "liked") ** 0.5),
                -3.0 * (means(reactions, "rejected") > 0),
                1.4 * is_helper,
                1.5 * (is_solved and turn is answers[-1]) + 0.5 * is_solved,
                0.5 * turn.replies_to(question),
                _said_after(turn, question, later),
            )
        )


def _turns(messages: Sequence[ExportedMessage]) -> list[_Turn]:
    turns: list[_Turn] = []
    for message in messages:
        last = turns[-1].messages[-1] if turns else None
        if last is not None and last.author == message.author and message.said_at - last.said_at <= _STITCHED:
            turns[-1].messages.append(message)
        else:
            turns.append(_Turn([message]))
    return turns


def _can_be_known(question: str) -> bool:
    """Tell whether a question asks for something that others may want to know later."""
    asked = asking_sentences(question)
    return len(content_terms(asked)) >= MIN_QUESTION_TERMS and not does(asked, "passing")


def _in_its_words(turn: _Turn, question: _Turn) -> float:
    """Return the evidence in an answer's own words."""
    text, terms = turn.text, content_terms(turn.text)
    evidence = 0.5 * (len(terms) >= 5) + 0.3 * _has_facts(text)
    evidence += 0.4 * bool(terms & content_terms(question.text))
    evidence -= 2.5 * (does(text, "unsure") or does(text, "same")) + 2.0 * does(text, "social")
    evidence -= 3.0 * (not terms) + 1.2 * (0 < len(terms) < _FEW_TERMS and not _has_facts(text))
    return evidence - 2.5 * text.rstrip().endswith("?")


def _has_facts(text: str) -> bool:
    return any(character.isdigit() or character in "`/>" for character in text)


def _said_after(turn: _Turn, question: _Turn, later: Sequence[_Turn]) -> float:
    """Return the evidence in what who asked said next: to this answer, or to nobody else."""
    place = next(n for n, each in enumerate(later) if each is turn)
    for n, reply in enumerate(later[place + 1 :], place + 1):
        if reply.author != question.author:
            continue
        is_to_this = reply.replies_to(turn)
        if not is_to_this and any(reply.replies_to(other) for other in later[:n] if other is not turn):
            continue
        n_between = sum(each.author not in (question.author, turn.author) for each in later[place + 1 : n])
        weight = 1.0 if is_to_this else 1.0 / (1 + n_between)
        if does(reply.text, "failed") and not _confirms(reply.text):
            return -4.0 * weight
        if does(reply.text, "worked") or _confirms(reply.text):
            return 3.0 * weight
        if does(reply.text, "thanks"):
            return 2.2 * weight
    return 0.0


def _confirms(text: str) -> bool:
    """Tell whether the last of a message says that it worked: *nope… ah, now it works*."""
    end = text.strip()[-60:]
    return does(end, "worked") and not does(end, "failed")


def _stitched(best: _Turn, answers: Sequence[_Turn], later: Sequence[_Turn], question: _Turn) -> list[_Turn]:
    """Return the turns that make up the answer: the best one, its author's steps beside it, and others as sure."""
    kept = [turn for turn in answers if turn.evidence >= MIN_EVIDENCE or turn is best]
    own = [turn for turn in answers if turn.author == best.author and turn not in kept and turn.evidence >= 0.5]
    own = [turn for turn in own if not _failed_between(turn, best, later, question)]
    return [turn for turn in answers if turn in kept or turn in own]


def _failed_between(turn: _Turn, best: _Turn, later: Sequence[_Turn], question: _Turn) -> bool:
    """Tell whether who asked said, between two answers, that the first did not help."""
    places = sorted(n for n, each in enumerate(later) if each is turn or each is best)
    between = later[places[0] + 1 : places[-1]]
    return any(does(each.text, "failed") for each in between if each.author == question.author)


def _lesson(question: _Turn, answers: Sequence[_Turn], evidence: float) -> Lesson:
    title = asking_sentences(question.text)[:MAX_QUESTION_CHARS]
    answer = "\n\n".join(_said(turn) for turn in answers)[:MAX_ANSWER_CHARS]
    asked = [LessonWords(message.key, message.author, title, is_question=True) for message in question.messages]
    replied = [
        LessonWords(message.key, message.author, message.text.strip()) for turn in answers for message in turn.messages
    ]
    return Lesson(
        kind="solved",
        title=title,
        text=f"# {title}\n\n{answer}\n",
        url=answers[0].messages[0].url,
        channel=question.messages[0].channel,
        said_at=max(message.said_at for turn in (question, *answers) for message in turn.messages),
        said=(*asked, *replied),
        score=1 / (1 + math.exp((_MIDDLE - evidence) / _SPREAD * 1.5)),
    )


def _said(turn: _Turn) -> str:
    """Return the words of an answer, and the names of files that came along."""
    files = [name for message in turn.messages for name in message.attachments]
    return "\n".join([turn.text, *(f"({name})" for name in files)])
