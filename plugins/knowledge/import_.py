"""``/import``: proposing what the exported history of a chat teaches."""

from __future__ import annotations

from collections.abc import Iterator

from core.commands import Command, Context, Parameter, Registry
from core.errors import UserError
from core.markdown import Markdown
from core.services import ImportReport
from core.types import Button
from plugins.knowledge.index import AUDIENCE, audience_lines
from plugins.knowledge.learn import Speaker

_PREVIEWS = ("preview", "prévia", "previa")


async def import_history(context: Context) -> None:
    """Propose what every attached export teaches, or with ``preview`` only tell it."""
    is_preview = context.message.arguments.get("mode", "").strip().lower() in _PREVIEWS
    lines: list[Markdown] = []
    buttons: list[Button] = []
    for attachment in context.message.attachments:
        await context.progress(context.say("importing.reading_attached", name=attachment.name))
        imports = context.services.imports
        try:
            report = await (imports.preview if is_preview else imports.propose)(attachment)
        except UserError as error:
            lines.append(context.explain(error))
            continue
        lines += report_lines(context, report, is_preview=is_preview)
        if (n_new := report.outcomes.get("new", 0)) and not is_preview:
            buttons.append(Button(context.label("importing.approve_all", n=n_new), "approve", report.site))
    await context.reply(Markdown("\n").join([*lines, *audience_lines(context)]), *buttons)


def report_lines(speaker: Speaker, report: ImportReport, *, is_preview: bool) -> Iterator[Markdown]:
    """Yield the lines that tell what an export holds, and what became, or would become, of it."""
    if report.first is None or report.last is None:
        yield speaker.say("importing.no_messages", name=report.name, format=report.format)
    else:
        days = {"first": f"{report.first:%Y-%m-%d}", "last": f"{report.last:%Y-%m-%d}"}
        counts = {"n_messages": report.n_messages, "n_people": report.n_people}
        yield speaker.say("importing.head", name=report.name, format=report.format, **counts, **days)
    if report.is_cut:
        yield speaker.say("importing.cut")
    yield from _outcomes(speaker, report, is_preview=is_preview)
    for sample in report.samples:
        yield speaker.say(f"importing.{sample.kind}", title=sample.title, excerpt=sample.excerpt)


def _outcomes(speaker: Speaker, report: ImportReport, *, is_preview: bool) -> Iterator[Markdown]:
    if not report.outcomes:
        yield speaker.say("importing.nothing")
        return
    n = report.outcomes.get
    kinds = ("solved", "announcement", "pinned", "howto")
    yield speaker.say("importing.found", **{f"n_{kind}": report.kinds.get(kind, 0) for kind in kinds})
    yield speaker.say(
        "importing.would" if is_preview else "importing.did",
        n_new=n("new", 0),
        n_held=n("held", 0),
        n_known=n("known", 0) + n("waiting", 0),
        n_undecided=report.n_undecided,
    )
    if n("personal", 0) or n("declined", 0) or n("full", 0):
        left_out = {"n_personal": n("personal", 0), "n_declined": n("declined", 0), "n_full": n("full", 0)}
        yield speaker.say("importing.left_out", **left_out)


def register(registry: Registry) -> None:
    """Add ``/import``."""
    registry.add(
        Command(
            name="import",
            description={
                "en": "Teach me from a chat's exported history",
                "pt": "Ensine-me com o histórico exportado de uma conversa",
            },
            handler=import_history,
            parameters=(
                Parameter(
                    "file",
                    {
                        "en": "Export from Discord, Telegram, Slack, WhatsApp or a mailing list",
                        "pt": "Exportação do Discord, Telegram, Slack, WhatsApp ou lista de e-mail",
                    },
                    kind="attachment",
                ),
                Parameter(
                    "mode",
                    {"en": "preview: only show what you would propose", "pt": "preview: só mostre o que proporia"},
                    required=False,
                ),
                AUDIENCE,
            ),
            permission="moderator",
        )
    )
