"""``aion plugin``: a new plugin from the template, and the plugins in the data folder."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from bot.terminal.language import terminal_language
from bot.terminal.output import print_line, print_sentence
from core.errors import BadInput, Unavailable
from core.extensions.host import read_all
from core.extensions.manifest import NAME
from core.offload import offload
from core.settings import read_settings

FOLDER = "plugins"


async def new_plugin(name: str, folder: Path | None) -> None:
    """Write a plugin that works, and its test, from the template. Raises ``BadInput`` where a file is there already."""
    if not re.fullmatch(NAME, name):
        raise BadInput("plugin.bad_name", name=name)
    wanted = folder or read_settings().data_dir / FOLDER
    plugin, test = await offload(_write, name, wanted)
    print_sentence("plugin.written", plugin=plugin, test=test, name=name)


async def print_plugins() -> None:
    """Print every plugin of the data folder with what its manifest says, or why it cannot be read."""
    folder, language = read_settings().data_dir / FOLDER, terminal_language()
    sources, broken = await offload(read_all, folder)
    for name, source in sources.items():
        print_line(f"{name} {source.manifest.version}: {source.manifest.say(language)}")
    for name, problem in broken.items():
        print_line(f"{name}: {problem}")
    if not sources and not broken:
        print_sentence("plugin.none_in", folder=folder)


def _write(name: str, folder: Path) -> tuple[Path, Path]:
    template = files("bot") / "templates"
    plugin = folder / f"{name}.py"
    test = folder / "tests" / f"test_{name}.py"
    try:
        test.parent.mkdir(parents=True, exist_ok=True)
        for path, source in ((plugin, "plugin.py.txt"), (test, "test_plugin.py.txt")):
            with path.open("x", encoding="utf-8") as file:
                text = (template / source).read_text(encoding="utf-8")
                file.write(text.replace("NAME", name).replace("FOLDER", str(folder)))
    except FileExistsError as error:
        raise BadInput("plugin.exists", file=error.filename) from error
    except OSError as error:
        raise Unavailable("plugin.not_written", folder=folder, problem=error.strerror or error) from error
    return plugin, test
