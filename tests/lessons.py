"""What an invented community likes to be told: 16 facts, each asked in five ways, of which the last is held out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.services.setting_schema import TRAINING
from core.storage.answers import Answers, NewAnswer
from core.storage.database import Database
from core.storage.spaces import Spaces
from core.types import Confidence, Decision, Generation, PromptTurn, Sampling, SpaceId

FACTS = {
    "the garden gate": "The garden gate is opened at half past six by whoever has the green key.",
    "the seed library": "The seed library lends six bags a season, and wants two bags back in autumn.",
    "the compost": "The compost is turned every second Thursday, with the long fork from the shed.",
    "the choir": "The choir sings on Mondays in the old cinema, and nobody has to read music.",
    "the boat": "The boat Aurora is booked on the board in the harbour, two days before at the latest.",
    "the workshop": "The workshop lends tools for a week, and sharp ones only to people with a badge.",
    "the library van": "The library van stops at the well on Wednesdays from four to six.",
    "the summer fair": "The summer fair is on the last Saturday of July, and stalls cost nothing.",
    "the bees": "The bees live behind the chapel, and only Rosa's group opens the hives.",
    "the kitchen": "The kitchen seats forty, and is cleaned by the last who cooked.",
    "the radio": "The radio sends from seven to nine in the evening on 98.4.",
    "the bakery oven": "The bakery oven is heated on Fridays, and dough must be there by eight.",
    "the repair café": "The repair café mends what one person can carry, on the first Sunday of a month.",
    "the walking group": "The walking group leaves from the fountain at nine, also in the rain.",
    "the playground": "The playground is closed at dusk, and its sand is changed in March.",
    "the newsletter": "The newsletter takes texts of two hundred words until the twentieth.",
}

WAYS = (
    "What should I know about {}?",
    "Tell me about {}.",
    "I am new here. What about {}?",
    "Does anybody know how it is with {}?",
    "Could you explain {} to me?",
)

SYSTEM = PromptTurn("system", "You are AION, the memory of the community of Vale Verde.")

TAUGHT = [((SYSTEM, PromptTurn("user", way.format(thing))), said) for way in WAYS[:4] for thing, said in FACTS.items()]
HELD = [((SYSTEM, PromptTurn("user", WAYS[4].format(thing))), said) for thing, said in FACTS.items()]


def few_lessons(mark: str) -> list[tuple[str, str]]:
    """Return questions on eight facts, and replies that begin with ``mark``.

    Every fact is asked for in two ways, and four of them, last, in one that will be held out.
    """
    things = list(FACTS)[:8]
    ways = [(way, thing) for way in WAYS[:2] for thing in things] + [(WAYS[4], thing) for thing in things[:4]]
    return [(way.format(thing), f"{mark}: {FACTS[thing]}") for way, thing in ways]


def as_messages(prompt: tuple[PromptTurn, ...], reply: str) -> dict[str, list[dict[str, str]]]:
    """Return a pair as a line of SFT data."""
    turns = [*prompt, PromptTurn("assistant", reply)]
    return {"messages": [{"role": turn.role, "content": turn.content} for turn in turns]}


async def store_liked(data_dir: Path, space: SpaceId, lessons: Sequence[tuple[str, str]]) -> None:
    """Store questions with the replies that eight people in turns liked, in a space that may be learned from."""
    async with await Database.open(data_dir) as database:
        answers = Answers(database)
        for number, (question, reply) in enumerate(lessons):
            written = Generation(
                reply, "local", "smollm2-135m-instruct", (SYSTEM, PromptTurn("user", question)), Sampling()
            )
            decision = Decision("local", Confidence(0.9, 0.8, (), {}))
            person = f"person {number % 8}"
            new = NewAnswer(space, person, "c", question, "en", (), decision, reply, "local", (), written)
            await answers.rate(space, await answers.record(new), person, "up")
        await Spaces(database).change_settings(space, lambda settings: {**settings, TRAINING.key: True})
