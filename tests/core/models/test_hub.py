"""Models from elsewhere: the local cache first, the network only when it answers, and one sentence when all fails."""

import gc
import logging
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from core.errors import Unavailable
from core.models.heavy_imports import loading_heavy
from core.models.hub import cached_or_downloaded, is_hub_reachable, loading_model


class _Answering(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield constants.ENDPOINT
        server.shutdown()
        thread.join()


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")


class Library:
    """Loads a model from the cache once it was downloaded."""

    def __init__(self, *, is_cached: bool) -> None:
        self.is_cached = is_cached
        self.story: list[str] = []

    def load(self, is_local: bool) -> str:
        self.story.append("local" if is_local else "network")
        if is_local and not self.is_cached:
            raise OSError("not in the cache")
        return "model"

    def fetch(self, name: str) -> str:
        return cached_or_downloaded(name, self.load, lambda: self.story.append("download"))


def test_a_cached_model_needs_no_network(no_hub: None) -> None:
    library = Library(is_cached=True)
    assert library.fetch("some/model") == "model"
    assert library.story == ["local"]


def test_another_is_downloaded(hub: str) -> None:
    library = Library(is_cached=False)
    assert library.fetch("some/model") == "model"
    assert library.story == ["local", "download", "network"]


def test_without_a_hub_nothing_is_tried(no_hub: None) -> None:
    library = Library(is_cached=False)
    with pytest.raises(OSError, match="not in the cache"):
        library.fetch("some/model")
    assert library.story == ["local"]


def test_a_folder_is_never_asked_for_at_the_hub(hub: str, tmp_path: Path) -> None:
    library = Library(is_cached=False)
    with pytest.raises(OSError, match="not in the cache"):
        library.fetch(str(tmp_path))
    assert library.story == ["local"]


def test_whether_the_hub_answers(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_hub_reachable()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not is_hub_reachable()


def test_whether_no_hub_answers(no_hub: None) -> None:
    assert not is_hub_reachable()


@pytest.mark.parametrize(
    "error", [OSError("gone"), ValueError("odd"), KeyError("arch"), ImportError("x"), RuntimeError("y")]
)
def test_what_keeps_a_model_from_loading_becomes_a_sentence(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(Unavailable) as raised,
        loading_model("some/model", "AION_EMBEDDER"),
    ):
        raise error
    assert raised.value.key == "models.not_loaded"
    assert raised.value.values == {"name": "some/model", "setting": "AION_EMBEDDER"}
    assert caplog.records[0].exc_info[1] is error


def test_a_model_that_needs_the_full_installation_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unavailable) as raised, loading_model("some/model", "AION_EMBEDDER"):
        raise ModuleNotFoundError("No module named 'sentence_transformers'", name="sentence_transformers")
    assert (raised.value.key, raised.value.values) == ("models.needs_full", {"what": "some/model"})
    assert not caplog.records


def test_a_fault_of_ours_stays_one() -> None:
    with pytest.raises(AssertionError), loading_model("some/model", "AION_EMBEDDER"):
        raise AssertionError("ours")


def test_loading_leaves_the_collector_as_it_was_with_nothing_to_walk_through() -> None:
    frozen = gc.get_freeze_count()
    try:
        with loading_heavy():
            assert not gc.isenabled()
            kept = [[i] for i in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= frozen + len(kept)
    finally:
        gc.unfreeze()


def test_the_operator_has_the_last_word_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    with loading_heavy():
        assert os.environ["GOMP_SPINCOUNT"] == "1000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "300000")
    with loading_heavy():
        assert os.environ["GOMP_SPINCOUNT"] == "300000"
