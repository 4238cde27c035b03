"""Debian's Chromium, headless."""

from __future__ import annotations

import shutil
from pathlib import Path

# No call home, no GPU, no QUIC; --no-sandbox because containers give no user namespaces.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip


def find_chromium() -> Path | None:
    """Chromium's program, or None."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return Path(found) if found else None
