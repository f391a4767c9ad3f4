"""The plugins of the guide ``docs/plugins.md`` that have a manifest work as they stand there."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.errors import BadInput
from core.extensions.screen_parts import ScreenChart, ScreenFigure, ScreenForm, ScreenTable, ScreenText
from core.extensions.testing import sent, shown, written

GUIDE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
PLUGINS = {
    name: code
    for code in re.findall(r"^```python\n(# /// aion\n.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    for name in re.findall(r'^# name = "(\w+)"', code, re.MULTILINE)
}


class Documents:
    """The documents of a space that was taught two."""

    async def documents(self) -> list[str]:
        return ["hours.md", "rules.md"]


class ChatServer(BaseHTTPRequestHandler):
    """A server that replies to a prompt with its last message, in capitals."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = {"choices": [{"message": {"content": asked["messages"][-1]["content"].upper()}}]}
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), ChatServer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_page_of_the_guide_shows_and_takes_its_form(tmp_path: Path) -> None:
    plugin, services = tmp_path / "stock.py", SimpleNamespace(documents=Documents())
    plugin.write_text(PLUGINS["stock"], encoding="utf-8")
    kinds = [type(part) for part in shown(plugin, "cellar", services=services)]
    assert kinds == [ScreenText, ScreenFigure, ScreenTable, ScreenChart, ScreenForm]
    parts = sent(plugin, "cellar", {"thing": "lamps", "n": "3"}, services=services)
    assert parts[1:4] == (
        ScreenFigure("Documents that were taught", 2),
        ScreenTable(("Thing", "How many"), (("lamps", 3),), "Stock"),
        ScreenChart("By thing", ("lamps",), {"how many": (3,)}),
    )
    with pytest.raises(BadInput, match="no number"):
        sent(plugin, "cellar", {"thing": "lamps", "n": "many"}, services=services)


def test_the_writer_of_the_guide_writes(tmp_path: Path, address: str) -> None:
    plugin, named = tmp_path / "oracle.py", "http://127.0.0.1:8080/v1/chat/completions"
    assert named in PLUGINS["oracle"]
    plugin.write_text(PLUGINS["oracle"].replace(named, address), encoding="utf-8")
    assert written(plugin, "sage", "When?") == "WHEN?"
