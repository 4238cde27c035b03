"""Debian's Chromium, headless."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

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


@asynccontextmanager
async def launched(chromium: Path) -> AsyncIterator[Any]:
    """A running Chromium (playwright.async_api.Browser) of this loop; closed on leaving."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
