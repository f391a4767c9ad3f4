"""Errors, as one tree with two branches.

AionError
├── UserError            safe to show: a key of the text catalogue and its values
│   ├── BadInput         what was sent cannot be worked with (empty, too long, unreadable, blocked address)
│   ├── PermissionRefused the person may not do this
│   ├── Unavailable      it cannot be done now (busy, another process, newer data folder, embedder changed)
│   │   └── DatabaseUnreachable the database's server does not answer; what was accepted waits for it
│   └── PrivateChatClosed a private reply has no place: its person's private chat was never opened
└── InternalError        never shown: the person gets a reference id, the log gets the detail
    ├── GenerationFailed a generator gave no usable text
    ├── DeliveryPostponed the platform takes the reply later
    ├── Superseded       another process does by now what only one may do
    ├── PluginFailed     a third party's plugin raised, blocked, or did what it may not
    └── StorageCorrupt   the database does not hold what it must

One boundary (``core.dispatch`` for chat, ``bot.cli`` for the command line) turns them into a sentence.
"""

from __future__ import annotations


class AionError(Exception):
    """Anything AION raises on purpose."""


class UserError(AionError):
    """An error a person may read: ``key`` names a sentence in ``core/locales``, ``values`` fill its gaps."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        """Name the sentence and its values, for the log."""
        return f"{self.key} {self.values}" if self.values else self.key


class BadInput(UserError):
    """What was sent cannot be worked with."""


class PermissionRefused(UserError):
    """The person may not do this."""


class Unavailable(UserError):
    """It cannot be done now; the sentence says what to do about it."""


class DatabaseUnreachable(Unavailable):
    """The database's server does not answer: what it was needed for can be done once it does."""


class PrivateChatClosed(UserError):
    """A private reply cannot be shown here, nor in the person's private chat, which is not open to AION.

    The sentence tells, without what is private, how to open it. ``space`` is that chat's; empty: there is none.
    """

    def __init__(self, space: str, key: str, **values: object) -> None:
        super().__init__(key, **values)
        self.space = space


class InternalError(AionError):
    """A fault whose detail belongs in the log alone."""


class GenerationFailed(InternalError):
    """A generator gave no usable text: it was silent, broke off, or refused."""


class DeliveryPostponed(InternalError):
    """A platform will not show a reply before ``retry_after_s`` seconds from now; what was shown of it is noted."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Superseded(InternalError):
    """Another process has acquired the lease that this one worked under; nothing was written."""


class PluginFailed(InternalError):
    """A third party's plugin raised an error, took too long, or did what its manifest does not name."""


class StorageCorrupt(InternalError):
    """The database does not hold what it must."""
