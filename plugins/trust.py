"""``/trust``: whose replies to what AION could not answer teach; ``/solve``: learning one; ``/unlearn``: undoing it."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.types import Button, Person

_LEARNED = "🎓"
_ROLE = Parameter(
    "role", {"en": "A role whose members I believe", "pt": "Um cargo em cujos membros confio"}, "role", required=False
)
_PERSON = Parameter(
    "person",
    {"en": "Somebody whose replies I believe", "pt": "Alguém em cujas respostas confio"},
    "person",
    required=False,
)
_WHAT = Parameter(
    "what",
    {
        "en": "On Telegram: person, in reply to a message of theirs; nothing lists them",
        "pt": "No Telegram: pessoa, em resposta a uma mensagem dela; vazio lista todos",
    },
    required=False,
)
_PEOPLE = ("person", "pessoa")
_ROLES = ("role", "cargo")
_OVERHEARD = "overheard"


async def trust(context: Context) -> None:
    """Trust a role or a person, or list the trusted."""
    circle = context.services.trust
    typed = context.message.arguments.get("what", "").strip()
    if role := _role(context, typed):
        await circle.add_role(role)
        await context.note("trust", role)
        return await context.reply(context.say("trust.role", role=context.role(role)))
    if person := _person(context, typed):
        await circle.add_person(person)
        await context.note("trust", person.name)
        return await context.reply(context.say("trust.person", name=person.name))
    await _list(context)


async def untrust(context: Context) -> None:
    """Trust a role or a person no longer."""
    circle = context.services.trust
    typed = context.message.arguments.get("what", "").strip()
    if typed.removeprefix("#").isdecimal():
        name = await circle.remove_person(int(typed.removeprefix("#")))
    elif role := _role(context, typed):
        name = role if await circle.remove_role(role) else None
        if name is not None:
            await context.note("untrust", role)
            return await context.settle(context.say("trust.no_role", role=context.role(role)))
    elif person := _person(context, typed):
        name = await circle.remove_person(person)
    else:
        raise BadInput("trust.whom")
    if name is None:
        raise BadInput("trust.unknown")
    await context.note("untrust", name)
    await context.settle(context.say("trust.no_person", name=name))


async def _list(context: Context) -> None:
    circle = await context.services.trust.circle()
    policy = (await context.services.settings.get("replies")).written
    lines = [context.say("trust.heading"), context.say("trust.moderators")]
    lines += [context.say("trust.role_line", role=context.role(each)) for each in circle.roles]
    lines += [context.say("trust.person_line", number=each.number, name=each.name) for each in circle.people]
    buttons = [Button(f"✖ {each.name}"[:40], "untrust", f"#{each.number}") for each in circle.people[:5]]
    lines.append(context.say("trust.policy", value=context.label(f"setting.replies_{policy}")))
    await context.reply(Markdown("\n").join(lines), *buttons)


def _role(context: Context, typed: str) -> str:
    """Return the role that is meant, by its id or as it was typed after the word for it."""
    if chosen := context.message.arguments.get("role", ""):
        return chosen
    word, _, rest = typed.partition(" ")
    if word.lower() not in _ROLES:
        return ""
    if not (role := rest.strip().lstrip("@")):
        raise BadInput("trust.which_role")
    return role[:100]


def _person(context: Context, typed: str) -> Person | None:
    """Return the person that is meant: named by an argument or a mention, or the author of the message replied to."""
    is_meant = not typed or typed.split()[0].lower() in _PEOPLE
    quoted = context.message.quoted[0].author if context.message.quoted else None
    named = next(iter(context.message.named), quoted) if is_meant else None
    if named is None and typed:
        raise BadInput("trust.whom")
    return named


async def solve(context: Context) -> None:
    """Learn a trusted reply to an answer that AION declined, mark it, and offer to undo it."""
    arguments = context.message.arguments
    is_overheard = _OVERHEARD in arguments
    taught = await context.services.replies.learn(
        int(arguments["answer"]), arguments["text"], is_overheard=is_overheard
    )
    undo = Button(context.label("handoff.undo"), "unlearn", context.message.key)
    if taught.outcome in ("learned", "proposed", "added"):
        await context.note("teach", taught.question, arguments["text"])
    match taught.outcome:
        case "learned" | "proposed":
            await context.mark(_LEARNED, context.say(f"handoff.{taught.outcome}", question=taught.question), undo)
        case "added":
            await context.mark(_LEARNED, Markdown(""))
        case "known" if not is_overheard:
            await context.reply(context.say("handoff.solved_before"))


async def unlearn(context: Context) -> None:
    """Undo what was learned from a message."""
    question = await context.services.replies.undo(context.message.arguments["message"])
    await context.note("unlearn", question)
    await context.settle(context.say("handoff.undone", question=question))


def register(registry: Registry) -> None:
    """Add ``/trust``, ``/untrust``, ``/solve`` and ``/unlearn``."""
    registry.add(
        Command(
            name="trust",
            description={"en": "Whose replies teach me", "pt": "Com as respostas de quem eu aprendo"},
            handler=trust,
            parameters=(_WHAT, _ROLE, _PERSON),
            permission="moderator",
        )
    )
    registry.add(
        Command(
            name="untrust",
            description={"en": "Whose replies teach me no longer", "pt": "De quem já não aprendo pelas respostas"},
            handler=untrust,
            parameters=(_WHAT, _ROLE, _PERSON),
            permission="moderator",
        )
    )
    registry.add(
        Command(
            name="solve",
            description={"en": "Answer what I could not answer", "pt": "Responda ao que eu não soube responder"},
            handler=solve,
            parameters=(
                Parameter("answer", {"en": "My answer's number", "pt": "O número da minha resposta"}, kind="number"),
                Parameter("text", {"en": "Your answer", "pt": "A sua resposta"}),
            ),
            permission="trusted",
            listed=False,
        )
    )
    registry.add(
        Command(
            name="unlearn",
            description={"en": "Take back what I learned from a reply", "pt": "Desfaça o que aprendi com uma resposta"},
            handler=unlearn,
            parameters=(Parameter("message", {"en": "Which message", "pt": "Qual mensagem"}, kind="word"),),
            listed=False,
        )
    )
