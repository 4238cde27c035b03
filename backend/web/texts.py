"""The words of the officials, read once from data/texts/console.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from backend.data_file import read_yaml


class OfficialTexts:
    """`texts.states.received` in templates; `texts.word('states', 'received')` in code."""

    def __init__(self, file: Path) -> None:
        self._groups: dict[str, Any] = read_yaml(file)

    def __getattr__(self, group: str) -> Any:
        try:
            return self._groups[group]
        except KeyError:
            raise AttributeError(group) from None

    def word(self, group: str, code: object) -> str:
        """The word for a code; the code itself where an older row holds one no longer listed."""
        return str(self._groups[group].get(code, code))

    def error(self, status: int) -> tuple[str, str]:
        """Title and body of an error page; the general ones for an unlisted status."""
        errors = self._groups["errors"]
        general = 400 if status < 500 else 500
        return (
            errors["title"].get(status, errors["title"][general]),
            errors["body"].get(status, errors["body"][general]),
        )


TEXTS = web.AppKey("xiangyin_official_texts", OfficialTexts)
