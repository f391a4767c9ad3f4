"""``/quiz``: a question about what the community taught; ``/quiz_answer``: an answer to it."""

from __future__ import annotations

from core.commands import Command, Context, Localised, Parameter, Registry
from core.markdown import Markdown
from core.types import Button


async def quiz(context: Context) -> None:
    """Ask a question with a figure left out, and offer figures as buttons."""
    asked = await context.services.quiz.question()
    lines = (
        context.say("quiz.heading", title=asked.title),
        context.say("quiz.question", before=asked.before, after=asked.after),
    )
    buttons = [
        Button(option, "quiz_answer", f"{asked.document_id} {asked.start} {asked.end} {option}")
        for option in asked.options
    ]
    await context.settle(Markdown("\n").join(lines), *buttons)


async def quiz_answer(context: Context) -> None:
    """Say whether a figure is right, and show the sentence it was taken from."""
    arguments = context.message.arguments
    document, start, end = (int(arguments[name]) for name in ("document", "start", "end"))
    verdict = await context.services.quiz.check(document, start, end, arguments["given"].strip())
    key = "quiz.right" if verdict.is_right else "quiz.wrong"
    lines = (
        context.say(key, name=context.message.person.name, given=arguments["given"].strip(), answer=verdict.answer),
        context.say("quiz.sentence", sentence=verdict.sentence, title=verdict.title),
    )
    await context.settle(Markdown("\n").join(lines), Button(context.label("quiz.more"), "quiz"))


def register(registry: Registry) -> None:
    """Add ``/quiz`` and ``/quiz_answer``."""
    registry.add(
        Command(
            name="quiz",
            description={
                "en": "A question about what this community taught me",
                "pt": "Uma pergunta sobre o que esta comunidade me ensinou",
            },
            handler=quiz,
        )
    )
    number: Localised = {"en": "Where it is from", "pt": "De onde ela é"}
    registry.add(
        Command(
            name="quiz_answer",
            description={"en": "Answer a quiz question", "pt": "Responda a uma pergunta do quiz"},
            handler=quiz_answer,
            parameters=(
                Parameter("document", number, kind="number"),
                Parameter("start", number, kind="number"),
                Parameter("end", number, kind="number"),
                Parameter("given", {"en": "Your answer", "pt": "A sua resposta"}),
            ),
            listed=False,
        )
    )
