"""The operator's settings: one module for each subject, and all of them as ``Settings``."""

from core.settings.settings import Settings, read_settings

__all__ = ["Settings", "read_settings"]
