"""``aion ask``: the questions of a JSONL file, answered one after the other with the models loaded once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from bot.adapters.console import DiscardingOutlet, as_json, read_line
from bot.control.commands import handed_over
from bot.terminal.caller import caller
from bot.terminal.language import terminal_language
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_line, print_raw, status_printer
from bot.terminal.progress import progress_bar
from core.commands import Registry
from core.errors import BadInput, UserError
from core.texts import explain
from core.types import Answer, SpaceId


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """One line of the file: ``id`` comes back with the answer."""

    id: str
    text: str


@handed_over
async def answer_file(path: Path, space: str | None, fresh: bool, as_lines: bool) -> None:
    """Answer the questions in ``path`` in order, and print each at once, as text or ``as_lines`` of JSON.

    A question that cannot be asked (empty, too long) shows its sentence, and the next one follows. Raises ``BadInput``
    when the file cannot be read or one of its lines is no question.
    """
    questions = await read_questions(path)
    show = print_json if as_lines else print_text
    console = TerminalConsole(stderr=True)
    async with open_aion(status_printer(console)) as aion:
        await aion.warm()
        answering = aion.questions
        answer = answering.answer_afresh if fresh else answering.answer
        with progress_bar(console) as bar:
            task = bar.add_task(path.name, total=len(questions))
            for question in questions:
                message = await read_line(question.text, Registry())
                where = SpaceId(space) if space else message.space
                alone = replace(message, space=where, conversation=f"{where}:{message.key}")
                try:
                    show(question, await answer(alone, question.text, DiscardingOutlet()))
                except UserError as error:
                    show(question, error)
                bar.advance(task)


async def read_questions(path: Path) -> list[FileQuestion]:
    """Return the questions of a JSONL file of the caller's; empty lines are skipped.

    Raises ``BadInput`` when it cannot be read, or naming the first line that has no ``id`` and ``text``.
    """
    try:
        lines = (await caller().read(path)).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("ask.unreadable", path=path, problem=error) from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            questions.append(FileQuestion(str(row["id"]), str(row["text"])))
        except (ValueError, KeyError, TypeError):
            raise BadInput("ask.no_question", path=path, number=number) from None
    return questions


def print_json(question: FileQuestion, answer: Answer | UserError) -> None:
    """Print one JSON object on one line: the fields of ``aion chat --once --json`` and the question's ``id``."""
    if isinstance(answer, UserError):
        row: dict[str, object] = {"id": question.id, "error": explain(terminal_language(), answer)}
    else:
        row = {"id": question.id, **as_json(answer)}
    print_raw(json.dumps(row, ensure_ascii=False))


def print_text(question: FileQuestion, answer: Answer | UserError) -> None:
    """Print the question, and the answer below it."""
    said = explain(terminal_language(), answer) if isinstance(answer, UserError) else answer.text
    print_line(f"❯ {question.text}\n{said}\n")
