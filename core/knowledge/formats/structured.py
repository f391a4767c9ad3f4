"""Reading JSON, YAML and TOML: keys as headings, values as list items, lists of like objects as records."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml
from yaml import CSafeLoader

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line

_MAX_HEADINGS = 3
_MAX_DEPTH = 60
_MAX_RECORD_CHARS = 400


def read(text: str, name: str) -> ReadText:
    """Return the values of a file beside their keys.

    Raises ``BadInput`` when it is not well-formed, too deep, or a chat's export, which ``core.importing`` reads.
    """
    suffix = PurePosixPath(name).suffix.lower()
    try:
        documents = _LOADERS.get(suffix, _yaml)(text)
    except (ValueError, yaml.YAMLError, RecursionError):
        raise BadInput("knowledge.damaged", name=name) from None
    if any(map(_is_chat_export, documents)):
        raise BadInput("knowledge.chat_export", name=name)
    out = DocumentText(name)
    writer = _ValueWriter(out, name)
    for document in documents:
        writer.write(document, (), 0)
    title = documents[0].get("title") if documents and isinstance(documents[0], Mapping) else None
    return ReadText(title if isinstance(title, str) and title.strip() else None, out.text())


def _is_chat_export(document: Any) -> bool:
    """Return whether a document is what DiscordChatExporter or Telegram Desktop write."""
    if not isinstance(document, Mapping):
        return False
    messages, chats = document.get("messages"), document.get("chats")
    is_chat = isinstance(messages, list) and ("guild" in document or {"type", "id"} <= document.keys())
    return is_chat or (isinstance(chats, Mapping) and isinstance(chats.get("list"), list))


def _yaml(text: str) -> list[Any]:
    return list(yaml.load_all(text, _PlainLoader))


class _PlainLoader(CSafeLoader):  # type: ignore[misc]  # PyYAML ships no types
    """Loads every scalar as the text it is, so that ``no`` stays a word and ``1.10`` a version; tags are ignored."""


def _untagged(loader: Any, _: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.add_multi_constructor("", _untagged)
_PlainLoader.add_multi_constructor("!", _untagged)

_LOADERS: Mapping[str, Callable[[str], list[Any]]] = {
    ".json": lambda text: [json.loads(text, parse_int=str, parse_float=str)],
    ".jsonl": lambda text: [
        json.loads(line, parse_int=str, parse_float=str) for line in text.split("\n") if line.strip()
    ],
    ".toml": lambda text: [tomllib.loads(text, parse_float=str)],
}


class _ValueWriter:
    def __init__(self, out: DocumentText, name: str) -> None:
        self._out = out
        self._name = name

    def write(self, value: Any, path: tuple[str, ...], depth: int) -> None:
        """Write a value under the headings of its ``path``, or nested ``depth`` lists deep."""
        if len(path) + depth > _MAX_DEPTH:
            raise BadInput("knowledge.too_much_text", name=self._name)
        match value:
            case dict():
                self._object(value, path, depth)
            case list() | tuple():
                self._list(value, path, depth)
            case _:
                self._out.paragraph(_scalar(value))

    def _object(self, value: Mapping[Any, Any], path: tuple[str, ...], depth: int) -> None:
        nested = {key: each for key, each in value.items() if isinstance(each, dict | list) and each}
        for key, each in value.items():
            if key in nested:
                continue
            said = _scalar(each)
            self._out.item(f"{_scalar(key)}: {said}" if said else _scalar(key), depth)
        for key, each in nested.items():
            self._named(_scalar(key), each, path, depth)

    def _named(self, key: str, value: Any, path: tuple[str, ...], depth: int) -> None:
        if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
            self._out.item(f"{key}: {', '.join(map(_scalar, value))}", depth)
        elif depth == 0 and len(path) < _MAX_HEADINGS:
            self._out.heading(len(path) + 2, key)
            self.write(value, (*path, key), 0)
        else:
            self._out.item(f"{key}:", depth)
            self.write(value, path, depth + 1)

    def _list(self, values: Sequence[Any], path: tuple[str, ...], depth: int) -> None:
        if len(values) > 1 and all(isinstance(each, dict) and _is_flat(each) for each in values):
            records = ["; ".join(f"{_scalar(key)}: {_flat(inner)}" for key, inner in each.items()) for each in values]
            if max(map(len, records)) <= _MAX_RECORD_CHARS:
                for record in records:
                    self._out.item(record, depth)
                return
        for each in values:
            if isinstance(each, dict) and (name := _name_of(each)) and depth == 0 and len(path) < _MAX_HEADINGS:
                self._out.heading(len(path) + 2, name)
                self.write(each, (*path, name), 0)
            elif isinstance(each, dict | list):
                is_nested = isinstance(each, list) or depth > 0 or len(path) >= _MAX_HEADINGS
                self.write(each, path, depth + is_nested)
            else:
                self._out.item(_scalar(each), depth)


def _name_of(value: Mapping[Any, Any]) -> str:
    """Return what an object in a list is called."""
    named = (value.get(key) for key in ("name", "title", "question", "id", "key", "nome", "titulo", "pergunta"))
    return next((one_line(each) for each in named if isinstance(each, str) and each.strip()), "")


def _is_flat(value: Mapping[Any, Any]) -> bool:
    return not any(
        isinstance(each, dict) or (isinstance(each, list) and any(isinstance(inner, dict | list) for inner in each))
        for each in value.values()
    )


def _flat(value: Any) -> str:
    return ", ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
