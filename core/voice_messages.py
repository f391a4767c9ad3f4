"""Voice messages: what is said in one is transcribed by a provider, and asked; it is shown above the answer."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.errors import BadInput
from core.generation.providers.transcription import Recording, Transcriber
from core.markdown import Markdown
from core.ports import Outlet
from core.texts import say_markdown
from core.types import Attachment, Language, Message, Reply, SpaceId

MAX_SECONDS = 120
"""The longest recording that is transcribed: nobody speaks a question for longer."""

MAX_BYTES = 10_000_000
MAX_SHOWN_CHARS = 300
"""What is shown of a transcript, so that who spoke sees whether they were understood."""


@dataclass(frozen=True, slots=True)
class VoiceMessages:
    """Transcribes questions that are spoken. ``refuses_training_plans`` is that of ``core.privacy.discord_rules``."""

    transcriber: Transcriber
    refuses_training_plans: Callable[[SpaceId], bool]

    async def heard(self, message: Message) -> Message:
        """Return a spoken question with its transcript as its text; any other message as it is.

        Raises ``BadInput`` where nobody can transcribe it, it is too long or nothing is said; ``Unavailable`` where
        nobody can now.
        """
        recording = recording_of(message)
        if recording is None:
            return message
        if not self.transcriber:
            raise BadInput("wordless.voice")
        if (recording.seconds or 0) > MAX_SECONDS or recording.size_bytes > MAX_BYTES:
            raise BadInput("voice.too_long", limit_s=MAX_SECONDS)
        data = await recording.read()
        if len(data) > MAX_BYTES:
            raise BadInput("voice.too_long", limit_s=MAX_SECONDS)
        text = await self.transcriber.transcribe(
            Recording(recording.name, data), refuses_training_plans=self.refuses_training_plans(message.space)
        )
        if not text:
            raise BadInput("voice.nothing")
        return replace(message, text=text)


def recording_of(message: Message) -> Attachment | None:
    """Return the recording that a message consists of: one without a command and without words."""
    if message.command is not None or message.text.strip():
        return None
    return next((each for each in message.attachments if each.seconds is not None), None)


@dataclass(frozen=True, slots=True)
class TranscriptOutlet:
    """An outlet that shows a transcript above the answer (``core.ports.Outlet``)."""

    outlet: Outlet
    transcript: str
    language: Language

    async def progress(self, text: Markdown) -> None:
        """Show a passing status line below the transcript."""
        await self.outlet.progress(self._below(text))

    async def partial(self, text: Markdown) -> None:
        """Show the answer as written so far below the transcript."""
        await self.outlet.partial(self._below(text))

    async def send(self, reply: Reply) -> None:
        """Deliver the reply below the transcript."""
        await self.outlet.send(replace(reply, text=self._below(reply.text)))

    def _below(self, text: Markdown) -> Markdown:
        shown = textwrap.shorten(" ".join(self.transcript.split()), MAX_SHOWN_CHARS, placeholder="…")
        return Markdown("\n\n").join([say_markdown(self.language, "voice.heard", text=shown), text])
