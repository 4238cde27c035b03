"""What this channel itself says to a citizen, from texts.yml."""

from __future__ import annotations

from pathlib import Path

import yaml

_TEXTS: dict[str, str] = yaml.safe_load(Path(__file__).with_name("texts.yml").read_text("utf-8"))

RECEIVED: str = _TEXTS["received"]
NOTICE: str = _TEXTS["notice"]
