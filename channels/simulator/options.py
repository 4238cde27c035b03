"""The options of one simulator account, checked when the channel is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Persona(StrEnum):
    """What the citizen holds in their hand; texts are rendered for it."""

    WECHAT = "wechat"
    SMS = "sms"


ADDRESSES = {
    Persona.WECHAT: re.compile(r"[A-Za-z0-9_-]{6,64}"),
    Persona.SMS: re.compile(r"1[0-9]{10}"),
}


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """`folder`: writable; conversations and pictures lie in it. `title`: whom one writes to (the
    name of the WeChat account, or the service number)."""

    persona: Persona
    folder: Path
    title: str


TITLES = {Persona.WECHAT: "乡音", Persona.SMS: "10690001"}


def read_options(options: Mapping[str, Any]) -> SimulatorOptions:
    """Raises ValueError that names the option and says what it should be."""
    unknown = sorted(set(options) - set(SimulatorOptions.__dataclass_fields__))
    if unknown:
        raise ValueError(f"simulator: unknown option {unknown[0]!r}")
    try:
        persona = Persona(options.get("persona", ""))
    except ValueError as error:
        raise ValueError("simulator: option persona should be wechat or sms") from error
    folder = options.get("folder")
    if not folder or not isinstance(folder, str | Path):
        raise ValueError("simulator: option folder should be a writable folder")
    title = str(options.get("title", TITLES[persona])).strip()
    if not 1 <= len(title) <= 40:
        raise ValueError("simulator: option title should be 1 to 40 characters")
    return SimulatorOptions(persona, Path(folder), title)
