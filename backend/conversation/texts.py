"""Words for citizens: keys and parameters become text, from one file (data/texts/replies.yml)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.conversation.parameters import for_sms
from backend.data_file import read_yaml

SMS = "sms"


class TextError(Exception):
    """The texts file is not as it should be, or a key or parameter is missing in it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing to say. `options` are shown numbered from 1. `asks`: it is a question, though it
    may have no options; the conversation keeps it as its prompt."""

    key: str
    params: Mapping[str, str | int | None] = field(default_factory=dict)
    options: Sequence[Mapping[str, str]] = ()
    asks: bool = False


class Texts:
    """`render` gives the words for a look ('wechat', 'sms'); unknown looks get the full text. By
    SMS parameters are cut to what two parts have room for."""

    def __init__(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        self._entries = entries

    @classmethod
    def load(cls, path: Path) -> Texts:
        """Raises TextError naming the entry that is wrong."""
        return cls(load_entries(path))

    def take(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        """Speak in these words from now on, whoever holds these texts."""
        self._entries = entries

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def keys(self) -> set[str]:
        return set(self._entries)

    def render(self, replies: Sequence[Reply], look: str) -> str:
        """All replies of a turn as one message. Raises TextError."""
        return "\n".join(filter(None, (self._one(reply, look) for reply in replies)))

    def _one(self, reply: Reply, look: str) -> str:
        entry = self._entries.get(reply.key)
        if entry is None:
            raise TextError(f"no text for {reply.key}")
        template = entry.get(look) or entry["text"]
        params: dict[str, Any] = {
            name: "" if value is None else value for name, value in reply.params.items()
        }
        if look == SMS:
            params = for_sms(reply.key, params)
        try:
            text = template.format(**params).strip()
        except (KeyError, IndexError, ValueError) as error:
            raise TextError(f"{reply.key}: parameter {error}") from error
        lines = [f"{number} {option['label']}" for number, option in enumerate(reply.options, 1)]
        return "\n".join([text, *lines])


def load_entries(path: Path) -> dict[str, dict[str, str]]:
    """`{key: {text, sms?}}`. Raises TextError naming the entry that is wrong."""
    loaded = read_yaml(path)
    if not isinstance(loaded, dict):
        raise TextError(f"{path.name}: expected keys with texts")
    for key, entry in loaded.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            raise TextError(f"{path.name}: {key}: expected `text: …`")
    return loaded
