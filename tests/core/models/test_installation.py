"""What is installed, and which failed imports the full installation would mend."""

from __future__ import annotations

import pytest

from core.models.installation import is_installed, needs_full


def test_what_is_installed_is_told_without_importing_it() -> None:
    assert is_installed("json", "numpy")
    assert not is_installed("json", "no_such_module_of_anybody")


@pytest.mark.parametrize(
    ("module", "expected"), [("torch", True), ("torch.nn", True), ("torchless", False), ("numpy", False), (None, False)]
)
def test_imports_that_the_full_installation_mends(module: str | None, expected: bool) -> None:
    assert needs_full(ModuleNotFoundError(name=module)) is expected
