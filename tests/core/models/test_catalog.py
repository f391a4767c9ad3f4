"""What is known of models, and how the default ones are reached."""

import os
from pathlib import Path

import pytest

from core.errors import Unavailable
from core.models.catalog import (
    DEFAULT_EMBEDDER,
    DEFAULT_LANGUAGE_MODEL,
    e5_folder,
    embedder_prompts,
    language_model,
    language_model_source,
    package_version,
)
from core.settings import Settings


def test_the_settings_name_the_defaults() -> None:
    assert Settings.model_fields["embedder"].default == DEFAULT_EMBEDDER
    assert Settings.model_fields["local_model"].default == DEFAULT_LANGUAGE_MODEL


def test_a_small_model_is_not_trusted_with_portuguese() -> None:
    assert language_model(DEFAULT_LANGUAGE_MODEL).languages == {"en"}
    assert language_model("some/model").languages == {"en", "pt"}
    assert language_model("some/model").id == "some/model"


def test_a_small_gguf_file_is_taken_for_a_small_model(tmp_path: Path) -> None:
    small, large = tmp_path / "small.gguf", tmp_path / "large.gguf"
    small.touch()
    large.touch()
    os.truncate(large, 1_117_320_768)  # of holes: it takes no space
    assert [language_model(str(path)).style for path in (small, large, tmp_path / "none.gguf")] == [
        "brief",
        "full",
        "full",
    ]


def test_another_model_is_left_to_transformers(tmp_path: Path) -> None:
    told: list[str] = []
    assert language_model_source("some/model", tmp_path, told.append) == "some/model"
    assert not told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("embedder", "has_prompts"),
    [
        ("intfloat/multilingual-e5-large", True),
        ("intfloat/e5-small-v2", True),
        ("intfloat/multilingual-e5-large-instruct", False),
        ("somebody/e5-small", False),
        ("sentence-transformers/all-MiniLM-L6-v2", False),
        ("/models/e5", False),
    ],
)
def test_e5_is_known_to_want_prefixes(embedder: str, has_prompts: bool) -> None:
    assert bool(embedder_prompts(embedder)) == has_prompts


def test_a_missing_package_is_named() -> None:
    with pytest.raises(Unavailable) as raised:
        package_version("no-such-package-of-models")
    assert raised.value.values == {"package": "no-such-package-of-models"}


@pytest.mark.parametrize(
    "convert", [e5_folder, lambda folder, tell: language_model_source(DEFAULT_LANGUAGE_MODEL, folder, tell)]
)
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, convert: object) -> None:
    models_dir = tmp_path / "models"
    models_dir.write_text("a file")
    with pytest.raises(Unavailable) as raised:
        convert(models_dir, lambda key: None)  # type: ignore[operator]
    assert raised.value.key == "models.not_written"
    assert str(models_dir) in str(raised.value.values["folder"])
    assert raised.value.values["problem"]
