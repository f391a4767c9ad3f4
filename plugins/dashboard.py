"""``/dashboard``: a one-time link to the community's dashboard, and the end of its sessions."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown

_OUT = "out"


async def dashboard(context: Context) -> None:
    """Send a link that signs the caller in, or end their sessions."""
    typed = context.message.arguments.get("what", "").strip().lower()
    if typed not in ("", _OUT):
        raise BadInput("dashboard.unknown_verb", given=typed)
    if typed == _OUT:
        await context.reply(context.say("dashboard.signed_out", n=await context.services.dashboard.sign_out()))
    else:
        link = Markdown(f"<{await context.services.dashboard.link()}>")
        await context.reply(context.say("dashboard.link", link=link))


def register(registry: Registry) -> None:
    """Add ``/dashboard``."""
    registry.add(
        Command(
            name="dashboard",
            description={"en": "A link that signs you in to the dashboard", "pt": "Um link para entrar no painel"},
            handler=dashboard,
            parameters=(
                Parameter(
                    "what",
                    {"en": "out: end your sessions everywhere", "pt": "out: encerrar todas as suas sessões"},
                    "word",
                    required=False,
                    choices=(_OUT,),
                ),
            ),
            permission="moderator",
            private=True,
        )
    )
