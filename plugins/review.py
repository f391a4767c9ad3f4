"""``/review``: what must be approved; ``/pending``, ``/approve`` and ``/reject``: deciding on proposals."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.services import ReviewPolicy, Verdict
from core.types import Button, ReplyItem

_POLICIES: dict[str, ReviewPolicy] = {"all": "all", "found": "found", "none": "none"}

_SHOWN = 6
"""Proposals listed in a reply, as many as one card holds on every platform; those after them once these are decided."""


async def review(context: Context) -> None:
    """Set or, without an argument, show what waits for approval."""
    typed = context.message.arguments.get("policy", "").strip().lower()
    if typed:
        policy = _POLICIES.get(typed)
        if policy is None:
            raise BadInput("policy.unknown", policy=typed)
        await context.services.learning.set_policy(policy)
        await context.note("set", "review", policy)
    await context.reply(context.say(f"policy.{await context.services.learning.policy()}"))


async def pending(context: Context) -> None:
    """List what waits."""
    waiting = await context.services.review.pending()
    if not waiting:
        return await context.reply(context.say("review.none"))
    items = [
        ReplyItem(
            context.say("review.line", number=proposal.id, title=proposal.title, name=proposal.name),
            tuple(
                Button(context.label(f"review.{decision}_one", number=proposal.id), decision, str(proposal.id))
                for decision in ("approve", "reject")
            ),
        )
        for proposal in waiting[:_SHOWN]
    ]
    await context.deal(context.say("review.heading", n_proposals=len(waiting), n_shown=len(items)), *items)


async def approve(context: Context) -> None:
    """Approve one proposal by its number, or all from a site."""
    what = context.message.arguments["what"].strip().lstrip("#")
    if what.isdecimal():
        verdicts: tuple[Verdict, ...] = (await context.services.review.approve(int(what)),)
    else:
        await context.progress(context.say("review.approving", site=what))
        verdicts = await context.services.review.approve_site(what)
    if not verdicts:
        raise BadInput("review.nothing_from", site=what)
    for verdict in verdicts:
        await _note(context, verdict)
        if verdict.indexed is not None:
            await context.services.replies.tell_of(verdict.proposal)
    await context.settle(Markdown("\n").join(_said(context, verdict) for verdict in verdicts))


async def reject(context: Context) -> None:
    """Decline one proposal by its number, with a reason if one is given."""
    number, _, reason = context.message.arguments["what"].strip().lstrip("#").partition(" ")
    if not number.isdecimal():
        raise BadInput("review.unknown", number=number)
    verdict = await context.services.review.reject(int(number), reason.strip())
    await _note(context, verdict)
    await context.settle(_said(context, verdict))


async def _note(context: Context, verdict: Verdict) -> None:
    """Record a decision, unless somebody had made it before."""
    if verdict.is_new:
        action = "approve" if verdict.proposal.status == "approved" else "reject"
        await context.note(action, verdict.proposal.title, verdict.proposal.reason)


def _said(context: Context, verdict: Verdict) -> Markdown:
    proposal = verdict.proposal
    outcome = proposal.status if verdict.is_new else f"already_{proposal.status}"
    n_passages = verdict.indexed.n_passages if verdict.indexed else 0
    values = {"number": proposal.id, "title": proposal.title, "person": context.message.person.name}
    return context.say(f"verdict.{outcome}", **values, n_passages=n_passages)


def register(registry: Registry) -> None:
    """Add ``/review``, ``/pending``, ``/approve`` and ``/reject``."""
    registry.add(
        Command(
            name="review",
            description={"en": "What must be approved before I learn it", "pt": "O que precisa de aprovação"},
            handler=review,
            parameters=(
                Parameter(
                    "policy",
                    {
                        "en": "all: everything; found: what I find by searching; none: nothing you ask for",
                        "pt": "all: tudo; found: o que eu encontro ao procurar; none: nada que me peçam",
                    },
                    choices=("all", "found", "none"),
                    required=False,
                ),
            ),
            permission="teacher",
        )
    )
    registry.add(
        Command(
            name="pending",
            description={"en": "What waits for your approval", "pt": "O que espera a sua aprovação"},
            handler=pending,
            permission="teacher",
        )
    )
    registry.add(
        Command(
            name="approve",
            description={"en": "Let me learn what waits", "pt": "Deixe-me aprender o que está à espera"},
            handler=approve,
            parameters=(
                Parameter(
                    "what",
                    {
                        "en": "Its number, or a site for all that waits from there",
                        "pt": "O número, ou um site para tudo o que veio de lá",
                    },
                    names="proposal",
                ),
            ),
            permission="teacher",
        )
    )
    registry.add(
        Command(
            name="reject",
            description={"en": "Keep me from learning what waits", "pt": "Recuse o que está à espera"},
            handler=reject,
            parameters=(
                Parameter(
                    "what",
                    {"en": "Its number, and why if you like", "pt": "O número e, se quiser, por quê"},
                    names="proposal",
                ),
            ),
            permission="teacher",
        )
    )
