"""``aion init``: asks for language, tokens, models and keys, validates each, and writes ``.env`` once at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import httpx
from rich.console import Console

from bot.operator.doctor.diagnosis import Diagnosis
from bot.operator.doctor.discord import DiscordCheckup
from bot.operator.doctor.models import model_of
from bot.operator.doctor.telegram import TelegramCheckup
from bot.operator.init.env_file import write_env
from bot.operator.init.keys import check_keys
from bot.operator.init.privacy_text import PRIVACY, privacy_text, write_privacy_text
from bot.operator.init.questions_again import OpenAion, asked_again, latest_answers, open_core
from bot.operator.init.respondent import EnvironmentRespondent, Respondent, TerminalRespondent
from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole
from core.control_characters import without_controls
from core.dotenv_file import DOTENV as ENV
from core.dotenv_file import read_dotenv
from core.errors import BadInput, Unavailable, UserError
from core.generation.local.factory import can_run
from core.generation.providers.catalogue import read_providers
from core.models.catalog import DEFAULT_EMBEDDER, DEFAULT_LANGUAGE_MODEL
from core.models.hub import is_hub_reachable
from core.offload import offload
from core.settings import Settings, read_settings
from core.texts import language_of_locale, say
from core.types import LANGUAGES

_REFUSED = ("doctor.discord_refused", "doctor.telegram_refused", "init.key_refused", "init.language", "init.model_away")

Check = Callable[[str], Awaitable[None]]
"""Validates an answer. Raises a ``UserError``: with a key in ``_REFUSED`` it is wrong, else it could not be checked."""


async def ask_person() -> None:
    """Ask at the terminal. Raises ``BadInput`` at the end of the input; then nothing is written."""
    await _run(TerminalRespondent())


async def take_environment() -> None:
    """Write the settings found in the environment. Raises a ``UserError`` when one is refused."""
    await _run(EnvironmentRespondent())


async def _run(respondent: Respondent) -> None:
    settings = read_settings()
    async with httpx.AsyncClient(trust_env=True) as client:
        console = TerminalConsole(soft_wrap=True)
        await FirstRun(respondent, client, settings, console, open_core).run()


class FirstRun:
    """One run through the questions; answers are kept until all are given."""

    def __init__(
        self,
        respondent: Respondent,
        client: httpx.AsyncClient,
        settings: Settings,
        console: Console,
        open_aion: OpenAion,
    ) -> None:
        self._respondent = respondent
        self._client = client
        self._settings = settings
        self._console = console
        self._open_aion = open_aion
        self._language = terminal_language()
        self._file = ENV.resolve()
        self._replaces = ENV.exists()
        self._present = {name: value for name, value in read_dotenv(ENV).items() if value}
        self._answers: dict[str, str] = {}
        self._invitations: list[str] = []
        self._writers = {"AION_LOCAL_MODEL"}

    async def run(self) -> None:
        """Ask every question, write the answers at once, and print the next steps. Raises a ``UserError``."""
        self._say("init.welcome")
        await self._ask("AION_LANGUAGE", "init.ask_language", self._check_language)
        self._say("init.discord")
        await self._ask("DISCORD_TOKEN", "init.ask_token", self._check_discord, secret=True)
        self._say("init.telegram")
        await self._ask("TELEGRAM_TOKEN", "init.ask_token", self._check_telegram, secret=True)
        if can_run(DEFAULT_LANGUAGE_MODEL):
            await self._ask_models()
        self._say("init.providers")
        for provider in await offload(read_providers, self._settings.providers_file):
            if not provider.paid:
                check = partial(check_keys, self._client, provider)
                await self._ask(provider.key_env, "init.ask_key", check, secret=True)
                self._writers.add(provider.key_env)
        await self._write()
        await self._write_privacy_text()
        await self._ask_again()
        for line in self._invitations:
            self._console.print(line)
        self._say("init.next")

    async def _ask_models(self) -> None:
        self._say("init.models")
        await self._ask("AION_EMBEDDER", "init.ask_embedder", self._check_model, default=DEFAULT_EMBEDDER)
        await self._ask("AION_LOCAL_MODEL", "init.ask_local_model", self._check_model, default=DEFAULT_LANGUAGE_MODEL)

    async def _ask(self, setting: str, question: str, check: Check, *, secret: bool = False, default: str = "") -> None:
        """Ask for a setting until an answer is not refused; an empty answer leaves it unchanged."""
        present = self._present.get(setting, default)
        shown = say(self._language, "init.present") if secret and present else present
        words = say(self._language, question, setting=setting) + (f" [{shown}]:" if shown else ":")
        while answer := await self._respondent.ask(setting, words, secret=secret):
            try:
                await check(answer)
            except UserError as error:
                is_refused = error.key in _REFUSED
                if is_refused and not self._respondent.repeats:
                    raise
                self._explain(error)
                if is_refused:
                    continue
                self._say("init.unchecked")
            self._answers[setting] = answer
            return

    async def _check_language(self, answer: str) -> None:
        if answer not in LANGUAGES:
            raise BadInput("init.language", known=", ".join(LANGUAGES))
        self._language = language_of_locale(answer, self._language)

    async def _check_discord(self, token: str) -> None:
        checkup = DiscordCheckup(self._client, token, self._settings.discord_api_base, None)
        account = await checkup.account()
        self._say("init.knows", platform="Discord", name=account.name)
        if not account.reads_messages:
            self._show(Diagnosis("warning", "content_intent_off"))
        self._invitations.append(say(self._language, "init.invite_discord", link=account.invite_link))

    async def _check_telegram(self, token: str) -> None:
        account = await TelegramCheckup(self._client, token, self._settings.telegram_api_base).account()
        self._say("init.knows", platform="Telegram", name=f"@{account.username}")
        links = {"link": account.link, "group_link": account.group_link}
        self._invitations.append(say(self._language, "init.invite_telegram", **links))

    async def _check_model(self, name: str) -> None:
        if (await offload(model_of, name)).is_here:
            return
        if not await offload(is_hub_reachable):
            raise Unavailable("init.model_away", name=name)
        self._say("init.model_downloads", name=name)

    async def _write(self) -> None:
        new = {name: value for name, value in self._answers.items() if self._present.get(name) != value}
        if not new:
            self._say("init.nothing_new")
            return
        if self._replaces and self._respondent.repeats:
            answer = await self._respondent.ask("", say(self._language, "init.confirm", names=", ".join(new)))
            if answer.lower()[:1] == "n":
                raise BadInput("init.broken_off")
        try:
            backup = await offload(write_env, self._file, new, datetime.now().astimezone())
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable("init.not_written", file=self._file, problem=error) from None
        self._say("init.written", file=self._file, names=", ".join(new))
        if backup is not None:
            self._say("init.backup", file=backup.name)

    async def _ask_again(self) -> None:
        """Ask the community's latest questions again where somebody new may write, if the person agrees."""
        is_new = any(self._present.get(name) != self._answers[name] for name in self._writers & set(self._answers))
        if not is_new or not self._respondent.repeats:
            return
        settings = await offload(read_settings)
        given = await latest_answers(settings)
        if not given:
            return
        answer = await self._respondent.ask("", say(self._language, "init.ask_again", n=len(given)))
        if answer.lower()[:1] == "n":
            return
        async for before, now in asked_again(given, settings, self._open_aion):
            self._say("init.asked_again", question=before.question, before=before.text, now=now)

    async def _write_privacy_text(self) -> None:
        """Write the privacy text beside ``.env``, once; what the operator made of it stays."""
        present = {**self._present, **self._answers}
        providers = await offload(read_providers, self._settings.providers_file)
        names = [provider.name for provider in providers if present.get(provider.key_env)]
        path = self._file.with_name(PRIVACY.name)
        try:
            text = privacy_text(self._settings, names, self._language)
            if await offload(write_privacy_text, path, text):
                self._say("init.privacy", file=path)
        except OSError as error:
            raise Unavailable("init.not_written", file=path, problem=error) from None

    def _say(self, key: str, **values: object) -> None:
        self._console.print(without_controls(say(self._language, key, **values)), markup=False, highlight=False)

    def _explain(self, error: UserError) -> None:
        self._show(Diagnosis.of(error, "warning"))

    def _show(self, finding: Diagnosis) -> None:
        self._console.print(f"! {finding.sentence(self._language)}", style="yellow")
        if fix := finding.fix(self._language):
            self._console.print(f"  → {fix}")
