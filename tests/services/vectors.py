"""Shared protocol vectors, read in place: they are not ours to copy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def shared_folder() -> Path:
    """`XIANGYIN_SHARED`, else `shared` beside the repository; it may not exist."""
    return Path(os.environ.get("XIANGYIN_SHARED") or REPOSITORY.parent / "shared")


def read_vectors(name: str) -> Any | None:
    """The JSON of `vectors/<name>.json`; None where it is missing."""
    path = shared_folder() / "vectors" / f"{name.removesuffix('.json')}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
